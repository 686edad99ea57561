# SPDX-License-Identifier: MIT
"""What a get and a listen return for asyncio: iterators that are also contexts, whose end is the
end of the operation.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable, Deque, Generic, List, Optional, Tuple, TypeVar

from ._connection import Connection
from ._errors import BridgeError
from ._loops import LoopSink
from ._operations import is_cancelled
from ._values import Value

Item = TypeVar('Item')
S = TypeVar('S', bound='_Stream[Any]')
# As many are taken before the engine is told that there is room for more.
_GRANTED_AT_ONCE = 32


class _Stream(Generic[Item]):
    """Results as they come. Who reads slowly makes the engine wait, not this process grow."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: Deque[Any] = deque()
        self._readers: Deque[asyncio.Future[None]] = deque()
        self._link: Optional[Connection] = None
        self._number = 0
        self._taken = 0
        self._is_ended = False
        self._error: Optional[BaseException] = None

    def start(self, link: Connection, method: str, parameters: List[Any]) -> None:
        """For the runner."""
        self._link = link
        sink = LoopSink(self._loop, self._on_end, self._on_items)
        self._number = link.call(method, parameters, sink)

    def fail(self, error: BaseException) -> None:
        """For the runner: ends it behind what is queued."""
        self._is_ended = True
        self._error = error
        self._wake()

    def cancel(self) -> None:
        """Ends the operation. Nothing is delivered any more, and whoever waits stops waiting."""
        self._queue.clear()
        self._error = None
        if not self._is_ended and self._link is not None:
            self._link.cancel(self._number)
        self._is_ended = True
        self._wake()

    def __enter__(self: S) -> S:
        return self

    def __exit__(self, *_: Any) -> None:
        self.cancel()

    def __aiter__(self: S) -> S:
        return self

    async def __anext__(self) -> Item:
        while True:
            while self._queue:
                item = self._queue.popleft()
                self._grant()
                try:
                    unpacked = self._unpack(item)
                except BaseException:
                    self.cancel()
                    raise
                if unpacked is not None:
                    return unpacked
            if self._is_ended:
                error, self._error = self._error, None
                if error is not None:
                    raise error
                raise StopAsyncIteration
            reader: asyncio.Future[None] = self._loop.create_future()
            self._readers.append(reader)
            await reader

    def _unpack(self, item: Any) -> Optional[Item]:
        raise NotImplementedError

    def _grant(self) -> None:
        self._taken += 1
        if self._taken >= _GRANTED_AT_ONCE and self._link is not None and not self._is_ended:
            self._link.grant(self._number, self._taken)
            self._taken = 0

    def _on_items(self, items: List[Any]) -> None:
        if self._is_ended:
            return
        self._queue.extend(items)
        self._wake()

    def _on_end(self, _result: Any, error: Optional[Exception]) -> None:
        if self._is_ended:
            return
        if error is None or is_cancelled(error):
            self._is_ended = True
            self._wake()
        else:
            self.fail(self._describe(error))

    def _describe(self, error: Exception) -> BaseException:
        return error

    def _wake(self) -> None:
        while self._readers:
            reader = self._readers.popleft()
            if not reader.done():
                reader.set_result(None)


class GetStream(_Stream[Value]):
    """Values of a get."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, accepts: Optional[Callable[[Value], bool]] = None
    ) -> None:
        if accepts is not None and not callable(accepts):
            raise TypeError(f"Argument 'filter' must be callable: got {type(accepts).__name__}")
        super().__init__(loop)
        self._accepts = accepts

    def _unpack(self, item: Any) -> Optional[Value]:
        value = Value._of(item)
        return value if self._accepts is None or self._accepts(value) else None

    def _describe(self, error: Exception) -> BaseException:
        if isinstance(error, BridgeError):
            return error
        failure = RuntimeError('DHT get failed')
        failure.__cause__ = error
        return failure


class Listener(_Stream[Tuple[Value, bool]]):
    """Changes of the values under a key, each with whether the value is gone."""

    def _unpack(self, item: Any) -> Optional[Tuple[Value, bool]]:
        return Value._of(item[0]), bool(item[1])
