# SPDX-License-Identifier: MIT
"""What both runners ask of the engine: arguments are checked here, and packed."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple, Union

from ._addresses import SockAddr
from ._check import expect
from ._connection import Connection
from ._hashes import InfoHash, PkId
from ._information import NodeInformation
from ._keys import PublicKey
from ._operations import call_blocking
from ._queries import Where
from ._running import RunningNode
from ._values import Value


class Request:
    """A call that is ready to be started."""

    __slots__ = ('node', 'call')

    def __init__(self, node: RunningNode, method: str, *parameters: Any) -> None:
        self.node = node
        # What the starting of sinks and streams takes.
        self.call: Tuple[Connection, str, List[Any]] = (
            node.link,
            method,
            [node.handle, *parameters],
        )

    def wait(self) -> Any:
        """The result, or raises what the call failed with."""
        link, method, parameters = self.call
        return call_blocking(method, *parameters, link=link)


# Each returns None for what cannot be started: the node does not run, or the key is zero. All raise
# BridgeError when the process of the node is gone.


def ping_request(runner: NodeInformation, addr: SockAddr) -> Optional[Request]:
    expect('addr', addr, SockAddr)
    node = runner._usable()
    if node is None or not addr.getFamily():
        return None
    return Request(node, 'node.ping', addr._host(), addr.getPort())


def get_request(
    runner: NodeInformation, key: InfoHash, where: Optional[Where], wants_nodes: bool
) -> Optional[Request]:
    expect('key', key, InfoHash)
    if where is not None:
        expect('where', where, Where)
    conditions = where._packed() if where is not None else None
    node = runner._usable()
    if node is None or not key:
        return None
    return Request(node, 'node.get', bytes(key), conditions, wants_nodes)


def listen_request(runner: NodeInformation, key: InfoHash) -> Optional[Request]:
    expect('key', key, InfoHash)
    node = runner._usable()
    return Request(node, 'node.listen', bytes(key), None) if node is not None and key else None


def put_request(
    runner: NodeInformation, call: List[Any], what: Tuple[InfoHash, Value], permanent: bool
) -> Optional[Request]:
    """`call` is the kind of put, and what it needs to know. The value has an id after that."""
    key, value = what
    expect('key', key, InfoHash)
    expect('val', value, Value)
    node = runner._usable()
    if node is None or not key:
        return None
    value._choose_id()
    method, *extra = call
    return Request(node, method, bytes(key), *extra, value._packed(), bool(permanent))


PUT = ['node.put']
PUT_SIGNED = ['node.putSigned']


def put_encrypted(to: Union[PublicKey, PkId]) -> List[Any]:
    if to is None:
        raise ValueError("Argument 'to' must not be None")
    if isinstance(to, PublicKey):
        return ['node.putEncrypted', to._key()]
    expect('to', to, (PublicKey, PkId))
    return ['node.putEncrypted', bytes(to)]
