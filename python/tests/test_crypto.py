# SPDX-License-Identifier: MIT
"""Keys, certificates, passwords, and values that are signed or encrypted."""

import pytest
from conftest import wait_until

import opendht as dht


def test_signatures_and_encryption(identities):
    key = identities[1].key
    public = key.getPublicKey()
    signature = key.sign(b'data')
    assert public.checkSignature(b'data', signature)
    assert not public.checkSignature(b'Data', signature)
    secret = bytearray(public.encrypt(b'a' * 1000))
    secret[-1] ^= 1
    with pytest.raises(dht.CryptoError) as raised:
        key.decrypt(bytes(secret))
    assert raised.value.code == 'ERR_CRYPTO_DECRYPT' and isinstance(raised.value, RuntimeError)


def test_passwords():
    # Made by the C++ library.
    secret = bytes.fromhex(
        '314d7ae9b0d13ad98fb423299cc4c761a1aeeae23f3c7c122a9d094c7615d346'
        '1a58e8b0b4e9e806c3c3251938e3'
    )
    assert dht.aesDecrypt(secret, 'password') == b'\n\n'
    with pytest.raises(RuntimeError, match='Cannot decrypt'):
        dht.aesDecrypt(secret[:20], 'password')
    with pytest.raises(TypeError):
        dht.aesEncrypt('text', 'password')


def test_elliptic_curves_certify():
    authority_key = dht.PrivateKey.generateEC()
    authority = dht.Identity(
        authority_key, dht.Certificate.generate(authority_key, 'CA', is_ca=True)
    )
    leaf_key = dht.PrivateKey.generateEC()
    leaf = dht.Certificate.generate(leaf_key, 'leaf', authority)
    assert leaf.getId() == leaf_key.getId() and leaf.getLongId() == leaf_key.getLongId()
    assert leaf.issuer is authority.certificate
    trusted = dht.TrustList()
    trusted.add(authority.certificate)
    assert trusted.verify(leaf)


def test_chains_are_written_and_read(identities):
    certificate = identities[1].certificate
    again = dht.Certificate(bytes(certificate))
    assert again.toString() == certificate.toString()
    assert again.issuer.getName() == 'authority' and again.issuer.issuer is None
    assert str(again) == str(again.getLongId())


def test_an_authority_without_permission_is_refused(identities):
    with pytest.raises(RuntimeError):
        dht.Certificate.generate(identities[1].key, 'name', identities[1])


def test_verdicts_say_why(identities):
    authority, a, _ = identities
    stranger = dht.Identity.generate('stranger', dht.Identity(), 2048)
    trusted = dht.TrustList()
    trusted.add(authority.certificate)
    assert trusted.verify(a.certificate)
    verdict = trusted.verify(stranger.certificate)
    assert not verdict and 'issuer is not known' in str(verdict)


def test_signed_values_carry_their_owner(start, key, identities):
    _, a, b = identities
    writer, reader = start(a), start(b)
    value = dht.Value(b'mine')
    assert writer.putSigned(key, value)
    assert value.owner.getId() == a.publickey.getId()
    (found,) = reader.get(key)
    assert found.owner.getLongId() == a.publickey.getLongId()
    assert str(found) == f'Value[id:{value.id:x} signed (v0) data:6d696e65]'
    changed = dht.Value(b'changed')
    changed.id = value.id
    assert writer.putSigned(key, changed) and changed.seq == 1


def test_encrypted_values_have_one_reader(start, key, identities):
    _, a, b = identities
    writer, reader, other = start(a), start(b), start()
    assert writer.putEncrypted(key, dht.Value(b'secret'), b.publickey)
    (found,) = reader.get(key)
    assert found.data == b'secret' and found.recipient == b.publickey.getId()
    assert 'decrypted' in str(found)
    assert other.get(key) == []


def test_recipients_are_found_by_their_long_id(start, key, identities):
    _, a, b = identities
    writer, reader = start(a), start(b)
    to = b.publickey.getLongId()
    # The certificate of the reader is published when it is connected.
    assert wait_until(lambda: writer.putEncrypted(key, dht.Value(b'secret'), to))
    assert reader.get(key)[0].data == b'secret'


def test_who_has_no_key_signs_nothing(pair, key, identities):
    node = pair[0]
    assert node.putSigned(key, dht.Value(b'x')) is False
    assert node.putEncrypted(key, dht.Value(b'x'), identities[1].publickey) is False
    with pytest.raises(ValueError):
        node.putEncrypted(key, dht.Value(b'x'), None)
    with pytest.raises(TypeError):
        node.putEncrypted(key, dht.Value(b'x'), dht.InfoHash())


def test_a_node_has_the_ids_of_its_identity(start, identities):
    node = start(identities[1])
    assert node.getId() == identities[1].publickey.getId()
    assert node.getPublicKey().getLongId() == identities[1].publickey.getLongId()
    assert node.getNodeId() == dht.InfoHash.get(f'node:{node.getId()}')
