// SPDX-License-Identifier: MIT
// Hosts C++ nodes (libopendht 2.4.12) that use indexes. Compiled and started by cpp-pht.ts.
//
// The protocol is that of cpp_secure.cpp, for the operations at the end of this file.

#include "cpp_secure_text.hpp"

#include <opendht/dhtrunner.h>
#include <opendht/indexation/pht.h>

#include <cstdlib>
#include <map>

using dht::indexation::Pht;

struct Node {
    std::shared_ptr<dht::DhtRunner> runner;
    std::map<std::string, std::unique_ptr<Pht>> indexes;
};
static std::map<int, Node> nodes;

static Node& nodeOf(const Object& request) {
    return nodes.at(request["node"].asInt());
}

static dht::SockAddr addressOf(const std::string& host, unsigned port) {
    dht::SockAddr address;
    address.setFamily(host.find(':') == std::string::npos ? AF_INET : AF_INET6);
    address.setAddress(host.c_str());
    address.setPort(port);
    return address;
}

/** The index `name`, made when a node first needs it. */
static Pht& indexOf(const Object& request) {
    Node& node = nodeOf(request);
    const std::string name = request["name"].asString();
    auto& index = node.indexes[name];
    if (index) return *index;
    Pht::KeySpec spec;
    const Object& lengths = request["spec"];
    for (const auto& field : lengths.getMemberNames()) spec[field] = lengths[field].asUInt();
    index = std::make_unique<Pht>(name, spec, node.runner);
    return *index;
}

static Pht::Key indexKeyOf(const Object& request) {
    Pht::Key key;
    const Object& values = request["key"];
    for (const auto& name : values.getMemberNames()) key[name] = fromBase64(values[name].asString());
    return key;
}

static Answer run(const Object& request) {
    dht::DhtRunner::Config config;
    config.dht_config.node_config.network = request.get("network", 0).asUInt();
    config.dht_config.node_config.max_req_per_sec = -1;
    config.dht_config.node_config.max_peer_req_per_sec = -1;
    const unsigned port = request.get("port", 0).asUInt();
    const std::string ipv4 = request["ipv4"].asString(), ipv6 = request["ipv6"].asString();
    if (!ipv4.empty()) config.bind4 = addressOf(ipv4, port);
    if (!ipv6.empty()) config.bind6 = addressOf(ipv6, port);
    auto runner = std::make_shared<dht::DhtRunner>();
    runner->run(config, {});
    Object result;
    result["node"] = request["id"];
    result["node_id"] = runner->getNodeId().toString();
    result["key_id"] = Object();
    result["port4"] = ipv4.empty() ? 0 : runner->getBoundPort(AF_INET);
    result["port6"] = ipv6.empty() ? 0 : runner->getBoundPort(AF_INET6);
    nodes[request["id"].asInt()].runner = std::move(runner);
    return result;
}

/** Answers with `ok` when an operation is done. */
static dht::DoneCallbackSimple answerTo(const Object& request) {
    return [id = request["id"]](bool ok) {
        Object reply;
        reply["ok"] = ok;
        answer(id, reply);
    };
}

static Answer ping(const Object& request) {
    const auto address = addressOf(request["host"].asString(), request["port"].asUInt());
    nodeOf(request).runner->bootstrap(address, answerTo(request));
    return {};
}

static Answer join(const Object& request) {
    nodeOf(request).runner->join();
    nodes.erase(request["node"].asInt());
    return Object(Json::objectValue);
}

static Answer insert(const Object& request) {
    const InfoHash hash(request["hash"].asString());
    const auto id = std::stoull(request["value_id"].asString());
    indexOf(request).insert(indexKeyOf(request), {hash, id}, answerTo(request));
    return {};
}

static Answer lookup(const Object& request) {
    auto found = std::make_shared<Object>(Json::arrayValue);
    const Pht::LookupCallbackSimple onValues = [found](auto& values) {
        for (const auto& value : values) {
            Object entry;
            entry["hash"] = value->first.toString();
            entry["value_id"] = std::to_string(value->second);
            found->append(entry);
        }
    };
    const dht::DoneCallbackSimple onDone = [id = request["id"], found](bool ok) {
        Object reply;
        reply["ok"] = ok;
        reply["values"] = *found;
        answer(id, reply);
    };
    const bool isExact = request["exact"].asBool();
    indexOf(request).lookup(indexKeyOf(request), onValues, onDone, isExact);
    return {};
}

static Answer hello(const Object&) {
    return Object(Json::objectValue);
}

static const std::map<std::string, Answer (*)(const Object&)> operations {
    {"hello", hello},   {"run", run},       {"ping", ping},
    {"join", join},     {"insert", insert}, {"lookup", lookup},
};

static Answer handle(const Object& request) {
    try {
        return operations.at(request["op"].asString())(request);
    } catch (const std::exception& error) {
        Object reply;
        reply["error"] = std::string("exception: ") + error.what();
        return reply;
    }
}

int main() {
    const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
    for (std::string line; std::getline(std::cin, line);) {
        Object request;
        reader->parse(line.data(), line.data() + line.size(), &request, nullptr);
        if (const Answer reply = handle(request)) answer(request["id"], *reply);
    }
    std::_Exit(0);  // without saying good-bye
}
