# SPDX-License-Identifier: MIT
"""Finds the nodes of a network, by looking up keys all over it.

    dht-scanner [-b HOST[:PORT]] [-p PORT] [--network ID]

A lookup of a key names the nodes closest to it. Where these have little in common with it, there
are no others in between; elsewhere both halves are looked up next.
"""

import argparse
import sys
import threading

import opendht as dht

DEFAULT_HOST = 'bootstrap.jami.net'
MAX_DEPTH = 16
# The lookups beyond the bits that all answers have in common.
MORE_BITS = 6


class Scan:
    """All nodes that lookups of a node name."""

    def __init__(self, node):
        self.node = node
        self.found = {}
        self._lock = threading.Lock()
        self._running = 0
        self._ended = threading.Event()
        self.lookups = 0

    def run(self):
        """Returns the nodes by their ids when there is nothing left to look at."""
        first = dht.InfoHash()
        first.setBit(159, True)
        self._step(first, 0)
        self._ended.wait()
        return dict(sorted(self.found.items()))

    def _step(self, key, depth):
        with self._lock:
            self._running += 1
            self.lookups += 1
        self.node.get(key, lambda value: True, lambda ok, nodes: self._visit(key, depth, nodes))

    def _visit(self, key, depth, nodes):
        for entry in nodes:
            self.found[str(entry.getId())] = entry.getNode().getAddr().decode()
        if nodes:
            ids = [entry.getId() for entry in nodes]
            common = min(dht.InfoHash.commonBits(ids[0], it) for it in ids)
            for bit in range(depth, min(MAX_DEPTH, common + MORE_BITS)):
                other = dht.InfoHash(key.toString())
                other.setBit(bit, True)
                self._step(other, bit + 1)
        print(f'{len(self.found)} nodes', file=sys.stderr, end='\r', flush=True)
        with self._lock:
            self._running -= 1
            if self._running == 0:
                self._ended.set()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('-b', '--bootstrap', default=DEFAULT_HOST, help=f'default {DEFAULT_HOST}')
    parser.add_argument('-p', '--port', type=int, default=0, help='own port, default any')
    parser.add_argument('--network', type=int, default=0, help='network id, default 0')
    options = parser.parse_args()
    host, _, port = options.bootstrap.partition(':')
    config = dht.DhtConfig()
    config.setNetwork(options.network)
    node = dht.DhtRunner()
    node.run(port=options.port, config=config)
    node.bootstrap(host, port or None)
    scan = Scan(node)
    nodes = scan.run()
    print(f'Scan ended: {len(nodes)} nodes found with {scan.lookups} lookups.')
    for identifier, address in nodes.items():
        print(f'Node {identifier}: {address}')
    node.join()
    sys.exit(0 if nodes else 1)


if __name__ == '__main__':
    main()
