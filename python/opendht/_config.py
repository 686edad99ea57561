# SPDX-License-Identifier: MIT
"""What can be set for a node before it runs."""

from __future__ import annotations

import socket
from typing import Any, Dict, Optional, Union

from ._addresses import SockAddr, parse_ip
from ._certificates import Certificate, Identity
from ._check import expect, expect_uint
from ._hashes import InfoHash


class DhtConfig:
    """Settings of a node, given to `DhtRunner.run`, which takes a copy."""

    __slots__ = ('_fields', '_identity', '_proxy')

    def __init__(self) -> None:
        self._fields: Dict[str, Any] = {}
        self._identity: Optional[Identity] = None
        self._proxy: Optional[Dict[str, Any]] = None

    def setIdentity(self, id: Identity) -> None:
        """Lets the node sign and decrypt; its id follows from it unless one is set."""
        expect('id', id, Identity)
        self._identity = id

    def setBootstrapMode(self, bootstrap: bool) -> None:
        """For well-known entry nodes."""
        self._fields['bootstrapMode'] = bool(bootstrap)

    def setNodeId(self, id: InfoHash) -> None:
        """The id in the network, by default a random one."""
        expect('id', id, InfoHash)
        self._fields['id'] = bytes(id) if id else None

    def setNetwork(self, netid: int) -> None:
        """Nodes of other networks are ignored; 0 is the public one."""
        self._fields['network'] = expect_uint('netid', netid, 32)

    def setMaintainStorage(self, maintain_storage: bool) -> None:
        """Hand values over to nodes that are closer."""
        self._fields['maintainStorage'] = bool(maintain_storage)

    def setRateLimit(self, max_req_per_sec: int, max_peer_req_per_sec: int) -> None:
        """Requests per second that are answered, of all and of each peer; -1 for no limit."""
        for name, limit in (
            ('max_req_per_sec', max_req_per_sec),
            ('max_peer_req_per_sec', max_peer_req_per_sec),
        ):
            expect(name, limit, int)
            if limit < -1:
                raise ValueError(f"Argument '{name}' must be -1 or more: got {limit}")
        self._fields['maxRequests'] = max_req_per_sec or None
        self._fields['maxPeerRequests'] = max_peer_req_per_sec or None

    def setProxyInfo(
        self,
        proxy_server: str,
        push_node_id: str = '',
        push_token: str = '',
        push_topic: str = '',
        push_platform: str = '',
        user_agent: str = '',
        server_ca: Optional[Certificate] = None,
    ) -> None:
        """Use a node elsewhere, through its REST interface, instead of an own one."""
        self._proxy = proxy_fields(
            proxy_server, push_node_id, push_token, push_topic, push_platform, user_agent
        )
        if server_ca is not None:
            expect('server_ca', server_ca, Certificate)
            if server_ca._public is not None:
                self._proxy['server_ca'] = bytes(server_ca)

    def setPeerDiscovery(self, peer_discovery: bool, peer_publish: bool) -> None:
        """Find nodes on the local network, and be found there."""
        self._fields['discovery'] = [bool(peer_discovery), bool(peer_publish)]

    def setBound(self, bind4: Union[SockAddr, str], bind6: Union[SockAddr, str]) -> None:
        """Addresses to bind; an empty one does without the family, two are the default. The port is
        that of `run`.
        """
        self._fields.update(bind_fields(_bind_host('bind4', bind4), _bind_host('bind6', bind6)))

    def _packed(self, port: int, ipv4: str, ipv6: str, identity: Optional[Identity]) -> Any:
        """For the engine."""
        fields = {**self._fields, 'port': port}
        if ipv4 or ipv6:
            fields.update(bind_fields(ipv4, ipv6))
        if self._proxy is not None and self._proxy['proxy_server']:
            fields['proxy'] = self._proxy
        used = identity or self._identity
        fields['identity'] = used._packed() if used is not None else None
        return fields


def proxy_fields(
    proxy_server: str,
    push_node_id: str = '',
    push_token: str = '',
    push_topic: str = '',
    push_platform: str = '',
    user_agent: str = '',
) -> Dict[str, Any]:
    """For the engine, by the names of `DhtConfig.setProxyInfo`."""
    texts: Dict[str, Any] = {
        'proxy_server': proxy_server,
        'push_node_id': push_node_id,
        'push_token': push_token,
        'push_topic': push_topic,
        'push_platform': push_platform,
        'user_agent': user_agent,
    }
    for name, text in texts.items():
        expect(name, text, str)
    return texts


def bind_fields(ipv4: str, ipv6: str) -> Dict[str, Any]:
    """An empty address leaves the family out; without any, both are bound."""
    expect('ipv4', ipv4, str)
    expect('ipv6', ipv6, str)
    if not ipv4 and not ipv6:
        return {'bind4': None, 'bind6': None}
    return {
        'bind4': _literal(ipv4, socket.AF_INET) if ipv4 else False,
        'bind6': _literal(ipv6, socket.AF_INET6) if ipv6 else False,
    }


def _bind_host(name: str, address: Union[SockAddr, str]) -> str:
    expect(name, address, (SockAddr, str))
    if isinstance(address, str):
        return address
    return address._host() if address.getFamily() else ''


def _literal(host: str, family: socket.AddressFamily) -> str:
    """Names are resolved here. Raises OSError when that fails."""
    if parse_ip(host) is not None:
        return host
    found = socket.getaddrinfo(host, None, family, socket.SOCK_DGRAM)
    return str(found[0][4][0])
