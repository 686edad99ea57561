// SPDX-License-Identifier: MIT
// Peer discovery of the real OpenDHT C++ library (2.4.12) for the tests, without a node. Compiled
// and started by cpp-discovery.ts. Lines on stdin: `publish NAME HEX` with a packed MessagePack
// item, `discover NAME`, `changed`. Lines on stdout: `found NAME HEX ADDRESS`. The end of stdin ends
// the process.

#include <opendht/peer_discovery.h>

#include <cstdio>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>

static std::mutex outputMutex;

static std::string toHex(const char* data, size_t size) {
    std::string text;
    char digits[3];
    for (size_t i = 0; i < size; i++) {
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(data[i]));
        text += digits;
    }
    return text;
}

static msgpack::sbuffer fromHex(const std::string& text) {
    msgpack::sbuffer buffer;
    for (size_t i = 0; i + 1 < text.size(); i += 2) {
        const char byte = static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
        buffer.write(&byte, 1);
    }
    return buffer;
}

static void report(const std::string& name, const msgpack::object& object, dht::SockAddr& address) {
    msgpack::sbuffer packed;
    msgpack::pack(packed, object);
    std::lock_guard<std::mutex> lock(outputMutex);
    std::cout << "found " << name << ' ' << toHex(packed.data(), packed.size()) << ' '
              << address.toString() << std::endl;
}

int main() {
    dht::PeerDiscovery discovery;
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        std::string command, name, payload;
        words >> command >> name >> payload;
        if (command == "publish") {
            discovery.startPublish(name, fromHex(payload));
        } else if (command == "discover") {
            discovery.startDiscovery(name, [name](msgpack::object&& object, dht::SockAddr&& from) {
                report(name, object, from);
            });
        } else if (command == "changed") {
            discovery.connectivityChanged();
        }
    }
    discovery.stop();
    return 0;
}
