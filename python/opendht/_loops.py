# SPDX-License-Identifier: MIT
"""Waiting for operations on an asyncio loop: what comes together arrives with one wake-up."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional

from ._connection import Connection, Sink
from ._dispatch import Job, batch_hooks


class LoopPost:
    """Hands jobs to a loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: Deque[Job] = deque()

    def post(self, job: Job) -> None:
        """By the thread that reads: the loop hears of it at the end of the batch."""
        self._jobs.append(job)
        _filled[id(self)] = self

    def flush(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._run)
        except RuntimeError:
            self._jobs.clear()  # the loop is closed: nobody waits any more

    def _run(self) -> None:
        while self._jobs:
            self._jobs.popleft()()


_filled: Dict[int, LoopPost] = {}


def _flush_all() -> None:
    while _filled:
        try:
            post = _filled.popitem()[1]
        except KeyError:
            return  # another thread that answers calls was faster
        post.flush()


batch_hooks.append(_flush_all)


def _post_of(loop: asyncio.AbstractEventLoop) -> LoopPost:
    """The one of this loop."""
    post: Optional[LoopPost] = getattr(loop, '_opendht_post', None)
    if post is None:
        post = LoopPost(loop)
        try:
            loop._opendht_post = post  # type: ignore[attr-defined]
        except AttributeError:
            pass  # a loop that takes no attributes has one per operation
    return post


class LoopSink(Sink):
    """Hands everything to an asyncio loop. To be made and used there."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_end: Callable[[Any, Optional[Exception]], None],
        on_items: Optional[Callable[[List[Any]], None]] = None,
    ) -> None:
        self.is_stream = on_items is not None
        self._post = _post_of(loop)
        self._on_end = on_end
        self._on_items = on_items

    def on_items(self, items: List[Any]) -> None:
        assert self._on_items is not None
        hand_on = self._on_items
        self._post.post(lambda: hand_on(items))

    def on_result(self, result: Any) -> None:
        self._post.post(lambda: self._on_end(result, None))

    def on_failure(self, error: Exception) -> None:
        self._post.post(lambda: self._on_end(None, error))


async def call_async(link: Connection, method: str, parameters: List[Any]) -> Any:
    """Awaits a call. Cancelling the task cancels the call."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def on_end(result: Any, error: Optional[Exception]) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    number = link.call(method, parameters, LoopSink(loop, on_end))
    try:
        return await future
    except asyncio.CancelledError:
        link.cancel(number)
        raise
