# SPDX-License-Identifier: MIT
"""The conversation with the Node.js process: frames, calls, streams and their credit. The other
side and the messages are in src/bridge/protocol.ts.

A thread reads what comes; what it calls must not wait. Writing never waits either: what the pipe
has no room for is written by another thread.
"""

from __future__ import annotations

import itertools
import os
import select
import struct
import subprocess
import threading
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple

import msgpack

from ._errors import BridgeError, failure_to_exception

PROTOCOL_VERSION = 1
STREAM_CREDIT = 128
MAX_FRAME_BYTES = 16 * 2**20
_HELLO, _CALL, _CANCEL, _CREDIT = range(4)
_HELLO_REPLY, _RESULT, _FAILURE, _ITEMS = range(4)
_READ_BYTES = 1 << 16
_WRITE_BYTES = 1 << 16
_CAN_POLL = hasattr(select, 'poll')


class Sink:
    """Where the answers to one call go. Called by the thread that reads: nothing here may wait."""

    is_stream = False
    # What `cancel` and `grant` want; set before anything is handed on.
    number = 0

    def on_items(self, items: List[Any]) -> None:
        raise NotImplementedError

    def on_result(self, result: Any) -> None:
        raise NotImplementedError

    def on_failure(self, error: Exception) -> None:
        raise NotImplementedError


