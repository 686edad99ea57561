# SPDX-License-Identifier: MIT
"""A message that only one node can read: `python sealed.py`. Both nodes are here."""

import opendht as dht

alice, bob = dht.Identity.generate('alice'), dht.Identity.generate('bob')
writer, reader = dht.DhtRunner(), dht.DhtRunner()
writer.run(id=alice, ipv4='127.0.0.1')
reader.run(id=bob, ipv4='127.0.0.1')
reader.bootstrap('127.0.0.1', str(writer.getBound().getPort()))
writer.ping(reader.getBound())

key = dht.InfoHash.get('letterbox')
print(writer.putEncrypted(key, dht.Value(b'for your eyes only'), bob.publickey))
for value in reader.get(key):
    print(value.data, 'from', value.owner)
writer.join()
reader.join()
