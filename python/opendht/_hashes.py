# SPDX-License-Identifier: MIT
"""Identifiers: InfoHash, of keys and nodes, and PkId, of public keys."""

from __future__ import annotations

import hashlib
import os
from typing import Any, TypeVar, Union

from ._check import expect, expect_bytes, expect_uint

Hash = TypeVar('Hash', bound='HashBase')


class HashBase:
    """What InfoHash and PkId have in common. Compared as big-endian numbers."""

    __slots__ = ('_bytes',)
    SIZE = 0
    _bytes: bytes

    def __init__(self, str: Union[bytes, HashBase] = b'') -> None:
        digits = str.toString() if isinstance(str, HashBase) else expect_bytes('str', str)
        self._bytes = _from_hex(digits, self.SIZE)

    @classmethod
    def _of(cls: type[Hash], data: bytes) -> Hash:
        made = cls.__new__(cls)
        made._bytes = bytes(data)
        return made

    @classmethod
    def getRandom(cls: type[Hash]) -> Hash:
        """A random one."""
        return cls._of(os.urandom(cls.SIZE))

    @classmethod
    def commonBits(cls, a: Any, b: Any) -> int:
        """Length of the beginning that both share, in bits."""
        expect('a', a, cls)
        expect('b', b, cls)
        difference = int.from_bytes(a._bytes, 'big') ^ int.from_bytes(b._bytes, 'big')
        return 8 * cls.SIZE - difference.bit_length()

    def getBit(self, bit: int) -> bool:
        """Bit 0 is the most significant one; bits beyond the last one are not set."""
        index = expect_uint('bit', bit, 32)
        if index >= 8 * self.SIZE:
            return False
        return bool(self._bytes[index // 8] & (0x80 >> index % 8))

    def setBit(self, bit: int, b: bool) -> None:
        """Changes this object; bits beyond the last one are ignored."""
        index = expect_uint('bit', bit, 32)
        if index >= 8 * self.SIZE:
            return
        changed = bytearray(self._bytes)
        mask = 0x80 >> index % 8
        changed[index // 8] = changed[index // 8] | mask if b else changed[index // 8] & ~mask
        self._bytes = bytes(changed)

    def toString(self) -> bytes:
        """Lower-case hexadecimal digits, as bytes."""
        return self._bytes.hex().encode()

    def decode(self, encoding: str = 'utf-8') -> str:
        """The digits as a text: `getNodeId()` of 2.4 returns them as bytes."""
        return self._bytes.hex()

    def toFloat(self) -> float:
        """Position among all values, from 0 to 1."""
        return int.from_bytes(self._bytes[:7], 'big') / 2.0**56

    def __bytes__(self) -> bytes:
        return self._bytes

    def __bool__(self) -> bool:
        return any(self._bytes)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._bytes == other._bytes

    def __lt__(self, other: Any) -> bool:
        return self._bytes < other._bytes if type(other) is type(self) else NotImplemented

    def __le__(self, other: Any) -> bool:
        return self._bytes <= other._bytes if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __copy__(self: Hash) -> Hash:
        return self._of(self._bytes)

    def __deepcopy__(self: Hash, memo: Any) -> Hash:
        return self._of(self._bytes)

    def __str__(self) -> str:
        return self._bytes.hex()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} '{self}'>"


class InfoHash(HashBase):
    """160 bits: a key of the network, or the id of a node or public key.

    `InfoHash(digits)` reads 40 hexadecimal digits, given as bytes; anything else is zero.
    """

    __slots__ = ()
    SIZE = 20

    @staticmethod
    def get(key: str) -> InfoHash:
        """SHA-1 of a text."""
        expect('key', key, str)
        return InfoHash._of(hashlib.sha1(key.encode(), usedforsecurity=False).digest())

    def getId(self) -> InfoHash:
        """Itself, as all things with an id have this method."""
        return self


class PkId(HashBase):
    """256 bits: the long id of a public key. Read from 64 hexadecimal digits."""

    __slots__ = ()
    SIZE = 32

    @staticmethod
    def get(key: str) -> PkId:
        """SHA-256 of a text."""
        expect('key', key, str)
        return PkId._of(hashlib.sha256(key.encode()).digest())

    def getLongId(self) -> PkId:
        """Itself, as all things with a long id have this method."""
        return self


class WithId:
    """Base of what has an id: text and representation show it."""

    __slots__ = ()

    def getId(self) -> InfoHash:
        raise NotImplementedError

    def __str__(self) -> str:
        return str(self.getId())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} '{self}'>"


def _from_hex(digits: bytes, size: int) -> bytes:
    """Zero unless it begins with enough hexadecimal digits."""
    try:
        data = bytes.fromhex(digits[: 2 * size].decode('ascii'))
    except (ValueError, UnicodeDecodeError):
        data = b''
    return data if len(data) == size and b' ' not in digits[: 2 * size] else bytes(size)
