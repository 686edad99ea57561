# SPDX-License-Identifier: MIT
"""What a node tells about itself: the half of DhtRunner that starts no operations."""

from __future__ import annotations

import os
import socket
from typing import Any, List, Optional, Union

from ._addresses import SockAddr
from ._certificates import Certificate, Identity
from ._check import expect
from ._hashes import InfoHash, WithId
from ._keys import PublicKey
from ._operations import call_blocking
from ._running import RunningNode

_Families = Union[int, socket.AddressFamily]


class NodeInformation(WithId):
    """Empty answers come from a node that does not run."""

    _node: Optional[RunningNode]
    _identity: Optional[Identity]

    def getId(self) -> InfoHash:
        """Id of the own public key; zero without an identity."""
        key = self._own_key()
        return key.getId() if key is not None else InfoHash()

    def getPublicKey(self) -> PublicKey:
        """The own public key; one that is not initialised without an identity."""
        return self._own_key() or PublicKey()

    def getNodeId(self) -> InfoHash:
        """Id of the node; zero when it does not run."""
        return InfoHash._of(self._node.id) if self._node else InfoHash()

    def getBound(self, af: _Families = 0) -> SockAddr:
        """Own address of a family, IPv4 by default; empty when there is none."""
        expect('af', af, int)
        wanted = 6 if af == socket.AF_INET6 else 4
        for bound, host, port in self._node.addresses if self._node else []:
            if bound == wanted:
                return SockAddr._of(host, port)
        return SockAddr()

    def getPublicAddress(self) -> List[str]:
        """Own addresses as others see them."""
        return list(self._ask([], 'node.publicAddresses'))

    def getStorageLog(self) -> str:
        """What is stored here, for people."""
        return str(self._ask('', 'node.state', 'storage', 0))

    def getRoutingTablesLog(self, af: _Families = 0) -> str:
        """The nodes that this one knows, for people."""
        return str(self._ask('', 'node.state', 'routing', _family_number(af)))

    def getSearchesLog(self, af: _Families = 0) -> str:
        """Which nodes are asked for which keys, for people."""
        return str(self._ask('', 'node.state', 'searches', _family_number(af)))

    def getNodeMessageStats(self) -> List[int]:
        """Requests sent since the last call: pings, finds, gets, listens, puts."""
        return list(self._ask([0, 0, 0, 0, 0], 'node.messages'))

    def enableLogging(self) -> None:
        """Writes what the node does to standard error."""
        self._tell('node.log', True)

    def enableFileLogging(self, path: str) -> None:
        """Appends what the node does to a file."""
        expect('path', path, str)
        self._tell('node.log', os.path.abspath(path))

    def disableLogging(self) -> None:
        """Writes nothing any more."""
        self._tell('node.log', None)

    def _own_key(self) -> Optional[PublicKey]:
        certificate: Optional[Certificate] = self._identity.certificate if self._identity else None
        return PublicKey._of(certificate._key()) if certificate is not None else None

    def _usable(self) -> Optional[RunningNode]:
        """The node if it takes operations. Raises BridgeError when its process is gone."""
        node = self._node
        if node is None or node.is_stopping:
            return None
        node.link.check_open()
        return node

    def _tell(self, method: str, *parameters: Any) -> None:
        self._ask(None, method, *parameters)

    def _ask(self, default: Any, method: str, *parameters: Any) -> Any:
        node = self._usable()
        if node is None:
            return default
        return call_blocking(method, node.handle, *parameters, link=node.link)


def _family_number(family: _Families) -> int:
    expect('af', family, int)
    return {0: 0, int(socket.AF_INET): 4, int(socket.AF_INET6): 6}.get(int(family), 0)
