// SPDX-License-Identifier: MIT
// Hosts the real OpenDHT C++ library (2.4.12) for the tests: nodes that have identities, and its
// keys, certificates and values without any network. Compiled and started by cpp-secure.ts.
//
// The protocol is that of cpp_node.py: one JSON object per line, requests on stdin and answers on
// stdout, with the same operations on nodes and further ones. Bytes are base64; ids, keys and
// serial numbers hex; value ids decimal strings; times seconds. A failed request is answered with
// {"id": n, "error": "<kind>: <text>"}. The end of stdin ends the process.

#include "cpp_secure_offline.hpp"
#include "cpp_secure_text.hpp"

#include <opendht/dhtrunner.h>

#include <cstdlib>
#include <future>
#include <map>
#include <random>

// ---- Operations on nodes ----

static std::map<int, std::unique_ptr<dht::DhtRunner>> nodes;

struct Listening {
    InfoHash key;
    std::shared_future<size_t> token;
};
static std::map<int, Listening> listenings;

static dht::DhtRunner& nodeOf(const Object& request) {
    return *nodes.at(request["node"].asInt());
}

static InfoHash hashOf(const Object& request) {
    return InfoHash(request["key"].asString());
}

static dht::SockAddr addressOf(const std::string& host, unsigned port) {
    dht::SockAddr address;
    address.setFamily(host.find(':') == std::string::npos ? AF_INET : AF_INET6);
    address.setAddress(host.c_str());
    address.setPort(port);
    return address;
}

/** A common name stands for a new identity of that name. */
static crypto::Identity ownIdentity(const Object& identity) {
    if (identity.isString()) return crypto::generateIdentity(identity.asString(), {}, 2048);
    return identity.isObject() ? identityOf(identity) : crypto::Identity();
}

static dht::DhtRunner::Config configOf(const Object& request, const crypto::Identity& identity) {
    dht::DhtRunner::Config config;
    auto& node = config.dht_config.node_config;
    node.network = request.get("network", 0).asUInt();
    node.is_bootstrap = request["bootstrap_mode"].asBool();
    node.maintain_storage = request["maintain_storage"].asBool();
    if (request.isMember("node_id")) node.node_id = InfoHash(request["node_id"].asString());
    const Object& limit = request["rate_limit"];
    node.max_req_per_sec = limit.isArray() ? limit[0].asInt64() : -1;
    node.max_peer_req_per_sec = limit.isArray() ? limit[1].asInt64() : -1;
    config.dht_config.id = identity;
    const unsigned port = request.get("port", 0).asUInt();
    const std::string ipv4 = request["ipv4"].asString(), ipv6 = request["ipv6"].asString();
    if (!ipv4.empty()) config.bind4 = addressOf(ipv4, port);
    if (!ipv6.empty()) config.bind6 = addressOf(ipv6, port);
    return config;
}

static Answer run(const Object& request) {
    const crypto::Identity identity = ownIdentity(request["identity"]);
    auto node = std::make_unique<dht::DhtRunner>();
    node->run(configOf(request, identity), {});
    for (const auto& type : request["types"]) {
        const Seconds lifetime(type["expiration"].asInt64());
        const auto id = static_cast<uint16_t>(type["id"].asUInt());
        node->registerType(dht::ValueType(id, type["name"].asString(), lifetime));
    }
    Object result;
    result["node"] = request["id"];
    result["node_id"] = node->getNodeId().toString();
    result["key_id"] = identity.second ? Object(node->getId().toString()) : Object();
    if (identity.second) result["certificate"] = identity.second->toString();
    result["port4"] = request["ipv4"] == "" ? 0 : node->getBoundPort(AF_INET);
    result["port6"] = request["ipv6"] == "" ? 0 : node->getBoundPort(AF_INET6);
    nodes[request["id"].asInt()] = std::move(node);
    return result;
}

static Answer bootstrap(const Object& request) {
    nodeOf(request).bootstrap(request["host"].asString(), request["port"].asString());
    return Object(Json::objectValue);
}

static Answer ping(const Object& request) {
    const auto address = addressOf(request["host"].asString(), request["port"].asUInt());
    nodeOf(request).bootstrap(address, dht::DoneCallbackSimple([id = request["id"]](bool ok) {
        Object reply;
        reply["ok"] = ok;
        answer(id, reply);
    }));
    return {};
}

/** Signed if `signed`, for the key id `encrypt_to` or the key `public` if there is one. */
static Answer put(const Object& request) {
    static std::mt19937_64 random {std::random_device()()};
    auto value = valueOf(request);
    while (value->id == 0) value->id = random();
    const dht::DoneCallback done = [id = request["id"], valueId = value->id](bool ok, auto& nodes) {
        Object reply;
        reply["ok"] = ok;
        reply["value_id"] = std::to_string(valueId);
        reply["nodes"] = describe(nodes);
        answer(id, reply);
    };
    auto& node = nodeOf(request);
    const InfoHash key = hashOf(request);
    const bool isPermanent = request["permanent"].asBool();
    if (request.isMember("public")) {
        const auto to = std::make_shared<crypto::PublicKey>(bytesOf(request, "public"));
        node.putEncrypted(key, to, value, done, isPermanent);
    } else if (request.isMember("encrypt_to")) {
        const InfoHash to(request["encrypt_to"].asString());
        node.putEncrypted(key, to, value, done, isPermanent);
    } else if (request["signed"].asBool()) {
        node.putSigned(key, value, done, isPermanent);
    } else {
        node.put(key, value, done, dht::time_point::max(), isPermanent);
    }
    return {};
}

static Answer cancelPut(const Object& request) {
    nodeOf(request).cancelPut(hashOf(request), std::stoull(request["value_id"].asString()));
    return Object(Json::objectValue);
}

