# SPDX-License-Identifier: MIT
"""OpenDHT for asyncio:

async with dht.DhtRunner(bootstrap=[('bootstrap.example.org', None)]) as node:
    await node.put(dht.InfoHash.get('key'), dht.Value(b'data'))
    values = await node.getAll(dht.InfoHash.get('key'))
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, Awaitable, Callable, Iterable, List, Optional, Tuple, Union

from . import _runner
from ._addresses import SockAddr
from ._aio_streams import GetStream, Listener
from ._certificates import Identity, key_id
from ._check import expect
from ._config import DhtConfig
from ._errors import BridgeError, DhtError
from ._hashes import InfoHash, PkId
from ._keys import PublicKey
from ._loops import call_async
from ._queries import Where
from ._values import Value, ValueType

Hosts = Iterable[Tuple[str, Optional[str]]]
Predicate = Callable[[Value], Union[bool, Awaitable[bool]]]


class DhtRunner:
    """A node of the network, for one asyncio loop. What is not here is the same as in
    `opendht.DhtRunner`, which does the work.
    """

    def __init__(
        self,
        *,
        loop: Optional[asyncio.AbstractEventLoop] = None,
        core: Optional[_runner.DhtRunner] = None,
        config: Optional[DhtConfig] = None,
        bootstrap: Optional[Hosts] = None,
        proxy: Optional[str] = None,
    ) -> None:
        """`core` is a runner to wrap, `bootstrap` names hosts to join the network through, as
        (host, port) with a port of None for the default one. `loop` is that of what `get` and
        `listen` return, by default the running one.
        """
        self._loop = loop
        self._core = core if core is not None else _runner.DhtRunner(proxy)
        self._config = config
        self._hosts = list(bootstrap or ())

    def run(
        self,
        id: Optional[Identity] = None,
        is_bootstrap: bool = False,
        port: int = 0,
        ipv4: str = '',
        ipv6: str = '',
        config: Optional[DhtConfig] = None,
    ) -> None:
        """As `opendht.DhtRunner.run`. Takes a moment; `async with` does not hold the loop up."""
        used = config if config is not None else self._config
        self._core.run(id, is_bootstrap, port, ipv4, ipv6, used)
        for host, service in self._hosts:
            self._core.bootstrap(host, service)

    def bootstrap(self, host: str, port: Optional[str] = None) -> None:
        """Names a node to join the network through."""
        self._core.bootstrap(host, port)

    async def ping(self, addr: SockAddr) -> bool:
        """Whether a node answers at an address."""
        expect('addr', addr, SockAddr)
        node = self._core._usable()
        if node is None or addr._ip is None:
            return False
        parameters = [node.handle, str(addr._ip), addr.getPort()]
        try:
            return bool(await call_async(node.link, 'node.ping', parameters))
        except DhtError:
            return False

    def get(
        self,
        key: InfoHash,
        *,
        where: Optional[Where] = None,
        filter: Optional[Callable[[Value], bool]] = None,
    ) -> GetStream:
        """Starts a search; iterate over what it returns, best within `with`, whose end cancels it.

        Raises RuntimeError at the end when the search failed.
        """
        expect('key', key, InfoHash)
        if where is not None:
            expect('where', where, Where)
        conditions = where._packed() if where is not None else None
        node = self._core._usable()
        stream = GetStream(self._loop or asyncio.get_running_loop(), filter)
        if node is None or not key:
            stream.fail(RuntimeError('DHT get failed'))
        else:
            stream.start(node.link, 'node.get', [node.handle, bytes(key), conditions, False])
        return stream

    async def getAll(
        self,
        key: InfoHash,
        *,
        where: Optional[Where] = None,
        filter: Optional[Callable[[Value], bool]] = None,
    ) -> List[Value]:
        """All values under a key. Raises as `get` does."""
        with self.get(key, where=where, filter=filter) as values:
            return [value async for value in values]

    async def getFirst(
        self,
        key: InfoHash,
        *,
        where: Optional[Where] = None,
        predicate: Optional[Predicate] = None,
        filter: Optional[Callable[[Value], bool]] = None,
    ) -> Optional[Value]:
        """The first value that `predicate` accepts, at once or as a coroutine; None without one."""
        with self.get(key, where=where, filter=filter) as values:
            async for value in values:
                verdict = True if predicate is None else predicate(value)
                if inspect.isawaitable(verdict):
                    verdict = await verdict
                if verdict:
                    return value
        return None

    async def put(self, key: InfoHash, value: Value, *, permanent: bool = False) -> bool:
        """Stores a value, once or, if permanent, until it is cancelled; whether others have it.

        Cancelling the task withdraws the value.
        """
        return await self._put('node.put', [], (key, value), permanent)

    async def putSigned(self, key: InfoHash, value: Value, *, permanent: bool = False) -> bool:
        """As `put`, signed with the key of this node."""
        return await self._put('node.putSigned', [], (key, value), permanent)

    async def putEncrypted(
        self, key: InfoHash, to: Union[PublicKey, PkId], value: Value, *, permanent: bool = False
    ) -> bool:
        """As `putSigned`, for one reader. Mind the order of the arguments."""
        return await self._put('node.putEncrypted', [key_id('to', to)], (key, value), permanent)

    async def _put(
        self, method: str, to: List[bytes], what: Tuple[InfoHash, Value], permanent: bool
    ) -> bool:
        key, value = what
        expect('key', key, InfoHash)
        expect('value', value, Value)
        node = self._core._usable()
        if node is None or not key:
            return False
        value._choose_id()
        parameters = [node.handle, bytes(key), *to, value._packed(), bool(permanent)]
        try:
            value._stored(await call_async(node.link, method, parameters))
            return True
        except DhtError as error:
            _runner.log.debug('%s', error)
            return False

    def listen(self, key: InfoHash) -> Listener:
        """Iterate over what it returns for (value, expired), best within `with`, whose end cancels
        it.
        """
        expect('key', key, InfoHash)
        node = self._core._usable()
        listener = Listener(self._loop or asyncio.get_running_loop())
        if node is None or not key:
            listener.cancel()
        else:
            listener.start(node.link, 'node.listen', [node.handle, bytes(key), None])
        return listener

    async def cancelListen(self, listener: Listener) -> None:
        """Ends a listen, as its `cancel` does."""
        expect('listener', listener, Listener)
        listener.cancel()

    async def shutdown(self) -> None:
        """Lets operations under way end, and refuses further ones."""
        node = self._core._node
        if node is None:
            return
        node.is_stopping = True
        await call_async(node.link, 'node.shutdown', [node.handle])

    async def join(self) -> None:
        """Ends the node."""
        await _in_thread(self._core.join)

    async def __aenter__(self) -> DhtRunner:
        if not self._core.isRunning():
            try:
                await _in_thread(self.run)
            except asyncio.CancelledError:
                await self.join()
                raise
        return self

    async def __aexit__(self, *_: Any) -> None:
        if not self._core.isRunning():
            return
        try:
            await self.shutdown()
        except BridgeError:
            pass  # the process is gone: there is nothing left to end
        finally:
            await self.join()

    def __str__(self) -> str:
        return str(self._core)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('_'):
            raise AttributeError(name)
        return getattr(self._core, name)


async def _in_thread(function: Callable[[], None]) -> None:
    """A cancellation waits for the thread: what it does cannot be left half done."""
    task = asyncio.get_running_loop().run_in_executor(None, function)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


__all__ = [
    'DhtConfig',
    'DhtRunner',
    'GetStream',
    'Identity',
    'InfoHash',
    'Listener',
    'PkId',
    'PublicKey',
    'SockAddr',
    'Value',
    'ValueType',
    'Where',
]