class Connection:
    """One Node.js process. It ends when its input is closed, in whatever way this process ends."""

    def __init__(self, process: subprocess.Popen[bytes], on_batch_end: Callable[[], None]) -> None:
        self.process = process
        self.pid = os.getpid()
        self.node_version = ''
        self._on_batch_end = on_batch_end
        assert process.stdin is not None and process.stdout is not None
        self._input = process.stdin.fileno()
        self._output = process.stdout.fileno()
        if _CAN_POLL:
            os.set_blocking(self._input, False)
        # A signal handler may call in the middle of a call: hence the locks that may be held twice.
        self._lock = threading.RLock()
        self._open: Dict[int, Sink] = {}
        self._numbers = itertools.count(1)
        self._unanswered = 0
        self._max_calls = 1
        self._waiting: Deque[Tuple[int, bytes]] = deque()
        self._failure: Optional[Exception] = None
        self._greeted = threading.Event()
        self._writing = threading.Condition(threading.RLock())
        self._outbox = bytearray()
        self._writer: Optional[threading.Thread] = None
        self._write([_HELLO, PROTOCOL_VERSION, STREAM_CREDIT])
        threading.Thread(target=self._read_all, name='opendht-reader', daemon=True).start()

    @property
    def is_open(self) -> bool:
        return self._failure is None and self.pid == os.getpid()

    def wait_for_greeting(self, timeout: float) -> None:
        """Raises BridgeError when none comes."""
        if not self._greeted.wait(timeout):
            self.kill()
            raise BridgeError(f'The Node.js process of OpenDHT said nothing for {timeout:.0f} s')
        if self._failure is not None:
            raise self._failure

    def call(self, method: str, parameters: List[Any], sink: Sink) -> int:
        """Starts a call; its answers go to `sink`. Returns a number for `cancel` and `grant`."""
        with self._lock:
            self.check_open()
            number = sink.number = next(self._numbers)
            frame = _pack([_CALL, number, method, parameters])
            self._open[number] = sink
            if not sink.is_stream:
                if self._unanswered >= self._max_calls:
                    self._waiting.append((number, frame))
                    return number
                self._unanswered += 1
            self._write_frame(frame)
        return number

    def cancel(self, number: int) -> None:
        """Asks for the end of a call, which is answered all the same; no effect if it ended."""
        dropped = None
        with self._lock:
            if self._failure is not None or number not in self._open:
                return
            for entry in self._waiting:
                if entry[0] == number:
                    self._waiting.remove(entry)
                    dropped = self._open.pop(number)
                    break
            else:
                self._write([_CANCEL, number])
        if dropped is not None:
            dropped.on_failure(failure_to_exception('ERR_ABORTED', 'The call was cancelled'))

    def grant(self, number: int, count: int) -> None:
        """Lets a stream send so many more items."""
        with self._lock:
            if self._failure is None and number in self._open:
                self._write([_CREDIT, number, count])

    def check_open(self) -> None:
        """Raises BridgeError when nothing can be asked any more."""
        if self.pid != os.getpid():
            raise BridgeError(
                'This object was made before a fork and belongs to the other process: '
                'make a new one in this process'
            )
        if self._failure is not None:
            raise BridgeError(str(self._failure))

    def close(self, timeout: float) -> None:
        """Lets the process end, which takes the nodes in it with it."""
        with self._writing:
            try:
                self.process.stdin.close()  # type: ignore[union-attr]
            except OSError:
                pass  # a rest that could not be written
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def abandon(self) -> None:
        """In a forked child: lets go of the pipes, so that the process ends with its parent."""
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()  # type: ignore[union-attr]
        self.process.returncode = 0  # it is not our child to wait for

    def _write(self, message: List[Any]) -> None:
        self._write_frame(_pack(message))

    def _write_frame(self, frame: bytes) -> None:
        with self._writing:
            if _CAN_POLL and not self._outbox:
                try:
                    written = os.write(self._input, frame)
                except BlockingIOError:
                    written = 0
                except OSError:
                    return  # the reader finds out what happened
                if written == len(frame):
                    return
                frame = frame[written:]
            self._outbox += frame
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._write_rest, name='opendht-writer', daemon=True
                )
                self._writer.start()
            self._writing.notify()

    def _write_rest(self) -> None:
        poll = select.poll() if _CAN_POLL else None
        if poll is not None:
            poll.register(self._input, select.POLLOUT)
        while self._failure is None:
            with self._writing:
                while not self._outbox:
                    self._writing.wait()
                    if self._failure is not None:
                        return
                chunk = bytes(self._outbox[:_WRITE_BYTES])
            if poll is not None:
                poll.poll()
            try:
                written = os.write(self._input, chunk)
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                return
            with self._writing:
                del self._outbox[:written]

    def _read_all(self) -> None:
        reason: Optional[Exception] = None
        buffer = bytearray()
        try:
            while True:
                chunk = os.read(self._output, _READ_BYTES)
                if not chunk:
                    break
                buffer += chunk
                self._take_frames(buffer)
                self._on_batch_end()
        except OSError:
            pass  # the pipe is gone, which is the end, too
        except Exception as error:
            reason = error
            self.process.kill()
        self._end(reason)

    def _take_frames(self, buffer: bytearray) -> None:
        at = 0
        while len(buffer) - at >= 4:
            (length,) = struct.unpack_from('>I', buffer, at)
            if length > MAX_FRAME_BYTES:
                raise BridgeError(f'The Node.js process of OpenDHT sent {length} bytes at once')
            if len(buffer) - at - 4 < length:
                break
            with memoryview(buffer) as view:
                message = msgpack.unpackb(
                    view[at + 4 : at + 4 + length], raw=False, strict_map_key=False
                )
            at += 4 + length
            self._receive(message)
        if at:
            del buffer[:at]

    def _receive(self, message: List[Any]) -> None:
        kind, number = message[0], message[1]
        if kind == _ITEMS:
            sink = self._open.get(number)
            if sink is not None:
                sink.on_items(message[2])
        elif kind == _HELLO_REPLY:
            if number != PROTOCOL_VERSION:
                raise BridgeError(f'The Node.js process of OpenDHT speaks protocol {number}')
            self.node_version, self._max_calls = message[2], message[3]
            self._greeted.set()
        else:
            sink = self._settle(number)
            if sink is None:
                return
            if kind == _RESULT:
                sink.on_result(message[2])
            else:
                sink.on_failure(failure_to_exception(message[2], message[3]))

    def _settle(self, number: int) -> Optional[Sink]:
        with self._lock:
            sink = self._open.pop(number, None)
            if sink is not None and not sink.is_stream:
                self._unanswered -= 1
                if self._waiting:
                    self._unanswered += 1
                    self._write_frame(self._waiting.popleft()[1])
            return sink

    def _end(self, reason: Optional[Exception]) -> None:
        """Fails everything that is open: the process is gone."""
        if reason is None:
            try:
                status: Any = self.process.wait(1)
            except subprocess.TimeoutExpired:
                status = 'unknown'
            text = f'The Node.js process of OpenDHT ended (exit status {status})'
            reason = BridgeError(text + ': run the nodes again')
        with self._lock:
            self._failure = reason
            sinks = list(self._open.values())
            self._open.clear()
            self._waiting.clear()
        with self._writing:
            self._writing.notify()
        self._greeted.set()
        for sink in sinks:
            sink.on_failure(reason)
        self._on_batch_end()


def _pack(message: List[Any]) -> bytes:
    contents: bytes = msgpack.packb(message, use_bin_type=True)
    if len(contents) > MAX_FRAME_BYTES:
        raise ValueError(f'What is sent must be at most {MAX_FRAME_BYTES} bytes')
    return struct.pack('>I', len(contents)) + contents
