# SPDX-License-Identifier: MIT
"""Socket addresses as the network uses them."""

from __future__ import annotations

import ipaddress
import socket
from typing import List, Optional, Union

from ._check import expect, expect_uint

_Ip = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
_ANY = {socket.AF_INET: '0.0.0.0', socket.AF_INET6: '::'}


class SockAddr:
    """IP address and port; empty until a family is set."""

    __slots__ = ('_ip', '_port')

    def __init__(self) -> None:
        self._ip: Optional[_Ip] = None
        self._port = 0

    @classmethod
    def _of(cls, host: str, port: int) -> SockAddr:
        made = cls()
        made._ip = ipaddress.ip_address(host.split('%')[0])
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
        if self._ip is None:
            return 0
        return int(socket.AF_INET if self._ip.version == 4 else socket.AF_INET6)

    def setFamily(self, af: int) -> None:
        """Forgets the address: the new one is that of no host in particular."""
        family = expect_uint('af', af, 16)
        if family == 0:
            self._ip = None
        elif family in _ANY:
            self._ip = ipaddress.ip_address(_ANY[socket.AddressFamily(family)])
        else:
            raise ValueError(f"Argument 'af' must be AF_INET or AF_INET6: got {af}")

    def getPort(self) -> int:
        return self._port if self._ip is not None else 0

    def setPort(self, p: int) -> None:
        """Without effect on an empty one."""
        port = expect_uint('p', p, 16)
        self._port = port if self._ip is not None else 0

    def isLoopback(self) -> bool:
        return self._ip is not None and self._ip.is_loopback

    def isPrivate(self) -> bool:
        """Whether it is one of a local network or of this host."""
        if self._ip is None:
            return False
        if self._ip.version == 6:
            return self._ip.is_loopback or self._ip.packed[0] == 0xFC
        return any(self._ip in network for network in _PRIVATE)

    def isUnspecified(self) -> bool:
        """Whether it names no host: empty, or the address of all interfaces."""
        return self._ip is None or self._ip.is_unspecified

    def toString(self) -> bytes:
        return str(self).encode()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SockAddr):
            return NotImplemented
        return self._ip == other._ip and self.getPort() == other.getPort()

    def __hash__(self) -> int:
        return hash((self._ip, self.getPort()))

    def __str__(self) -> str:
        if self._ip is None:
            return '[invalid address]'
        host = f'[{self._ip}]' if self._ip.version == 6 else str(self._ip)
        return f'{host}:{self._port}' if self._port else host

    def __repr__(self) -> str:
        return f"<SockAddr '{self}'>"


_PRIVATE = [
    ipaddress.ip_network(it)
    for it in ('127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16')
]
