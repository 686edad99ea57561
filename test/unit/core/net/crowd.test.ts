// SPDX-License-Identifier: MIT
// One network takes no more than its share of the places around an id, as long as others want them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IdTrie } from '../../../../src/core/id/id-trie.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { Crowd, closestApart } from '../../../../src/core/net/crowd.ts'
import { Node } from '../../../../src/core/net/node.ts'
import { NodeCache } from '../../../../src/core/net/node-cache.ts'
import { RoutingTable } from '../../../../src/core/routing/routing-table.ts'
import { ClosestSet } from '../../../../src/core/search/closest-set.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, outcomesOf, peerAddress } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork } from '../../../support/mini-network.ts'
import { readCompactNodes } from '../../../support/node-list.ts'

const NOW = 1000

function parse(host: string, port = 4222): SocketAddress {
  const address = SocketAddress.parse(host, port)
  assert(address !== undefined, host)
  return address
}

/** Of one /24. */
function neighbour(n: number): SocketAddress {
  return parse(`198.51.100.${n + 1}`)
}

/** `n` decides the distance to KEY: the lower, the farther. */
function node(n: number, address: SocketAddress, isGood = true, salt = n): Node {
  const made = new Node(idNear(KEY, n, salt), address, false)
  if (isGood) made.replied(NOW)
  return made
}

/** Thirty of one network, all closer to KEY than ten of ten networks. */
function besieged(): { liars: Node[]; honest: Node[] } {
  const liars = Array.from({ length: 30 }, (_, n) => node(80 + n, neighbour(n)))
  const honest = Array.from({ length: 10 }, (_, n) => node(10 + n, peerAddress(n)))
  return { liars, honest }
}

const isLiar = ({ address }: { address: SocketAddress }): boolean => address.a0 >>> 8 === 0xc63364

describe('nodes of one network', () => {
  it('are those of a /24, or of a /48', () => {
    const crowd = new Crowd().start(1)
    for (const host of ['203.0.113.1', '203.0.114.1', '2001:db8:1::1', '2001:db8:2::1']) {
      assert(crowd.admits(parse(host)), host)
    }
    for (const host of ['203.0.113.1', '203.0.113.255', '2001:db8:1::1', '2001:db8:1:ffff::1']) {
      assert(!crowd.admits(parse(host, 5000)), host)
    }
  })

  it('never crowd on loopback, in private networks, or without a limit', () => {
    const hosts = ['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.0.1']
    const others = ['100.64.0.1', '100.127.255.1', '::1', 'fe80::1', 'fd00::1', 'fc00::1']
    for (const host of [...hosts, ...others]) {
      const crowd = new Crowd().start(1)
      for (let port = 1; port <= 20; port++) assert(crowd.admits(parse(host, port)), host)
    }
    for (const host of ['172.32.0.1', '100.128.0.1', '11.0.0.1', '192.169.0.1', 'fec0::1']) {
      const limited = new Crowd().start(2)
      const admitted = Array.from({ length: 9 }, (_, n) => limited.admits(parse(host, n + 1)))
      assert.equal(admitted.filter(Boolean).length, 2, host)
      assert(!new Crowd().start(-1).isIn(Array.from({ length: 9 }, () => node(1, parse(host)))))
    }
  })
})

describe('a search', () => {
  it('goes by one node of each network, whatever the order in which they turn up', () => {
    const { liars, honest } = besieged()
    for (const all of [
      [...liars, ...honest],
      [...honest, ...liars],
    ]) {
      const set = new ClosestSet(KEY, 1)
      for (const each of all) set.insert(each)
      const { members } = set.closest()
      assert.equal(members.filter((member) => isLiar(member.node)).length, 1)
      assert.deepEqual(
        members.map(({ id }) => id),
        [liars[29]!, ...honest.slice(3).reverse()].map(({ id }) => id),
      )
      set.clear()
      for (const { references } of all) assert.equal(references, 0)
    }
  })

  it('goes by all of them when there are not enough others, closest first', () => {
    const { liars, honest } = besieged()
    const set = new ClosestSet(KEY, 1)
    for (const each of [...liars, ...honest.slice(0, 3)]) set.insert(each)
    const { members } = set.closest()
    assert.deepEqual(
      members.map(({ id }) => id),
      [...liars.slice(25).reverse(), ...honest.slice(0, 3).reverse()].map(({ id }) => id),
    )
  })

  it('begins with the known nodes of many networks', () => {
    const { liars, honest } = besieged()
    const cache = new NodeCache(1)
    for (const { id, address } of [...liars, ...honest]) cache.learn(id, address, NOW)
    const start = cache.closestApart(KEY, 8, 1)
    assert.equal(start.filter(isLiar).length, 1)
    assert.equal(cache.closestApart(KEY, 20, 1).filter(isLiar).length, 10)
    assert.equal(cache.closestApart(KEY, 8, -1).filter(isLiar).length, 8)
  })
})

