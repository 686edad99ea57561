# SPDX-License-Identifier: MIT
"""Two nodes that do what programs do, with whichever `opendht` module is installed; prints what
came of each step as JSON. Run with this package and with the C++ module by test_names.py.

Calls that wait hold the interpreter lock of the C++ module while its thread needs it, so that
callbacks are used for all but pings.
"""

import json
import os
import sys
import time
from datetime import timedelta

from tried import Tried

import opendht as d

TRIED = Tried(d)
RESULTS = {}
SHORT = 77


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


def step(function):
    """Notes what a step returns, under its name."""
    RESULTS[function.__name__] = repr(function())


def start(identity=None):
    config = d.DhtConfig()
    config.setNetwork(int(sys.argv[1]))
    config.setRateLimit(-1, -1)
    node = d.DhtRunner()
    node.run(id=identity, ipv4='127.0.0.1', config=config)
    node.registerType(d.ValueType(SHORT, 'short', timedelta(seconds=2)))
    return node


def id_of(node):
    """The modules of 2.4 give bytes, those of 4.x an InfoHash."""
    node_id = node.getNodeId()
    return node_id.decode() if isinstance(node_id, bytes) else str(node_id)


def put(node, key, value):
    answers = []
    returned = node.put(key, value, lambda ok, nodes: answers.append((ok, nodes)))
    assert wait_until(lambda: answers)
    return returned, answers[0]


def get(node, key, wants_more=lambda value: True, **conditions):
    values, ends = [], []

    def on_value(value):
        values.append((value.data[:20], value.user_type, value.size))
        return wants_more(value)

    node.get(key, on_value, lambda ok, nodes: ends.append((ok, type(nodes).__name__)), **conditions)
    assert wait_until(lambda: ends)
    return sorted(values), ends


IDENTITY = d.Identity.generate('name', d.Identity(), 2048)
KEY, OTHER, SHARED, LARGE = (d.InfoHash.get(f'live {i}') for i in range(4))
a, b = start(IDENTITY), start()
named = d.Value(b'second')
named.id, named.user_type = 42, 'text/plain'


@step
def ids():
    return a.getId() == IDENTITY.publickey.getId(), len(id_of(a)), str(b), b.isRunning()


@step
def bound():
    return str(a.getBound()) == str(a.getBound(2)), a.getBound().getFamily(), str(a.getBound(10))


@step
def running_twice():
    return b.run(port=1), b.ping(a.getBound())


@step
def puts():
    returned, (ok, (entry,)) = put(a, KEY, d.Value(b'first'))
    node = entry.getNode()
    facts = str(entry) == id_of(b), str(node.getId()) == str(entry.getId())
    return returned, ok, facts, type(node.getAddr()), node.isExpired(), put(a, KEY, named)[1][0]


@step
def gets():
    return get(b, KEY), get(b, d.InfoHash.get('nothing'))


@step
def gets_of_some():
    where = d.Where().userType('text/plain')
    return [get(b, KEY, filter=lambda it: it.id == 42), get(b, KEY, where=where)]


@step
def gets_that_have_enough():
    return [[len(it) for it in get(b, KEY, answer)] for answer in (lambda _: False, lambda _: None)]


@step
def gets_without_an_end():
    values = []
    returned = b.get(KEY, lambda value: values.append(value) or True)
    return returned, wait_until(lambda: len(values) == 2)


@step
def listens():
    events = []
    token = b.listen(KEY, lambda value, expired: events.append((value.data, expired)) or True)
    assert wait_until(lambda: len(events) == 2)
    put(a, KEY, d.Value(b'third'))
    assert wait_until(lambda: len(events) == 3)
    return type(token).__name__, sorted(events), b.cancelListen(token)


@step
def listens_whose_callback_refuses():
    events = []
    b.listen(OTHER, lambda value, expired: events.append(value.data) and False)
    for data in (b'1', b'2'):
        put(a, OTHER, d.Value(data))
    return wait_until(lambda: len(events) == 2), sorted(events)


@step
def values_that_expire():
    events = []
    key = d.InfoHash.get('expiring')
    b.listen(key, lambda value, expired: events.append((value.data, expired)) or True)
    put(a, key, d.Value(b'x', SHORT))
    return wait_until(lambda: len(events) == 2), events


@step
def two_contents_of_one_id():
    first, second = d.Value(b'1'), d.Value(b'2')
    first.id = second.id = 5
    return put(a, SHARED, first)[1][0], put(b, SHARED, second)[1][0], get(b, SHARED)


@step
def large_values():
    return put(a, LARGE, d.Value(b'z' * 60_000))[1][0], get(b, LARGE)


@step
def indexes():
    ends, found = [], []
    index = d.Pht(b'index', {'title': 4}, a)
    wanted = d.IndexValue(KEY, 5)
    returned = index.insert({'title': b'abcd'}, wanted, lambda ok: ends.append(ok))
    assert wait_until(lambda: ends)

    def on_values(values, prefix):
        found.extend((str(it.getKey()), it.getValueId()) for it in values)

    other = d.Pht(b'index', {'title': 4}, b)
    other.lookup({'title': b'abcd'}, on_values, lambda ok: ends.append(ok))
    return returned, wait_until(lambda: len(ends) == 2), ends, found


@step
def information():
    kinds = [type(it) for it in (a.getStorageLog(), a.getRoutingTablesLog(2), a.getSearchesLog(2))]
    return kinds, [type(it) for it in a.getNodeMessageStats()]


@step
def callbacks_that_raise():
    ends = []
    b.get(KEY, lambda value: 1 / 0, lambda ok, nodes: ends.append(ok))
    b.put(KEY, d.Value(b'x'), lambda ok: ends.append(ok))
    return wait_until(lambda: ends), put(b, OTHER, d.Value(b'goes on'))[1][0]


@step
def shutdown():
    ends, puts = [], []
    returned = b.shutdown(lambda: ends.append('down'))
    assert wait_until(lambda: ends)
    b.put(KEY, d.Value(b'x'), lambda ok, nodes: puts.append((ok, nodes)))
    return returned, b.isRunning(), wait_until(lambda: puts), puts


@step
def join():
    returned = b.join()
    after = b.isRunning(), str(b.getBound()), id_of(b) == '0' * 40
    b.run(ipv4='127.0.0.1')
    again = b.isRunning(), b.getBound().getPort() > 0
    return returned, after, again, b.join()


print(json.dumps({'results': RESULTS, 'tried': sorted(TRIED.members)}))
sys.stdout.flush()
os._exit(0)
