# SPDX-License-Identifier: MIT
"""Runs the callbacks of programs that block, on a thread for them.

Callbacks of one operation run in order, and no two at a time, as programs expect it that count in
them. Only when one takes longer than a moment do those of other operations go on without it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from typing import Callable, Deque, List, Optional

_PATIENCE = 0.05

Job = Callable[[], None]


class Strand:
    """The callbacks of one operation."""

    __slots__ = ('jobs', 'is_ready')

    def __init__(self) -> None:
        self.jobs: Deque[Job] = deque()
        self.is_ready = False


class Dispatcher:
    """The threads that run callbacks: one that does, and one that takes over if it takes long."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._ready: Deque[Strand] = deque()
        self._active: Optional[int] = None
        self._busy_since = 0.0
        self._idle = 0

    def submit(self, strand: Strand, job: Job) -> None:
        """Runs `job` after those that were submitted before for the same strand."""
        with self._changed:
            strand.jobs.append(job)
            if strand.is_ready:
                return
            strand.is_ready = True
            self._ready.append(strand)
            if self._idle == 0:
                self._start_thread()
            else:
                self._changed.notify()

    def _start_thread(self) -> None:
        self._idle += 1
        threading.Thread(target=self._run, name='opendht-callbacks', daemon=True).start()

    def _run(self) -> None:
        me = threading.get_ident()
        while True:
            with self._changed:
                if not self._wait_for_turn():
                    return
                strand = self._ready.popleft()
                self._active, self._busy_since = me, time.monotonic()
                self._idle -= 1
                if self._idle == 0:
                    self._start_thread()
                job = strand.jobs.popleft()
            run_guarded(job)
            with self._changed:
                self._idle += 1
                if self._active == me:
                    self._active = None
                if strand.jobs:
                    self._ready.append(strand)
                    self._changed.notify()
                else:
                    strand.is_ready = False

    def _wait_for_turn(self) -> bool:
        """Until there is something to do and nobody does it; false if there are enough threads."""
        while not self._ready or self._active is not None:
            if self._idle > 2:
                self._idle -= 1
                return False
            timeout = None
            if self._ready:
                timeout = self._busy_since + _PATIENCE - time.monotonic()
                if timeout <= 0:
                    return True
            self._changed.wait(timeout)
        return True


def run_guarded(job: Job) -> None:
    """What a callback raises is reported, and stops nothing."""
    try:
        job()
    except BaseException as error:
        if not isinstance(error, Exception):
            # sys.exit in a callback ends no program, as in any thread but the first.
            if isinstance(error, SystemExit):
                return
        args = threading.ExceptHookArgs((type(error), error, error.__traceback__, None))
        if sys is not None:
            threading.excepthook(args)


_dispatcher = Dispatcher()
# What runs after each batch of messages, on the thread that reads.
batch_hooks: List[Job] = []


def dispatcher() -> Dispatcher:
    return _dispatcher


def end_batch() -> None:
    for hook in batch_hooks:
        hook()


def forget_threads() -> None:
    """In the child of a fork, which has no other threads."""
    global _dispatcher
    _dispatcher = Dispatcher()
