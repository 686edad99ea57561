// SPDX-License-Identifier: MIT
// The operations of cpp_secure.cpp that need no node: keys, certificates, lists, values.

#pragma once

#include "cpp_secure_text.hpp"

#include <opendht/securedht.h>

static Answer publicKey(const Object& request) {
    return describe(crypto::PublicKey(bytesOf(request, "public")));
}

static Answer privateKey(const Object& request) {
    return describe(keyOf(request)->getPublicKey());
}

static crypto::PrivateKey generate(const Object& request) {
    if (request["type"] == "ec") return crypto::PrivateKey::generateEC();
    return crypto::PrivateKey::generate(request.get("bits", 2048).asUInt());
}

static Answer exportKey(const Object& request) {
    Object result;
    result["data"] = toBase64(keyOf(request)->serialize(request["new_password"].asString()));
    return result;
}

static Answer sign(const Object& request) {
    Object result;
    result["signature"] = toBase64(keyOf(request)->sign(bytesOf(request, "data")));
    return result;
}

static Answer verify(const Object& request) {
    const crypto::PublicKey key(bytesOf(request, "public"));
    Object result;
    result["ok"] = key.checkSignature(bytesOf(request, "data"), bytesOf(request, "signature"));
    return result;
}

static Answer encrypt(const Object& request) {
    const crypto::PublicKey key(bytesOf(request, "public"));
    Object result;
    result["data"] = toBase64(key.encrypt(bytesOf(request, "data")));
    return result;
}

static Answer decrypt(const Object& request) {
    Object result;
    result["data"] = toBase64(keyOf(request)->decrypt(bytesOf(request, "data")));
    return result;
}

static Answer aesEncrypt(const Object& request) {
    const Blob data = bytesOf(request, "data");
    Object result;
    result["data"] = toBase64(request.isMember("password")
                                  ? crypto::aesEncrypt(data, request["password"].asString())
                                  : crypto::aesEncrypt(data, bytesOf(request, "aes_key")));
    return result;
}

static Answer aesDecrypt(const Object& request) {
    const Blob data = bytesOf(request, "data");
    Object result;
    result["data"] = toBase64(request.isMember("password")
                                  ? crypto::aesDecrypt(data, request["password"].asString())
                                  : crypto::aesDecrypt(data, bytesOf(request, "aes_key")));
    return result;
}

static Answer stretchKey(const Object& request) {
    Blob salt = bytesOf(request, "salt");
    const unsigned length = request["length"].asUInt();
    Object result;
    result["data"] = toBase64(crypto::stretchKey(request["password"].asString(), salt, length));
    result["salt"] = toBase64(salt);
    return result;
}

/** A certificate for a new key, or for the given one. */
static Answer makeIdentity(const Object& request) {
    const crypto::Identity ca = identityOf(request["ca"]);
    const bool isCa = request.get("is_ca", !ca.second).asBool();
    const bool hasKey = request.isMember("key");
    const auto key = hasKey ? keyOf(request)
                            : std::make_shared<crypto::PrivateKey>(generate(request));
    Object result = describe(crypto::Certificate::generate(
        *key, request["name"].asString(), ca, isCa, request["validity"].asInt64()));
    result["key"] = toBase64(key->serialize());
    return result;
}

static Answer saveIdentity(const Object& request) {
    crypto::saveIdentity(identityOf(request), request["path"].asString(),
                         request["new_password"].asString());
    return Object(Json::objectValue);
}

static Answer certificate(const Object& request) {
    return describe(*certificateOf(request));
}

static Answer makeRequest(const Object& request) {
    crypto::CertificateRequest result;
    result.setName(request["name"].asString());
    if (request.isMember("uid")) result.setUID(request["uid"].asString());
    for (const auto& name : request["dns_names"])
        result.setAltName(crypto::NameType::DNS, name.asString());
    result.sign(*keyOf(request));
    Object reply;
    reply["request"] = toBase64(result.pack());
    return reply;
}

