# SPDX-License-Identifier: MIT
"""A C++ node for test_interop.py: requests as lines of JSON on standard input, answers likewise.

Calls that wait hold the interpreter lock of the C++ module while its thread needs it, so callbacks
are used for everything.
"""

import json
import os
import queue
import sys

import opendht as d

heard = []


def describe(value):
    return [value.data.decode(), value.id, value.user_type, str(value)]


def put(node, key, data):
    answers = queue.Queue()
    node.put(d.InfoHash(key.encode()), d.Value(data.encode()), lambda ok, nodes: answers.put(ok))
    return answers.get(timeout=30)


def get(node, key):
    values, ended = [], queue.Queue()

    def on_value(value):
        values.append(describe(value))
        return True

    node.get(d.InfoHash(key.encode()), on_value, lambda ok, nodes: ended.put(ok))
    ended.get(timeout=30)
    return values


def listen(node, key):
    def on_value(value, expired):
        heard.append(value.data.decode())
        return True

    tokens.append(node.listen(d.InfoHash(key.encode()), on_value))


def main():
    """Arguments: the network, the port of a node, and perhaps a name, for a node with a key."""
    network, bootstrap, *name = sys.argv[1:]
    identity = d.Identity.generate(name[0], d.Identity(), 2048) if name else None
    config = d.DhtConfig()
    config.setNetwork(int(network))
    config.setRateLimit(-1, -1)
    node = d.DhtRunner()
    node.run(id=identity, ipv4='127.0.0.1', ipv6='::1', config=config)
    node.bootstrap('127.0.0.1', bootstrap)
    print(json.dumps({'port': node.getBound().getPort()}), flush=True)
    operations = {
        'put': put,
        'get': get,
        'listen': listen,
        'heard': lambda node: heard,
        'certificate': lambda node: identity.certificate.toString(),
    }
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(operations[name](node, *arguments)), flush=True)
    os._exit(0)


tokens = []
main()
