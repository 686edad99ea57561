# SPDX-License-Identifier: MIT
"""How programs wait for an operation: they block, or give callbacks. See _loops.py for asyncio."""

from __future__ import annotations

import os
import queue
from typing import Any, Callable, List, Optional

from ._connection import Connection, Sink
from ._dispatch import Strand, dispatcher
from ._errors import OperationCancelled
from ._process import connection

# Elsewhere a wait without a limit cannot be interrupted by ^C.
_WAIT_SLICE = 0.2 if os.name == 'nt' else None


class BlockingSink(Sink):
    """Lets one thread wait for the result; items, if any, are gathered until then."""

    def __init__(self, on_item: Optional[Callable[[Any], None]] = None) -> None:
        self.is_stream = on_item is not None
        self._on_item = on_item
        # Lists of items, then None. Not an event: a handler of a signal that waits for another call
        # while this one holds the lock of its event would keep the reading thread from both.
        self._arrived: queue.SimpleQueue[Optional[List[Any]]] = queue.SimpleQueue()
        self._result: Any = None
        self._error: Optional[Exception] = None

    def on_items(self, items: List[Any]) -> None:
        self._arrived.put(items)

    def on_result(self, result: Any) -> None:
        self._result = result
        self._arrived.put(None)

    def on_failure(self, error: Exception) -> None:
        self._error = error
        self._arrived.put(None)

    def wait(self, link: Connection, number: int) -> Any:
        """The result, or raises what the call failed with. What interrupts it cancels the call."""
        try:
            while (items := self._next()) is not None:
                assert self._on_item is not None
                link.grant(number, len(items))
                for item in items:
                    self._on_item(item)
        except BaseException:
            link.cancel(number)
            raise
        if self._error is not None:
            raise self._error
        return self._result

    def _next(self) -> Optional[List[Any]]:
        while True:
            try:
                return self._arrived.get(timeout=_WAIT_SLICE)
            except queue.Empty:
                pass


def call_blocking(method: str, *parameters: Any, link: Optional[Connection] = None) -> Any:
    """Waits for a call and returns its result, or raises what it failed with."""
    used = link or connection()
    sink = BlockingSink()
    return sink.wait(used, used.call(method, list(parameters), sink))


class CallbackSink(Sink):
    """Hands items and the end to callbacks, in order, on a thread for these.

    `on_item` returns whether to go on. `on_end` gets the result or the error, once.
    """

    def __init__(
        self,
        on_end: Callable[[Any, Optional[Exception]], None],
        on_item: Optional[Callable[[Any], bool]] = None,
    ) -> None:
        self.is_stream = on_item is not None
        self._on_item = on_item
        self._on_end = on_end
        self._strand = Strand()
        self._link: Optional[Connection] = None
        self._is_stopped = False

    def start(self, link: Connection, method: str, parameters: List[Any]) -> None:
        self._link = link
        link.call(method, parameters, self)

    def stop(self) -> None:
        """No item is handed on any more; the end still comes."""
        self._is_stopped = True
        if self._link is not None:
            self._link.cancel(self.number)

    def on_items(self, items: List[Any]) -> None:
        dispatcher().submit(self._strand, lambda: self._hand_on(items))

    def on_result(self, result: Any) -> None:
        dispatcher().submit(self._strand, lambda: self._on_end(result, None))

    def on_failure(self, error: Exception) -> None:
        dispatcher().submit(self._strand, lambda: self._on_end(None, error))

    def _hand_on(self, items: List[Any]) -> None:
        assert self._on_item is not None and self._link is not None
        for item in items:
            if self._is_stopped:
                return
            wants_more = False
            try:
                wants_more = self._on_item(item)
            finally:
                # What raises is over, as what says that it has enough.
                if not wants_more:
                    self.stop()
        self._link.grant(self.number, len(items))


def is_cancelled(error: Optional[Exception]) -> bool:
    return isinstance(error, OperationCancelled)