static Answer get(const Object& request) {
    auto found = std::make_shared<Object>(Json::arrayValue);
    const dht::GetCallback onValues = [found](const std::vector<Sp<dht::Value>>& values) {
        for (const auto& value : values) found->append(describe(*value));
        return true;
    };
    const dht::DoneCallback onDone = [id = request["id"], found](bool ok, auto& nodes) {
        Object reply;
        reply["ok"] = ok;
        reply["values"] = *found;
        reply["nodes"] = describe(nodes);
        answer(id, reply);
    };
    const std::string text = request["where"].asString();
    dht::Where where = text.empty() ? dht::Where() : dht::Where(text);
    nodeOf(request).get(hashOf(request), onValues, onDone, {}, std::move(where));
    return {};
}

static Answer listen(const Object& request) {
    const Object id = request["id"];
    const dht::ValueCallback onValues = [id](const std::vector<Sp<dht::Value>>& values, bool gone) {
        for (const auto& value : values) {
            Object event;
            event["event"] = "listen";
            event["sub"] = id;
            event["expired"] = gone;
            event["value"] = describe(*value);
            send(event);
        }
        return true;
    };
    answer(id, Object(Json::objectValue));  // before the first event
    const InfoHash key = hashOf(request);
    listenings[id.asInt()] = {key, nodeOf(request).listen(key, onValues).share()};
    return {};
}

static Answer cancelListen(const Object& request) {
    const auto found = listenings.find(request["sub"].asInt());
    nodeOf(request).cancelListen(found->second.key, found->second.token);
    listenings.erase(found);
    return Object(Json::objectValue);
}

static Answer findCertificate(const Object& request) {
    const auto done = [id = request["id"]](const Sp<crypto::Certificate>& found) {
        Object reply;
        reply["certificate"] = found ? Object(toBase64(found->getPacked())) : Object();
        answer(id, reply);
    };
    nodeOf(request).findCertificate(InfoHash(request["key_id"].asString()), done);
    return {};
}

static Answer registerCertificate(const Object& request) {
    nodeOf(request).registerCertificate(certificateOf(request));
    return Object(Json::objectValue);
}

static Object countNodes(dht::DhtRunner& node, sa_family_t family) {
    const dht::NodeStats stats = node.getNodesStats(family);
    Object result;
    result["good"] = stats.good_nodes;
    result["dubious"] = stats.dubious_nodes;
    result["cached"] = stats.cached_nodes;
    result["incoming"] = stats.incoming_nodes;
    return result;
}

static Answer countAllNodes(const Object& request) {
    Object result;
    result["ipv4"] = countNodes(nodeOf(request), AF_INET);
    result["ipv6"] = countNodes(nodeOf(request), AF_INET6);
    return result;
}

static Answer writeLog(const Object& request) {
    const auto& node = nodeOf(request);
    const auto family = static_cast<sa_family_t>(request["family"].asUInt());
    Object result;
    result["text"] = request["log"] == "routing"    ? node.getRoutingTablesLog(family)
                     : request["log"] == "searches" ? node.getSearchesLog(family)
                                                    : node.getStorageLog();
    return result;
}

static Answer connectivityChanged(const Object& request) {
    nodeOf(request).connectivityChanged();
    return Object(Json::objectValue);
}

static Answer shutdown(const Object& request) {
    nodeOf(request).shutdown([id = request["id"]] { answer(id, Object(Json::objectValue)); });
    return {};
}

static Answer join(const Object& request) {
    nodeOf(request).join();
    nodes.erase(request["node"].asInt());
    return Object(Json::objectValue);
}

// ---- Requests ----

static Answer hello(const Object&) {
    return Object(Json::objectValue);
}

/** What is not answered here is answered later, when the node is done with it. */
static const std::map<std::string, Answer (*)(const Object&)> operations {
    {"hello", hello},
    {"public_key", publicKey},
    {"private_key", privateKey},
    {"export_key", exportKey},
    {"sign", sign},
    {"verify", verify},
    {"encrypt", encrypt},
    {"decrypt", decrypt},
    {"aes_encrypt", aesEncrypt},
    {"aes_decrypt", aesDecrypt},
    {"stretch_key", stretchKey},
    {"make_identity", makeIdentity},
    {"save_identity", saveIdentity},
    {"certificate", certificate},
    {"make_request", makeRequest},
    {"read_request", readRequest},
    {"issue", issue},
    {"make_revocations", makeRevocations},
    {"read_revocations", readRevocations},
    {"trust", trust},
    {"stores_certificate", storesCertificate},
    {"pack_value", packValue},
    {"unpack_value", unpackValue},
    {"run", run},
    {"bootstrap", bootstrap},
    {"ping", ping},
    {"put", put},
    {"cancel_put", cancelPut},
    {"get", get},
    {"listen", listen},
    {"cancel_listen", cancelListen},
    {"find_certificate", findCertificate},
    {"register_certificate", registerCertificate},
    {"stats", countAllNodes},
    {"log", writeLog},
    {"connectivity_changed", connectivityChanged},
    {"shutdown", shutdown},
    {"join", join},
};

static Object failure(const char* kind, const std::exception& error) {
    Object reply;
    reply["error"] = std::string(kind) + ": " + error.what();
    return reply;
}

static Answer handle(const Object& request) {
    try {
        return operations.at(request["op"].asString())(request);
    } catch (const crypto::DecryptError& error) {
        return failure("DecryptError", error);
    } catch (const crypto::CryptoException& error) {
        return failure("CryptoException", error);
    } catch (const std::exception& error) {
        return failure("exception", error);
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
