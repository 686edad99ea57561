// SPDX-License-Identifier: MIT
// How cpp_secure.cpp reads what is asked of it and writes what it has to tell: lines of JSON.

#pragma once

#include <opendht/crypto.h>
#include <opendht/node.h>
#include <opendht/value.h>

#include <gnutls/gnutls.h>
#include <json/json.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace crypto = dht::crypto;
using dht::Blob;
using dht::InfoHash;
using dht::Sp;
using Object = Json::Value;
using Seconds = std::chrono::seconds;

/** Nothing when the answer follows later. */
using Answer = std::optional<Object>;

static std::string toBase64(const Blob& bytes) {
    if (bytes.empty()) return {};
    gnutls_datum_t in {const_cast<uint8_t*>(bytes.data()), static_cast<unsigned>(bytes.size())};
    gnutls_datum_t out {};
    if (gnutls_base64_encode2(&in, &out) < 0) throw std::runtime_error("base64 encoding failed");
    std::string text(reinterpret_cast<char*>(out.data), out.size);
    gnutls_free(out.data);
    return text;
}

static Blob fromBase64(const std::string& text) {
    if (text.empty()) return {};
    auto start = reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
    gnutls_datum_t in {start, static_cast<unsigned>(text.size())};
    gnutls_datum_t out {};
    if (gnutls_base64_decode2(&in, &out) < 0) throw std::invalid_argument("no base64");
    Blob bytes(out.data, out.data + out.size);
    gnutls_free(out.data);
    return bytes;
}

static Blob bytesOf(const Object& request, const char* field) {
    return fromBase64(request[field].asString());
}

static void send(const Object& message) {
    static std::mutex mutex;
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    const std::string line = Json::writeString(builder, message);
    std::lock_guard<std::mutex> lock(mutex);
    std::cout << line << std::endl;
}

static void answer(const Object& id, Object reply) {
    reply["id"] = id;
    send(reply);
}

static Sp<crypto::PrivateKey> keyOf(const Object& request) {
    return std::make_shared<crypto::PrivateKey>(bytesOf(request, "key"),
                                                request["password"].asString());
}

static Sp<crypto::Certificate> certificateOf(const Object& request) {
    return std::make_shared<crypto::Certificate>(bytesOf(request, "certificate"));
}

/** Empty without a certificate. */
static crypto::Identity identityOf(const Object& request) {
    if (!request.isMember("certificate")) return {};
    return {keyOf(request), certificateOf(request)};
}

static Object describe(const crypto::PublicKey& key) {
    Blob der;
    key.pack(der);
    Object result;
    result["public"] = toBase64(der);
    result["public_text"] = key.toString();
    result["key_id"] = key.getId().toString();
    result["long_id"] = key.getLongId().toString();
    return result;
}

static Object seconds(std::chrono::system_clock::time_point time) {
    return Json::Int64(std::chrono::duration_cast<Seconds>(time.time_since_epoch()).count());
}

static std::string toHex(const Blob& bytes) {
    return dht::toHex(bytes.data(), bytes.size());
}

static Object describe(const crypto::Certificate& certificate) {
    Object result = describe(certificate.getPublicKey());
    result["certificate_id"] = certificate.getId().toString();
    result["certificate_long_id"] = certificate.getLongId().toString();
    result["name"] = certificate.getName();
    result["uid"] = certificate.getUID();
    result["issuer_name"] = certificate.getIssuerName();
    result["issuer_uid"] = certificate.getIssuerUID();
    result["serial"] = toHex(certificate.getSerialNumber());
    result["is_ca"] = certificate.isCA();
    result["activation"] = seconds(certificate.getActivation());
    result["expiration"] = seconds(certificate.getExpiration());
    result["alt_names"] = Json::arrayValue;
    for (const auto& [type, name] : certificate.getAltNames()) {
        Object pair = Json::arrayValue;
        pair.append(static_cast<int>(type));
        pair.append(name);
        result["alt_names"].append(pair);
    }
    result["chain_length"] = Json::UInt(certificate.getChain().size());
    result["certificate"] = toBase64(certificate.getPacked());
    return result;
}

static Object describe(const dht::Value& value) {
    Object result;
    result["id"] = std::to_string(value.id);
    result["type"] = value.type;
    result["user_type"] = value.user_type;
    result["data"] = toBase64(value.data);
    result["size"] = Json::UInt64(value.size());
    result["seq"] = value.seq;
    result["owner"] = value.owner ? Object(value.owner->getId().toString()) : Object();
    result["recipient"] = value.recipient ? Object(value.recipient.toString()) : Object();
    result["text"] = value.toString();
    return result;
}

static Object describe(const std::vector<Sp<dht::Node>>& nodes) {
    Object result = Json::arrayValue;
    for (const auto& node : nodes) {
        Object entry;
        entry["id"] = node->id.toString();
        entry["addr"] = node->getAddrStr();
        result.append(entry);
    }
    return result;
}

static Sp<dht::Value> valueOf(const Object& request) {
    auto value = std::make_shared<dht::Value>(request.get("type", 0).asUInt(),
                                              bytesOf(request, "data"));
    value->id = std::stoull(request.get("value_id", "0").asString());
    value->user_type = request["user_type"].asString();
    return value;
}
