# SPDX-License-Identifier: MIT
"""Puts songs into an index and finds one of them by artist and title: `python index.py [HOST]`."""

import sys
import threading

import opendht as dht

SONGS = [(b'ada', b'engine'), (b'ada', b'notes'), (b'grace', b'compiler')]

node = dht.DhtRunner()
node.run()
node.bootstrap(*sys.argv[1:] or ['bootstrap.jami.net'])

index = dht.Pht(b'songs', {'artist': 16, 'title': 32}, node)
inserted = threading.Semaphore(0)
for artist, title in SONGS:
    entry = dht.IndexValue(dht.InfoHash.get(f'{artist} {title}'))
    index.insert({'artist': artist, 'title': title}, entry, lambda ok: inserted.release())
for _ in SONGS:
    inserted.acquire()

ended = threading.Event()
index.lookup(
    {'artist': b'grace', 'title': b'compiler'},
    lambda values, prefix: print('found', *[value.getKey() for value in values]),
    lambda ok: ended.set(),
)
ended.wait()
node.join()
