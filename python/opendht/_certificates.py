# SPDX-License-Identifier: MIT
"""Certificates, identities made of one and its key, and lists of whom to trust."""

from __future__ import annotations

import binascii
from typing import Any, List, Optional, Tuple

from ._check import expect, expect_bytes, expect_uint
from ._keys import PrivateKey, PublicKey, _WithKey
from ._operations import call_blocking


class Certificate(_WithKey):
    """X.509, with the certificates of its issuers. Read from PEM or DER; RuntimeError otherwise.
    Without data it is not initialised.
    """

    __slots__ = ('_public', '_der', '_name', '_issuer', '_revoked')

    def __init__(self, dat: Optional[bytes] = None) -> None:
        self._public = None
        self._der = b''
        self._name = ''
        self._issuer: Optional[Certificate] = None
        # The newest list of certificates that this one revoked.
        self._revoked: Optional[bytes] = None
        if dat is None:
            return
        data = expect_bytes('dat', dat)
        if not data:
            return
        issuer = None
        for item in reversed(call_blocking('crypto.readCertificate', data)):
            issuer = Certificate._of(item, issuer)
        assert issuer is not None
        self._copy(issuer)

    @classmethod
    def _of(cls, item: List[Any], issuer: Optional[Certificate]) -> Certificate:
        """From [DER, public key, name, …]."""
        made = cls()
        made._der, made._public, made._name = item[0], item[1], item[2]
        made._issuer = issuer
        return made

    def _copy(self, other: Certificate) -> None:
        self._der, self._public, self._name = other._der, other._public, other._name
        self._issuer = other._issuer

    @staticmethod
    def generate(
        k: PrivateKey, name: str, i: Optional[Identity] = None, is_ca: bool = False
    ) -> Certificate:
        """For a key, signed by an identity or by the key itself."""
        expect('k', k, PrivateKey)
        expect('name', name, str)
        signer = _signer('i', i)
        issuer = signer._packed() if signer else None
        item = call_blocking('crypto.generateCertificate', k._secret(), name, issuer, bool(is_ca))
        return Certificate._of(item, signer._certificate if signer else None)

    def getName(self) -> str:
        """Common name of the subject."""
        self._key()
        return self._name

    def toString(self) -> str:
        """PEM, the issuers behind the subject."""
        return bytes(self).decode()

    def revoke(self, k: PrivateKey, c: Certificate) -> None:
        """Revokes a certificate that this one signed; `k` is the key of this one."""
        expect('k', k, PrivateKey)
        expect('c', c, Certificate)
        parameters = (k._secret(), bytes(self), self._revoked, bytes(c))
        self._revoked = call_blocking('crypto.revoke', *parameters)

    @property
    def issuer(self) -> Optional[Certificate]:
        """The certificate that signed this one, if it is known and not this one itself."""
        return self._issuer

    def _chain(self) -> List[Certificate]:
        return [self] + (self._issuer._chain() if self._issuer else [])

    def __bytes__(self) -> bytes:
        self._key()
        return b''.join(_pem(it._der) for it in self._chain())


class Identity:
    """A certificate and the private key to it. `Identity()` has neither."""

    __slots__ = ('_private', '_certificate')

    def __init__(self, k: Optional[PrivateKey] = None, c: Optional[Certificate] = None) -> None:
        if k is not None:
            expect('k', k, PrivateKey)
        if c is not None:
            expect('c', c, Certificate)
        self._private = k
        self._certificate = c

    @staticmethod
    def generate(name: str = 'pydht', ca: Optional[Identity] = None, bits: int = 4096) -> Identity:
        """A new RSA key and its certificate, signed by `ca` or, as an authority, by itself."""
        expect('name', name, str)
        size = expect_uint('bits', bits, 32)
        signer = _signer('ca', ca)
        if size == 0:
            raise ValueError("Argument 'bits' must be 2048 to 8192: got 0")
        key = PrivateKey._of(*call_blocking('crypto.generateKey', size))
        return Identity(key, Certificate.generate(key, name, signer, signer is None))

    @property
    def publickey(self) -> Optional[PublicKey]:
        """The key that the certificate is for."""
        return PublicKey._of(self._certificate._key()) if self._certificate else None

    @property
    def certificate(self) -> Optional[Certificate]:
        """What others know it by."""
        return self._certificate

    @property
    def key(self) -> Optional[PrivateKey]:
        """The secret, which signs and decrypts."""
        return self._private

    def _packed(self) -> Optional[List[Any]]:
        """For the engine; None without a certificate."""
        if self._certificate is None:
            return None
        key = self._private._secret() if self._private else None
        return [key, bytes(self._certificate)]


class VerifyResult:
    """Whether a certificate can be trusted, as a bool; why not, as a text."""

    __slots__ = ('_bits', '_text')

    def __init__(self) -> None:
        self._bits = 0
        self._text = 'Certificate is valid\n'

    def __bool__(self) -> bool:
        return self._bits == 0

    def __str__(self) -> str:
        return self._text


class TrustList:
    """Certificates that are trusted, and so is what they sign, unless they revoked it."""

    __slots__ = ('_steps',)

    def __init__(self) -> None:
        self._steps: List[Tuple[bool, Certificate, bytes, List[bytes]]] = []

    def add(self, cert: Certificate) -> None:
        """Trusts it and its issuers; lists of revoked certificates are those of this moment."""
        self._step(True, cert)

    def remove(self, cert: Certificate) -> None:
        """From now on it is refused, and so are its issuers, until they are added again."""
        self._step(False, cert)

    def verify(self, cert: Certificate) -> VerifyResult:
        """Whether a trusted certificate vouches for this one."""
        expect('cert', cert, Certificate)
        steps = [[is_added, chain, lists] for is_added, _, chain, lists in self._steps]
        result = VerifyResult()
        result._bits, result._text = call_blocking('crypto.trust', steps, bytes(cert))
        return result

    def _step(self, is_added: bool, cert: Certificate) -> None:
        expect('cert', cert, Certificate)
        chain = cert._chain()
        lists = [it._revoked for it in chain if it._revoked is not None]
        data = bytes(cert)
        # Repeating a step takes the place of the earlier one.
        self._steps = [step for step in self._steps if step[2] != data]
        self._steps.append((is_added, cert, data, lists))


def _signer(name: str, identity: Optional[Identity]) -> Optional[Identity]:
    if identity is None:
        return None
    expect(name, identity, Identity)
    return identity if identity._certificate is not None else None


def _pem(der: bytes) -> bytes:
    # 48 bytes are the 64 characters of a line.
    lines = [binascii.b2a_base64(der[at : at + 48]) for at in range(0, len(der), 48)]
    return b''.join([b'-----BEGIN CERTIFICATE-----\n', *lines, b'-----END CERTIFICATE-----\n'])
