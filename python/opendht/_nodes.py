# SPDX-License-Identifier: MIT
"""Nodes that took part in an operation."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List

from ._check import expect
from ._hashes import InfoHash, WithId


class Node(WithId):
    """A node of the network as it was known when an operation ended."""

    __slots__ = ('_id', '_address')

    def __init__(self) -> None:
        self._id = InfoHash()
        self._address = ''

    def getId(self) -> InfoHash:
        """Its id in the network."""
        return self._id

    def getAddr(self) -> bytes:
        """Address and port as text, in bytes."""
        return self._address.encode()

    def isExpired(self) -> bool:
        """Nodes that did not answer are not named at all."""
        return False


class NodeEntry(WithId):
    """An id and the node that has it."""

    __slots__ = ('_id', '_node')

    def __init__(self) -> None:
        self._id = InfoHash()
        self._node = Node()

    @classmethod
    def _of(cls, item: Any) -> NodeEntry:
        entry = cls()
        entry._id = entry._node._id = InfoHash._of(item[0])
        entry._node._address = item[1]
        return entry

    def getId(self) -> InfoHash:
        """The id of the node."""
        return self._id

    def getNode(self) -> Node:
        """The node, with its address."""
        return self._node


class NodeSet:
    """Nodes in the order of their ids, each once."""

    __slots__ = ('_entries',)

    def __init__(self) -> None:
        self._entries: Dict[bytes, NodeEntry] = {}

    def size(self) -> int:
        """How many they are."""
        return len(self._entries)

    def insert(self, l: NodeEntry) -> bool:
        """Whether it was not there before."""
        expect('l', l, NodeEntry)
        key = bytes(l.getId())
        if key in self._entries:
            return False
        self._entries[key] = l
        return True

    def extend(self, li: Iterable[NodeEntry]) -> None:
        """Inserts each."""
        for entry in li:
            self.insert(entry)

    def first(self) -> InfoHash:
        """The lowest id. Raises IndexError when there is none."""
        return self._at(0)

    def last(self) -> InfoHash:
        """The highest id. Raises IndexError when there is none."""
        return self._at(-1)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[NodeEntry]:
        return iter([self._entries[key] for key in sorted(self._entries)])

    def __str__(self) -> str:
        return ''.join(f'{entry.getId()} {entry.getNode()._address}\n' for entry in self)

    def _at(self, index: int) -> InfoHash:
        if not self._entries:
            raise IndexError('the set of nodes is empty')
        return InfoHash._of(sorted(self._entries)[index])


def nodes_of(items: Iterable[Any]) -> List[NodeEntry]:
    """From what the engine sends."""
    return [NodeEntry._of(item) for item in items]
