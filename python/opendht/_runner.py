# SPDX-License-Identifier: MIT
"""The node, as programs know it that block or that give callbacks."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Tuple, Union

from ._addresses import SockAddr
from ._certificates import Identity
from ._check import expect, expect_callable
from ._config import DhtConfig, proxy_fields
from ._dispatch import run_guarded
from ._errors import BridgeError, CryptoError, DhtError
from ._hashes import InfoHash, PkId
from ._information import NodeInformation
from ._keys import PublicKey
from ._log import debug, warning
from ._nodes import NodeEntry, nodes_of
from ._operations import BlockingSink, CallbackSink, call_blocking, is_cancelled
from ._process import connection
from ._queries import Where
from ._requests import (
    PUT,
    PUT_SIGNED,
    Request,
    get_request,
    listen_request,
    ping_request,
    put_encrypted,
    put_request,
)
from ._running import RunningNode, StartSink, close_later, close_unused
from ._values import Value, ValueType

DoneCallback = Callable[[bool, List[NodeEntry]], Any]
GetCallback = Callable[[Value], bool]
ListenCallback = Callable[[Value, bool], Any]

DEFAULT_PORT = '4222'


class ListenToken:
    """Names a listen for `DhtRunner.cancelListen`."""

    __slots__ = ('_sink',)

    def __init__(self) -> None:
        self._sink: Optional[CallbackSink] = None


class DhtRunner(NodeInformation):
    """A node of the network. Idle until `run`; all methods may be called from any thread.

    Callbacks run on a thread for them, one at a time unless one takes long. What they raise is
    reported as for threads, and ends the operation that they belong to.

    With `proxy`, the URL of a REST proxy, a node elsewhere does the work, and there are no sockets.
    """

    def __init__(self, proxy: Optional[str] = None) -> None:
        if proxy is not None:
            expect('proxy', proxy, str)
        self._proxy = proxy
        self._node: Optional[RunningNode] = None
        self._hosts: List[str] = []
        self._identity: Optional[Identity] = None

    def __del__(self) -> None:
        node = getattr(self, '_node', None)
        if node is not None:
            close_later(node)

    # Life cycle

    def run(
        self,
        id: Optional[Identity] = None,
        is_bootstrap: bool = False,
        port: int = 0,
        ipv4: str = '',
        ipv6: str = '',
        config: Optional[DhtConfig] = None,
    ) -> None:
        """Opens the sockets, and joins the network through the hosts given to `bootstrap`.

        Port 0 is one that the system chooses. With one of the addresses, only its family is bound.
        Raises DhtError, a RuntimeError, with the code ERR_DHT_BIND. `is_bootstrap` has no effect:
        see `DhtConfig.setBootstrapMode`.
        """
        if self.isRunning():
            warning('run() has no effect: the node is running')
            return
        fields, identity = self._start_fields(id, port, ipv4, ipv6, config)
        link = connection()
        close_unused()
        sink = StartSink(link)
        try:
            self._node = sink.wait_for_node(fields)
            self._identity = identity
        except BaseException:
            self._node = self._identity = None
            sink.abandon()
            raise

    def _start_fields(
        self, id: Optional[Identity], port: int, ipv4: str, ipv6: str, config: Optional[DhtConfig]
    ) -> Tuple[Any, Optional[Identity]]:
        if id is not None:
            expect('id', id, Identity)
        expect('port', port, int)
        if not 0 <= port <= 0xFFFF:
            raise OverflowError(f"Argument 'port' must be 0 to 65535: got {port}")
        if config is not None:
            expect('config', config, DhtConfig)
        used = config or DhtConfig()
        identity = id or used._identity
        fields = used._packed(port, ipv4, ipv6, id)
        fields['bootstrap'] = self._hosts
        if self._proxy is not None:
            fields['proxy'] = proxy_fields(self._proxy)
        return fields, identity

    def isRunning(self) -> bool:
        """From `run` until `join`, unless the process of the node has ended."""
        return self._node is not None and self._node.link.is_open

    def shutdown(self, shutdown_cb: Optional[Callable[[], Any]] = None) -> None:
        """Lets operations under way end, and refuses further ones. The callback says when it is
        done; `join` comes after that.
        """
        expect_callable('shutdown_cb', shutdown_cb)
        node = self._node
        if node is None:
            if shutdown_cb is not None:
                shutdown_cb()
            return
        node.is_stopping = True

        def on_end(_result: Any, _error: Optional[Exception]) -> None:
            if shutdown_cb is not None:
                shutdown_cb()

        CallbackSink(on_end).start(node.link, 'node.shutdown', [node.handle])

    def join(self) -> None:
        """Ends the node. No callback of it begins after that, and `run` may be called again."""
        node = self._node
        if node is None:
            return
        self._node = None
        self._hosts = []
        self._identity = None
        node.is_closed = node.is_stopping = True
        try:
            call_blocking('node.close', node.handle, link=node.link)
        except BridgeError:
            pass  # the process is gone, and the node with it

    # The network

    def bootstrap(self, host: str, port: Optional[str] = None) -> None:
        """Names a node to join the network through. Before `run`, it is kept for that."""
        expect('host', host, str)
        if port is not None:
            expect('port', port, str)
        name = host_port(host, port or DEFAULT_PORT)
        node = self._usable()
        if node is not None:
            call_blocking('node.bootstrap', node.handle, name, link=node.link)
        elif self._node is None:
            self._hosts.append(name)

    def clearBootstrap(self) -> None:
        """Forgets the hosts that were named."""
        self._hosts = []
        self._tell('node.clearBootstrap')

    def connectivityChanged(self) -> None:
        """To be called when this computer got another address."""
        self._tell('node.connectivityChanged')

    def ping(
        self, addr: SockAddr, done_cb: Optional[Callable[[bool], Any]] = None
    ) -> Optional[bool]:
        """Whether a node answers at an address. With a callback, that is told instead."""
        expect_callable('done_cb', done_cb)
        request = ping_request(self, addr)
        if done_cb is None:
            try:
                return request is not None and bool(request.wait())
            except DhtError:
                return False
        if request is None:
            done_cb(False)
            return None

        def on_end(result: Any, error: Optional[Exception]) -> None:
            if not request.node.is_closed:
                done_cb(error is None and bool(result))

        CallbackSink(on_end).start(*request.call)
        return None

    # Values

    def get(
        self,
        key: InfoHash,
        get_cb: Optional[GetCallback] = None,
        done_cb: Optional[DoneCallback] = None,
        filter: Optional[Callable[[Value], bool]] = None,
        where: Optional[Where] = None,
    ) -> Optional[List[Value]]:
        """Values under a key: those stored here, then those of the network.

        With `get_cb`, each goes there as it comes, until it returns false; `done_cb(ok, nodes)` is
        called at the end. Without, waits for all and returns them, perhaps none. `filter` is asked
        for each value; what does not fit `where` is not even sent by others.
        """
        for name, callback in (('get_cb', get_cb), ('done_cb', done_cb), ('filter', filter)):
            expect_callable(name, callback)
        request = get_request(self, key, where, done_cb is not None)
        accepts = filter or (lambda _value: True)
        if get_cb is None:
            return _get_blocking(request, accepts) if request is not None else []
        if request is None:
            self._refused(done_cb)
            return None
        node = request.node

        def on_item(item: Any) -> bool:
            value = Value._of(item)
            return node.is_closed or not accepts(value) or bool(get_cb(value))

        sink = CallbackSink(_done(node, done_cb, lambda: sink), on_item)
        sink.start(*request.call)
        return None

    def put(
        self,
        key: InfoHash,
        val: Value,
        done_cb: Optional[DoneCallback] = None,
        permanent: bool = False,
    ) -> Optional[bool]:
        """Stores a value here and in the network, once or, if permanent, until it is cancelled.

        Waits, and returns whether others have it; with a callback, `done_cb(ok, nodes)` tells that.
        """
        return self._put(PUT, (key, val), done_cb, permanent)

    def putSigned(
        self,
        key: InfoHash,
        val: Value,
        done_cb: Optional[DoneCallback] = None,
        permanent: bool = False,
    ) -> Optional[bool]:
        """As `put`, signed with the key of this node, which alone can change the value then."""
        return self._put(PUT_SIGNED, (key, val), done_cb, permanent)

    def putEncrypted(
        self,
        key: InfoHash,
        val: Value,
        to: Union[PublicKey, PkId],
        done_cb: Optional[DoneCallback] = None,
        permanent: bool = False,
    ) -> Optional[bool]:
        """As `putSigned`, for one reader: a public key, or the long id of one that is published."""
        return self._put(put_encrypted(to), (key, val), done_cb, permanent)

    def _put(
        self,
        call: List[Any],
        what: Tuple[InfoHash, Value],
        done_cb: Optional[DoneCallback],
        permanent: bool,
    ) -> Optional[bool]:
        expect_callable('done_cb', done_cb)
        request = put_request(self, call, what, permanent)
        if request is None:
            return self._refused(done_cb)
        value = what[1]
        if done_cb is None:
            try:
                value._stored(request.wait())
                return True
            except DhtError as error:
                debug('%s', error)
                return False

        def on_end(result: Any, error: Optional[Exception]) -> None:
            if error is None:
                value._stored(result)
            else:
                debug('%s', error)
            if not request.node.is_closed:
                done_cb(error is None, nodes_of(result[3]) if error is None else [])

        CallbackSink(on_end).start(*request.call)
        return None

    def cancelPut(self, key: InfoHash, val: Value) -> None:
        """Ends the announcing of a value, found by its id; what others have of it expires."""
        expect('key', key, InfoHash)
        expect('val', val, Value)
        if key:
            self._tell('node.cancelPut', bytes(key), val.id)

    def listen(self, key: InfoHash, value_cb: ListenCallback) -> ListenToken:
        """Calls `value_cb(value, expired)` for the values under a key, now and whenever that
        changes, until `cancelListen`. What it returns or raises does not end it, as in C++.
        """
        if not callable(value_cb):
            raise TypeError(f"Argument 'value_cb' must be callable: got {type(value_cb).__name__}")
        token = ListenToken()
        request = listen_request(self, key)
        if request is None:
            return token
        node = request.node

        def on_item(item: Any) -> bool:
            if not node.is_closed:
                run_guarded(lambda: value_cb(Value._of(item[0]), item[1]))
            return True

        def on_end(_result: Any, error: Optional[Exception]) -> None:
            if error is not None and not is_cancelled(error):
                warning('A listen ended: %s', error)

        token._sink = CallbackSink(on_end, on_item)
        token._sink.start(*request.call)
        return token

    def cancelListen(self, token: ListenToken) -> None:
        """Ends a listen. Its callback is not called any more."""
        expect('token', token, ListenToken)
        if token._sink is not None:
            token._sink.stop()

    def registerType(self, type: ValueType) -> None:
        """Lets this node keep values of a type for as long as the type says."""
        expect('type', type, ValueType)
        self._tell('node.registerType', type._id, type._name, 1000 * type._seconds)

    def _refused(self, done_cb: Optional[Callable[[bool, List[NodeEntry]], Any]]) -> Optional[bool]:
        """What comes of an operation that cannot be started."""
        if done_cb is None:
            return False
        done_cb(False, [])
        return None


def _get_blocking(request: Request, accepts: Callable[[Value], bool]) -> List[Value]:
    values: List[Value] = []

    def on_item(item: Any) -> None:
        value = Value._of(item)
        if accepts(value):
            values.append(value)

    sink = BlockingSink(on_item)
    link, method, parameters = request.call
    try:
        sink.wait(link, link.call(method, parameters, sink))
    except CryptoError:
        raise
    except DhtError as error:
        debug('%s', error)
    return values


def _done(
    node: RunningNode, done_cb: Optional[DoneCallback], sink: Callable[[], CallbackSink]
) -> Callable[[Any, Optional[Exception]], None]:
    """A get that its callback stopped has not failed."""

    def on_end(result: Any, error: Optional[Exception]) -> None:
        if error is not None:
            debug('%s', error)
        if done_cb is not None and not node.is_closed:
            is_ok = error is None or (is_cancelled(error) and sink()._is_stopped)
            done_cb(is_ok, nodes_of(result or []))

    return on_end


def host_port(host: str, port: str) -> str:
    """As the engine takes it. Several colons are an address of IPv6."""
    bare = host[1:-1] if host.startswith('[') and host.endswith(']') else host
    return f'[{bare}]:{port}' if ':' in bare else f'{bare}:{port}'
