# SPDX-License-Identifier: MIT
"""Values, and the types that say how long nodes keep them."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, List, Optional

from ._check import expect, expect_bytes, expect_uint
from ._hashes import InfoHash
from ._keys import PublicKey

_MAX_HEX_BYTES = 1024
_IP_SERVICE = 2
_CERTIFICATE = 8


class Value:
    """What is stored under a key: data with a type and an id.

    The second parameter sets the type, whatever its name says: programs rely on both.
    """

    __slots__ = (
        '_id',
        '_type',
        '_data',
        '_user_type',
        '_owner',
        '_recipient',
        '_seq',
        '_is_signed',
        '_cypher',
        '_size',
    )

    def __init__(self, val: bytes = b'', id: int = 0) -> None:
        self._data = expect_bytes('val', val)
        self._type = expect_uint('id', id, 16)
        self._id = 0
        self._user_type = ''
        self._owner: Optional[bytes] = None
        self._recipient: Optional[bytes] = None
        self._seq = 0
        self._is_signed = False
        self._cypher = b''
        self._size: Optional[int] = None

    @classmethod
    def _of(cls, item: List[Any]) -> Value:
        """From what the engine sends."""
        value = cls.__new__(cls)
        (
            value._id,
            value._type,
            value._data,
            value._user_type,
            value._owner,
            value._recipient,
            value._seq,
            value._is_signed,
            value._cypher,
            value._size,
        ) = item
        return value

    @property
    def data(self) -> bytes:
        """The content."""
        return self._data

    @data.setter
    def data(self, value: bytes) -> None:
        self._data = expect_bytes('value', value)
        self._size = None

    @property
    def user_type(self) -> str:
        """What the data is, in words of the application."""
        return self._user_type

    @user_type.setter
    def user_type(self, t: str) -> None:
        expect('t', t, str)
        self._user_type = t
        self._size = None

    @property
    def id(self) -> int:
        """Names the value under its key; 0 until one is set or drawn by a put."""
        return self._id

    @id.setter
    def id(self, value: int) -> None:
        self._id = expect_uint('value', value, 64)

    @property
    def recipient(self) -> InfoHash:
        """Whom it was encrypted for; zero for others."""
        return InfoHash._of(self._recipient) if self._recipient is not None else InfoHash()

    @recipient.setter
    def recipient(self, value: InfoHash) -> None:
        expect('value', value, InfoHash)
        self._recipient = bytes(value)

    @property
    def owner(self) -> PublicKey:
        """Key of the signer; without one, a key that refuses to be used."""
        return PublicKey._of(self._owner) if self._owner is not None else PublicKey()

    @property
    def size(self) -> int:
        """Bytes that quotas count."""
        if self._size is None:
            self._size = len(self._cypher) + len(self._data) + len(self._user_type.encode())
        return self._size

    @property
    def type(self) -> int:
        """Number of the value type."""
        return self._type

    @property
    def seq(self) -> int:
        """Revision of a signed value."""
        return self._seq

    def _choose_id(self) -> int:
        while self._id == 0:
            self._id = int.from_bytes(os.urandom(8), 'big')
        return self._id

    def _packed(self) -> List[Any]:
        """For the engine, which signs and encrypts."""
        return [self._id, self._type, self._data, self._user_type]

    def _stored(self, item: List[Any]) -> None:
        """Takes over what a put made of it."""
        seq, owner = item[1], item[2]
        if owner is not None:
            self._seq, self._owner, self._is_signed = seq, owner, True

    def __str__(self) -> str:
        return f'Value[id:{self._id:x} {self._state()}{self._content()}]'

    def _state(self) -> str:
        if self._cypher:
            return 'encrypted '
        if not self._is_signed:
            return ''
        is_decrypted = self._recipient is not None and any(self._recipient)
        return f'signed (v{self._seq}) {"decrypted " if is_decrypted else ""}'

    def _content(self) -> str:
        if self._cypher:
            return ''
        if self._type == _CERTIFICATE:
            return 'Certificate'
        label = f'data({self._user_type}):' if self._user_type else 'data:'
        if self._user_type == 'text/plain':
            return f'{label}"{self._data.decode(errors="replace")}"'
        if len(self._data) < _MAX_HEX_BYTES:
            return label + self._data.hex()
        return f'{label}{len(self._data)} bytes'


class ValueType:
    """A number for values of one kind, and how long nodes that know it keep them."""

    __slots__ = ('_id', '_name', '_seconds')

    def __init__(self, id: int, name: str, expiration: timedelta) -> None:
        self._id = expect_uint('id', id, 16)
        expect('name', name, str)
        if not isinstance(expiration, timedelta):
            raise TypeError('expiration argument must be of type timedelta')
        self._name = name
        self._seconds = int(expiration.total_seconds())