static Answer readRequest(const Object& request) {
    const crypto::CertificateRequest read(bytesOf(request, "request"));
    Object result;
    result["name"] = read.getName();
    result["uid"] = read.getUID();
    result["ok"] = read.verify();
    return result;
}

static Answer issue(const Object& request) {
    const crypto::CertificateRequest read(bytesOf(request, "request"));
    return describe(crypto::Certificate::generate(read, identityOf(request["ca"]),
                                                  request["validity"].asInt64()));
}

/** Signs a list of `revoked` certificates, on top of the given one if there is one. */
static Answer makeRevocations(const Object& request) {
    crypto::RevocationList list;
    if (request.isMember("list")) list = crypto::RevocationList(bytesOf(request, "list"));
    for (const auto& revoked : request["revoked"])
        list.revoke(crypto::Certificate(fromBase64(revoked.asString())));
    const crypto::Identity issuer = identityOf(request);
    list.sign(*issuer.first, *issuer.second, Seconds(request["validity"].asInt64()));
    Object result;
    result["list"] = toBase64(list.getPacked());
    return result;
}

/** What a list says of itself, of a certificate, and of the one that is to have signed it. */
static Answer readRevocations(const Object& request) {
    const crypto::RevocationList list(bytesOf(request, "list"));
    Object result;
    result["number"] = toHex(list.getNumber());
    result["issuer_name"] = list.getIssuerName();
    result["issuer_uid"] = list.getIssuerUID();
    result["update"] = seconds(list.getUpdateTime());
    result["next_update"] = seconds(list.getNextUpdateTime());
    result["is_revoked"] = list.isRevoked(*certificateOf(request));
    result["is_signed"] = list.isSignedBy(crypto::Certificate(bytesOf(request, "issuer")));
    return result;
}

/** Whether a certificate is to be trusted with these anchors and their lists. */
static Answer trust(const Object& request) {
    crypto::TrustList trust;
    for (const auto& entry : request["anchors"]) {
        const auto anchor = certificateOf(entry);
        for (const auto& list : entry["lists"])
            anchor->addRevocationList(crypto::RevocationList(fromBase64(list.asString())));
        trust.add(*anchor);
    }
    for (const auto& list : request["lists"])
        trust.add(crypto::RevocationList(fromBase64(list.asString())));
    const auto verdict = trust.verify(*certificateOf(request));
    Object result;
    result["ok"] = verdict.isValid();
    result["result"] = verdict.result;
    result["text"] = verdict.toString();
    return result;
}

/** Whether a node would store this as a certificate under this key. */
static Answer storesCertificate(const Object& request) {
    const InfoHash key(request["hash"].asString());
    auto value = std::make_shared<dht::Value>(dht::CERTIFICATE_TYPE.id, bytesOf(request, "data"));
    Object result;
    result["ok"] = dht::CERTIFICATE_TYPE.storePolicy(key, value, {}, {});
    return result;
}

/** The bytes of a value, signed and for a recipient if there are keys for that. */
static Answer packValue(const Object& request) {
    auto value = valueOf(request);
    value->seq = request["seq"].asUInt();
    const auto key = request.isMember("key") ? keyOf(request) : nullptr;
    Object result;
    if (request.isMember("public")) {
        const crypto::PublicKey recipient(bytesOf(request, "public"));
        result["data"] = toBase64(value->encrypt(*key, recipient).getPacked());
    } else {
        if (key) value->sign(*key);
        result["data"] = toBase64(value->getPacked());
    }
    return result;
}

/** What the bytes of a value hold; decrypted if a key is given. */
static Answer unpackValue(const Object& request) {
    const Blob data = bytesOf(request, "data");
    const auto object = msgpack::unpack(reinterpret_cast<const char*>(data.data()), data.size());
    dht::Value value(object.get());
    Object result;
    result["is_encrypted"] = value.isEncrypted();
    const auto opened = request.isMember("key") ? value.decrypt(*keyOf(request)) : nullptr;
    dht::Value& content = opened ? *opened : value;
    result["is_signed"] = content.isSigned();
    result["ok"] = content.checkSignature();
    result["value"] = describe(content);
    return result;
}
