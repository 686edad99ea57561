# SPDX-License-Identifier: MIT
"""The conversation with the Node.js process: frames, calls, streams and their credit. The other
side and the messages are in src/bridge/protocol.ts.

One thread reads what comes, another writes. What others call here never waits and takes no locks,
so that it may be called from anywhere: by callbacks, by signal handlers in the middle of a call.
"""

from __future__ import annotations

import itertools
import os
import queue
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
_MAX_BATCH = 64

# What the writing thread is told: a kind, the number of the call, and the bytes to write.
_Order = Tuple[int, int, bytes]
_SEND, _SEND_CALL, _DROP_CALL, _LOOK_AGAIN, _CLOSE = range(5)


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
        self._numbers = itertools.count(1)
        self._open: Dict[int, Sink] = {}
        self._failure: Optional[Exception] = None
        self._greeted = threading.Event()
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        # Calls beyond this number wait here for answers; each count is of one thread.
        self._max_calls = 1
        self._sent = 0
        self._answered = 0
        self._is_full = False
        self._send([_HELLO, PROTOCOL_VERSION, STREAM_CREDIT])
        threading.Thread(target=self._read_all, name='opendht-reader', daemon=True).start()
        threading.Thread(target=self._write_all, name='opendht-writer', daemon=True).start()

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
        self.check_open()
        number = sink.number = next(self._numbers)
        frame = _pack([_CALL, number, method, parameters])
        self._open[number] = sink
        self._orders.put((_SEND if sink.is_stream else _SEND_CALL, number, frame))
        if self._failure is not None and self._open.pop(number, None) is not None:
            # It ended meanwhile, and whoever ended it did not see this call.
            self.check_open()
        return number

    def cancel(self, number: int) -> None:
        """Asks for the end of a call, which is answered all the same; no effect if it ended."""
        if number in self._open:
            self._orders.put((_DROP_CALL, number, _pack([_CANCEL, number])))

    def grant(self, number: int, count: int) -> None:
        """Lets a stream send so many more items."""
        if number in self._open:
            self._send([_CREDIT, number, count])

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
        self._orders.put((_CLOSE, 0, b''))
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

    def _send(self, message: List[Any]) -> None:
        self._orders.put((_SEND, 0, _pack(message)))

    def _write_all(self) -> None:
        waiting: Deque[Tuple[int, bytes]] = deque()
        while True:
            frames: List[bytes] = []
            order = self._orders.get()
            while True:
                if order[0] == _CLOSE:
                    self._close_input()
                    return
                self._follow(order, waiting, frames)
                if len(frames) >= _MAX_BATCH:
                    break
                try:
                    order = self._orders.get_nowait()
                except queue.Empty:
                    break
            try:
                rest = memoryview(b''.join(frames))
                while rest:
                    rest = rest[os.write(self._input, rest) :]
            except OSError:
                # The reader finds out what happened.
                return self._close_input()

    def _follow(
        self, order: _Order, waiting: Deque[Tuple[int, bytes]], frames: List[bytes]
    ) -> None:
        kind, number, frame = order
        if kind == _SEND_CALL:
            waiting.append((number, frame))
        elif kind == _SEND:
            frames.append(frame)
        elif kind == _DROP_CALL:
            held = next((it for it in waiting if it[0] == number), None)
            if held is None:
                frames.append(frame)
            else:
                waiting.remove(held)
                sink = self._open.pop(number, None)
                if sink is not None:
                    sink.on_failure(failure_to_exception('ERR_ABORTED', 'The call was cancelled'))
                    self._on_batch_end()
        while waiting:
            self._is_full = False
            if self._sent - self._answered >= self._max_calls:
                self._is_full = True
                # Unless an answer came just before the reader could know.
                if self._sent - self._answered >= self._max_calls:
                    return
            frames.append(waiting.popleft()[1])
            self._sent += 1

    def _close_input(self) -> None:
        try:
            self.process.stdin.close()  # type: ignore[union-attr]
        except OSError:
            pass  # it ended by itself

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
        self.process.stdout.close()  # type: ignore[union-attr]
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
        sink = self._open.pop(number, None)
        if sink is not None and not sink.is_stream:
            self._answered += 1
            if self._is_full:
                self._orders.put((_LOOK_AGAIN, 0, b''))
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
        self._failure = reason
        self._orders.put((_CLOSE, 0, b''))
        self._greeted.set()
        while self._open:
            try:
                sink = self._open.popitem()[1]
            except KeyError:
                break  # a call withdrew itself
            sink.on_failure(reason)
        self._on_batch_end()


def _pack(message: List[Any]) -> bytes:
    contents: bytes = msgpack.packb(message, use_bin_type=True)
    if len(contents) > MAX_FRAME_BYTES:
        raise ValueError(f'What is sent must be at most {MAX_FRAME_BYTES} bytes')
    return struct.pack('>I', len(contents)) + contents