describe('a crowd that fills the cache', () => {
  it('does not make every lookup walk all of it', () => {
    const tree = new IdTrie<Node>()
    for (let n = 0; n < 5000; n++) tree.add(node(20 + (n % 100), neighbour(n % 250), false, n))
    let looked = 0
    const accept = (): boolean => ++looked > 0
    const closest = tree.closest(KEY, 8)
    const apart = closestApart(tree, KEY, closest, { perPrefix: 1, accept })
    assert.equal(looked, 2048)
    assert.equal(apart.length, 8)
  })
})

describe('a bucket', () => {
  it('gives the places that one network crowds to others, the newest first', () => {
    const table = new RoutingTable(idNear(KEY, 0), { perPrefix: 1 })
    const liars = Array.from({ length: 8 }, (_, n) => node(n + 1, neighbour(n)))
    for (const each of liars) table.offer(each, NOW)
    const far = Array.from({ length: 9 }, (_, n) => node(20 + n, peerAddress(n)))
    for (const each of far) table.offer(each, NOW)
    const bucket = table.bucketOf(KEY)
    assert(table.buckets.length > 1 && bucket.nodes.length === 8)
    assert.deepEqual(bucket.nodes.filter(isLiar), [liars[0]])
  })

  it('keeps whoever came first when one network has more', () => {
    const table = new RoutingTable(idNear(KEY, 0), { perPrefix: 1 })
    const first = Array.from({ length: 8 }, (_, n) => node(n + 1, peerAddress(n)))
    for (const each of first) table.offer(each, NOW)
    // Of the other half, so that the bucket is split.
    for (let n = 0; n < 8; n++) table.offer(node(0, peerAddress(100 + n)), NOW)
    const late = node(30, neighbour(1))
    assert(!table.wants(late, NOW))
    assert(!table.offer(late, NOW).added)
  })
})

describe('a list for others', () => {
  it('names one node of each network, as long as there are enough others', () => {
    const net = new MiniNetwork(5)
    const asked = net.add({ id: idNear(KEY, 0) })
    const { liars, honest } = besieged()
    for (const { id, address } of [...honest, ...liars]) {
      const peer = new FakePeer(net, id, address)
      asked.dht.insertNode(peer, net.now)
    }
    net.run(5000)
    const client = new FakePeer(net, idNear(KEY, 1), peerAddress(200))
    client.tokenOf(asked.address)
    net.run(1000)
    const [answer] = client.ask(asked.address, (e, w, tid) => e.find(w, tid, KEY, []))
    const listed = readCompactNodes(answer!, answer!.nodes4, 4, 16)
    assert.equal(listed.length, 8)
    assert(listed.filter(isLiar).length <= 1, `${listed.map(({ address }) => address)}`)
  })
})

describe('a list of a liar', () => {
  it('has nodes of other networks asked first', () => {
    const net = new MiniNetwork(6)
    const node = net.add()
    const { liars, honest } = besieged()
    const liar = new FakePeer(net, liars[0]!.id, liars[0]!.address)
    liar.neighbours = [...liars.slice(1, 8), ...honest]
    const peers = liar.neighbours.map(({ id, address }) => new FakePeer(net, id, address))
    node.dht.bootstrap([liar.address], net.now)
    net.run(1000)
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    assert(net.runUntil(() => outcomesOf(node, operation).length > 0))
    const asked = peers.filter((peer) => peer.requests(Kind.Get).length > 0)
    assert.equal(asked.filter(isLiar).length, 1, `${asked.map(({ address }) => address)}`)
    assert(asked.length >= 8)
  })
})
