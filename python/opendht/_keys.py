# SPDX-License-Identifier: MIT
"""Keys. What these objects hold are encoded keys; the engine computes with them."""

from __future__ import annotations

import hashlib
from typing import Optional

from ._check import expect, expect_bytes
from ._hashes import InfoHash, PkId, WithId
from ._operations import call_blocking


class _WithKey(WithId):
    """What has a public key, and so two ids."""

    __slots__ = ()
    _public: Optional[bytes]

    def _key(self) -> bytes:
        """Raises ValueError for what was made without a key."""
        if self._public is None:
            raise ValueError(f'this {type(self).__name__} is not initialised')
        return self._public

    def getId(self) -> InfoHash:
        """SHA-1 of the public key."""
        return InfoHash._of(hashlib.sha1(self._key(), usedforsecurity=False).digest())

    def getLongId(self) -> PkId:
        """SHA-256 of the public key."""
        return PkId._of(hashlib.sha256(self._key()).digest())

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._public == other._public

    def __hash__(self) -> int:
        return hash(self._public)

    def __str__(self) -> str:
        return str(self.getLongId()) if self._public is not None else str(PkId())


class PublicKey(_WithKey):
    """A public key. Made by the other classes; `PublicKey()` is not initialised."""

    __slots__ = ('_public',)

    def __init__(self) -> None:
        self._public = None

    @classmethod
    def _of(cls, der: bytes) -> PublicKey:
        key = cls()
        key._public = bytes(der)
        return key

    def encrypt(self, dat: bytes) -> bytes:
        """For the holder of the private key. RSA keys can, those of elliptic curves cannot."""
        return bytes(call_blocking('crypto.encrypt', self._key(), expect_bytes('dat', dat)))

    def checkSignature(self, dat: bytes, signature: bytes) -> bool:
        """Whether the holder of the private key signed these bytes."""
        data = expect_bytes('dat', dat)
        signature = expect_bytes('signature', signature)
        return bool(call_blocking('crypto.verify', self._key(), data, signature))


class PrivateKey(_WithKey):
    """A private key. `PrivateKey()` is not initialised: see `generate`."""

    __slots__ = ('_public', '_private')

    def __init__(self) -> None:
        self._public = None
        self._private: Optional[bytes] = None

    @classmethod
    def _of(cls, private: bytes, public: bytes) -> PrivateKey:
        key = cls()
        key._private, key._public = bytes(private), bytes(public)
        return key

    @staticmethod
    def generate() -> PrivateKey:
        """A new RSA key of 4096 bits, which takes a second on average."""
        return PrivateKey._of(*call_blocking('crypto.generateKey', 4096))

    @staticmethod
    def generateEC() -> PrivateKey:
        """A new key on the curve P-384: for certificates, not for signed or encrypted values."""
        return PrivateKey._of(*call_blocking('crypto.generateKey', 0))

    def _secret(self) -> bytes:
        self._key()
        assert self._private is not None
        return self._private

    def getPublicKey(self) -> PublicKey:
        """What belongs to it and may be told to others."""
        return PublicKey._of(self._key())

    def decrypt(self, dat: bytes) -> bytes:
        """What was encrypted with the public key. Raises CryptoError, a RuntimeError."""
        return bytes(call_blocking('crypto.decrypt', self._secret(), expect_bytes('dat', dat)))

    def sign(self, dat: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 or ECDSA, with SHA-512."""
        return bytes(call_blocking('crypto.sign', self._secret(), expect_bytes('dat', dat)))


def aesEncrypt(data: bytes, password: str) -> bytes:
    """Encrypts with a key that is made of a password, which takes about a second."""
    expect('password', password, str)
    return bytes(call_blocking('crypto.aesEncrypt', expect_bytes('data', data), password))


def aesDecrypt(data: bytes, password: str) -> bytes:
    """The opposite of `aesEncrypt`. Raises CryptoError, a RuntimeError, for a wrong password."""
    expect('password', password, str)
    return bytes(call_blocking('crypto.aesDecrypt', expect_bytes('data', data), password))
