# SPDX-License-Identifier: MIT
"""Socket addresses as the network uses them."""

from __future__ import annotations

import socket
from typing import List, Optional

from ._check import expect, expect_uint

# Bytes of an address of each family.
_SIZES = {socket.AF_INET: 4, socket.AF_INET6: 16}
_LOOPBACK6 = bytes([0] * 15 + [1])


class SockAddr:
    """IP address and port; empty until a family is set."""

    __slots__ = ('_bytes', '_port')

    def __init__(self) -> None:
        self._bytes = b''
        self._port = 0

    @classmethod
    def _of(cls, host: str, port: int) -> SockAddr:
        made = cls()
        packed = parse_ip(host.split('%')[0])
        assert packed is not None, host
        made._bytes = packed
        made._port = port
        return made

    @staticmethod
    def resolve(host: str, service: Optional[str] = None) -> List[SockAddr]:
        """All addresses of a name, asked of the system. Raises OSError when there are none."""
        expect('host', host, str)
        if service is not None:
            expect('service', service, str)
        if host == '':
            return []
        found = socket.getaddrinfo(host, service or None, type=socket.SOCK_DGRAM)
        addresses = [SockAddr._of(info[4][0], info[4][1]) for info in found]  # type: ignore
        return list({str(address): address for address in addresses}.values())

    def getFamily(self) -> int:
        """AF_INET, AF_INET6, or 0 when empty."""
        return next((int(family) for family, it in _SIZES.items() if len(self._bytes) == it), 0)

    def setFamily(self, af: int) -> None:
        """Forgets the address: the new one is that of no host in particular."""
        family = expect_uint('af', af, 16)
        if family != 0 and family not in _SIZES:
            raise ValueError(f"Argument 'af' must be AF_INET or AF_INET6: got {af}")
        self._bytes = bytes(_SIZES[socket.AddressFamily(family)]) if family else b''

    def getPort(self) -> int:
        """Zero if there is none."""
        return self._port if self._bytes else 0

    def setPort(self, port: int) -> None:
        """Without effect on an empty one."""
        number = expect_uint('port', port, 16)
        self._port = number if self._bytes else 0

    def isLoopback(self) -> bool:
        """Whether it is of this computer, as 127.0.0.1 and ::1 are."""
        return self._bytes[:1] == b'\x7f' if self._is_v4 else self._bytes == _LOOPBACK6

    def isPrivate(self) -> bool:
        """Whether it is one of a local network or of this host."""
        if not self._is_v4:
            return self.isLoopback() or self._bytes[:1] == b'\xfc'
        first, second = self._bytes[:2]
        return (
            first in (10, 127)
            or (first == 172 and 16 <= second < 32)
            or (first == 192 and second == 168)
        )

    def isUnspecified(self) -> bool:
        """Whether it names no host: empty, or the address of all interfaces."""
        return not any(self._bytes)

    @property
    def _is_v4(self) -> bool:
        return len(self._bytes) == 4

    def _host(self) -> str:
        """For the engine; not of an empty one."""
        return socket.inet_ntop(socket.AddressFamily(self.getFamily()), self._bytes)

    def toString(self) -> bytes:
        """As `str()`, in bytes."""
        return str(self).encode()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SockAddr):
            return NotImplemented
        return self._bytes == other._bytes and self.getPort() == other.getPort()

    def __hash__(self) -> int:
        return hash((self._bytes, self.getPort()))

    def __str__(self) -> str:
        if not self._bytes:
            return '[invalid address]'
        host = self._host() if self._is_v4 else f'[{self._host()}]'
        return f'{host}:{self._port}' if self._port else host

    def __repr__(self) -> str:
        return f"<SockAddr '{self}'>"


def parse_ip(text: str) -> Optional[bytes]:
    """The bytes of an address; None for what is none."""
    for family in _SIZES:
        try:
            return socket.inet_pton(family, text)
        except OSError:
            pass
    return None
