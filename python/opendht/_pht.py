# SPDX-License-Identifier: MIT
"""An index over the network: entries lead from keys of named fields to values."""

from __future__ import annotations

import itertools
from typing import Any, Callable, Dict, List, Optional

from ._check import expect, expect_bytes, expect_callable, expect_uint
from ._hashes import InfoHash
from ._log import debug
from ._operations import CallbackSink, call_blocking
from ._runner import DhtRunner
from ._running import RunningNode

_handles = itertools.count(1)

LookupCallback = Callable[[List['IndexValue'], bytes], Any]


class IndexValue:
    """What an entry leads to: a key of the network, and the id of a value there, 0 for none."""

    __slots__ = ('_hash', '_value_id')

    def __init__(self, h: Optional[InfoHash] = None, vid: int = 0) -> None:
        if h is not None:
            expect('h', h, InfoHash)
        self._hash = h if h is not None else InfoHash()
        self._value_id = expect_uint('vid', vid, 64)

    def getKey(self) -> InfoHash:
        """Where the value is."""
        return self._hash

    def getValueId(self) -> int:
        """Which one of those under the key, or 0."""
        return self._value_id

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IndexValue):
            return NotImplemented
        return self._hash == other._hash and self._value_id == other._value_id

    def __hash__(self) -> int:
        return hash((self._hash, self._value_id))


class Pht:
    """The index `name`, whose keys have fields of at most so many bytes: `{'title': 20}`."""

    # Entries that a leaf of the tree has before the next one splits it.
    MAX_NODE_ENTRY_COUNT = 16

    def __init__(self, name: bytes, key_spec: Dict[str, int], dht: DhtRunner) -> None:
        self._name = expect_bytes('name', name).decode()
        expect('key_spec', key_spec, dict)
        expect('dht', dht, DhtRunner)
        for field in key_spec:
            expect('key_spec', field, str)
        self._spec = {field: expect_uint('key_spec', size, 32) for field, size in key_spec.items()}
        self._runner = dht
        self._handle = next(_handles)
        self._node: Optional[RunningNode] = None

    def lookup(
        self,
        key: Dict[str, bytes],
        lookup_cb: Optional[LookupCallback] = None,
        done_cb: Optional[Callable[[bool], Any]] = None,
    ) -> None:
        """Finds what was inserted under a key. `lookup_cb(values, prefix)` is called once, even
        with nothing; the prefix is a text on where in the tree the search ended. `done_cb(ok)` is
        the end.
        """
        expect_callable('lookup_cb', lookup_cb)

        def on_result(result: Any) -> None:
            found, (bits, depth) = result
            values = [IndexValue(InfoHash._of(hash), value_id) for hash, value_id in found]
            if lookup_cb is not None:
                lookup_cb(values, _prefix_text(bits, depth))

        self._start('pht.lookup', [_fields(key)], on_result, done_cb)

    def insert(
        self,
        key: Dict[str, bytes],
        value: IndexValue,
        done_cb: Optional[Callable[[bool], Any]] = None,
    ) -> None:
        """Adds an entry, which lives for ten minutes. `done_cb(ok)` ends it."""
        expect('value', value, IndexValue)
        parameters = [_fields(key), bytes(value.getKey()), value.getValueId()]
        self._start('pht.insert', parameters, lambda _result: None, done_cb)

    def _start(
        self,
        method: str,
        parameters: List[Any],
        on_result: Callable[[Any], None],
        done_cb: Optional[Callable[[bool], Any]],
    ) -> None:
        expect_callable('done_cb', done_cb)
        node = self._open()
        if node is None:
            if done_cb is not None:
                done_cb(False)
            return

        def on_end(result: Any, error: Optional[Exception]) -> None:
            if error is not None:
                debug('%s', error)
            if node.is_closed:
                return
            try:
                if error is None:
                    on_result(result)
            finally:
                if done_cb is not None:
                    done_cb(error is None)

        CallbackSink(on_end).start(node.link, method, [node.handle, self._handle, *parameters])

    def _open(self) -> Optional[RunningNode]:
        """The running node, which knows this index from now on."""
        node = self._runner._usable()
        if node is not None and node is not self._node:
            parameters = (node.handle, self._handle, self._name, self._spec)
            call_blocking('pht.open', *parameters, link=node.link)
            self._node = node
        return node


def _fields(key: Dict[str, bytes]) -> Dict[str, bytes]:
    expect('key', key, dict)
    for name in key:
        expect('key', name, str)
    return {name: expect_bytes(f"key['{name}']", field) for name, field in key.items()}


def _prefix_text(bits: bytes, depth: int) -> bytes:
    """As the C++ module describes a node of the tree."""

    def digits(data: bytes) -> str:
        return ' '.join(f'{byte:08b}' for byte in data)[: depth + (depth - 1) // 8 if depth else 0]

    known = b'\xff' * len(bits)
    return f'Prefix : \n\tContent_ : "{digits(bits)}"\n\tFlags_   : "{digits(known)}"\n'.encode()
