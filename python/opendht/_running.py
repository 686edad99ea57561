# SPDX-License-Identifier: MIT
"""Nodes in the process of the engine, and the end of those that nobody holds any more."""

from __future__ import annotations

import queue
import threading
from collections import deque
from typing import Any, Deque, List, Optional, Tuple

from ._connection import Connection, Sink
from ._errors import BridgeError
from ._operations import BlockingSink


class RunningNode:
    """What is known of a node that runs."""

    __slots__ = ('link', 'handle', 'id', 'addresses', 'is_stopping', 'is_closed')

    def __init__(self, link: Connection, handle: int, description: List[Any]) -> None:
        self.link = link
        self.handle = handle
        self.id: bytes = description[0]
        self.addresses: List[Tuple[int, str, int]] = description[1]
        # No operation is started any more, or no callback.
        self.is_stopping = False
        self.is_closed = False


class StartSink(BlockingSink):
    """Waits for a node to start. One that is not waited for any more is closed when it comes."""

    def __init__(self, link: Connection) -> None:
        super().__init__()
        self._link = link
        self._is_abandoned = False

    def wait_for_node(self, options: Any) -> RunningNode:
        self.wait(self._link, self._link.call('node.start', [options], self))
        return self._node()

    def abandon(self) -> None:
        self._is_abandoned = True
        if self._result is not None:
            close_later(self._node())

    def on_result(self, result: Any) -> None:
        super().on_result(result)
        if self._is_abandoned:
            close_later(self._node())

    def _node(self) -> RunningNode:
        return RunningNode(self._link, *self._result)


class _NullSink(Sink):
    def on_result(self, result: Any) -> None:
        pass

    def on_failure(self, error: Exception) -> None:
        pass


_unused: Deque[RunningNode] = deque()
_signal: queue.SimpleQueue[None] = queue.SimpleQueue()
_thread: Optional[threading.Thread] = None


def watch_unused() -> None:
    """Starts the thread that closes what nobody holds; to be called when a node is started."""
    global _thread
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_close_on_signal, name='opendht-closer', daemon=True)
        _thread.start()


def close_later(node: RunningNode) -> None:
    """For destructors, which may run in the middle of anything: nothing is done here."""
    node.is_closed = node.is_stopping = True
    _unused.append(node)
    _signal.put(None)


def close_unused() -> None:
    """At once, so that their ports are free."""
    watch_unused()
    while _unused:
        try:
            node = _unused.popleft()
        except IndexError:
            return  # the thread was faster
        try:
            node.link.call('node.close', [node.handle], _NullSink())
        except BridgeError:
            continue  # its process is gone, or it is that of the parent


def _close_on_signal() -> None:
    while True:
        _signal.get()
        close_unused()
