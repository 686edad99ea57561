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
from ._certificates import Identity
from ._check import expect
from ._config import DhtConfig
from ._errors import BridgeError, DhtError
from ._hashes import InfoHash, PkId
from ._keys import PublicKey
from ._log import debug
from ._loops import call_async
from ._queries import Where
from ._requests import (
    PUT,
    PUT_SIGNED,
    get_request,
    listen_request,
    ping_request,
    put_encrypted,
    put_request,
)
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
        request = ping_request(self._core, addr)
        try:
            return request is not None and bool(await call_async(*request.call))
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
        request = get_request(self._core, key, where, False)
        stream = GetStream(self._loop or asyncio.get_running_loop(), filter)
        if request is None:
            stream.fail(RuntimeError('DHT get failed'))
        else:
            stream.start(*request.call)
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

    async def put(self, key: InfoHash, val: Value, *, permanent: bool = False) -> bool:
        """Stores a value, once or, if permanent, until it is cancelled; whether others have it.

        Cancelling the task withdraws the value.
        """
        return await self._put(PUT, (key, val), permanent)

    async def putSigned(self, key: InfoHash, val: Value, *, permanent: bool = False) -> bool:
        """As `put`, signed with the key of this node."""
        return await self._put(PUT_SIGNED, (key, val), permanent)

    async def putEncrypted(
        self, key: InfoHash, to: Union[PublicKey, PkId], val: Value, *, permanent: bool = False
    ) -> bool:
        """As `putSigned`, for one reader. Mind the order of the arguments."""
        return await self._put(put_encrypted(to), (key, val), permanent)

    async def _put(self, call: List[Any], what: Tuple[InfoHash, Value], permanent: bool) -> bool:
        request = put_request(self._core, call, what, permanent)
        if request is None:
            return False
        try:
            what[1]._stored(await call_async(*request.call))
            return True
        except DhtError as error:
            debug('%s', error)
            return False

    def listen(self, key: InfoHash) -> Listener:
        """Iterate over what it returns for (value, expired), best within `with`, whose end cancels
        it.
        """
        request = listen_request(self._core, key)
        listener = Listener(self._loop or asyncio.get_running_loop())
        if request is None:
            listener.cancel()
        else:
            listener.start(*request.call)
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
