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
_MAX_IDLE = 2

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
        # Threads that look at the clock, while another one is busy.
        self._watching = 0

    def submit(self, strand: Strand, job: Job) -> None:
        """Runs `job` after those that were submitted before for the same strand."""
        with self._changed:
            strand.jobs.append(job)
            if strand.is_ready:
                return
            strand.is_ready = True
            self._ready.append(strand)
            # Whoever is busy looks for more by itself.
            if self._active is None:
                self._wake_one()

    def _wake_one(self) -> None:
        if self._idle > 0:
            self._changed.notify()
            return
        self._idle += 1
        threading.Thread(target=self._run, name='opendht-callbacks', daemon=True).start()

    def _run(self) -> None:
        me = threading.get_ident()
        with self._changed:
            while self._wait_for_turn():
                strand = self._ready.popleft()
                job = strand.jobs.popleft()
                self._idle -= 1
                self._active, self._busy_since = me, time.monotonic()
                if self._watching == 0:
                    self._wake_one()
                self._changed.release()
                try:
                    run_guarded(job)
                finally:
                    self._changed.acquire()
                self._idle += 1
                if self._active == me:
                    self._active = None
                if strand.jobs:
                    self._ready.append(strand)
                else:
                    strand.is_ready = False

    def _wait_for_turn(self) -> bool:
        """Until there is something to do and nobody does it; false if there are enough threads."""
        while True:
            if self._active is None:
                if self._ready:
                    return True
                self._changed.wait()
                continue
            patience = self._busy_since + _PATIENCE - time.monotonic()
            if self._ready and patience <= 0:
                return True
            if self._idle > _MAX_IDLE:
                self._idle -= 1
                return False
            self._watching += 1
            self._changed.wait(patience if patience > 0 else _PATIENCE)
            self._watching -= 1


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
