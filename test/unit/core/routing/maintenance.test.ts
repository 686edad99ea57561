// SPDX-License-Identifier: MIT
// How a node looks after its routing table: lookups of its own id, refreshes, signs of life, and
// what it does with what others list.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { Kind, WANT_IPV4, WANT_IPV6 } from '../../../../src/core/wire/message.ts'
import { peerAddress } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'
import { Traffic } from '../../../support/traffic.ts'

const MINUTE_MS = 60_000

function world(
  count: number,
  families: readonly (4 | 6)[] = [4],
): { net: MiniNetwork; node: MiniNode; peers: FakePeer[] } {
  const net = new MiniNetwork(81)
  const node = net.add({ families })
  const peers = Array.from(
    { length: count },
    (_, n) => new FakePeer(net, InfoHash.get(`peer ${n}`), peerAddress(n + 1)),
  )
  for (const peer of peers) peer.neighbours = peers.slice(0, 8)
  return { net, node, peers }
}

function good({ dht }: MiniNode, net: MiniNetwork): number {
  return dht.stats(net.now).ipv4.good
}

describe('a node that becomes connected', () => {
  it('looks up its own id at once, and again with growing pauses', () => {
    const { net, node, peers } = world(1)
    node.dht.bootstrap([peers[0]!.address], net.now)
    net.run(30 * MINUTE_MS)
    const finds = peers[0]!.requests(Kind.Find)
    const times = finds
      .filter(({ message }) => message.target.equals(node.dht.id))
      .map(({ at }) => at)
    assert(times[0]! < 1100)
    const pauses = times.slice(1).map((at, i) => at - times[i]!)
    for (const [i, pause] of pauses.entries()) {
      assert(pause <= 15 * MINUTE_MS)
      if (i > 0 && i < 5) assert(pause > pauses[i - 1]!)
    }
    assert(pauses.length >= 8 && pauses.length <= 12, `${pauses}`)
  })

  it('looks around once, and keeps of its lookups only the one of its own id', () => {
    const { net, node, peers } = world(12)
    const keys = (): string[] => node.dht.searches(4, net.now).map(({ key }) => key.toString())
    node.dht.bootstrap([peers[0]!.address], net.now)
    assert(net.runUntil(() => keys().length > 1, 10_000))
    const own = node.dht.id.toString()
    assert(net.runUntil(() => keys().join() === own, 10_000))
    net.run(MINUTE_MS)
    assert.deepEqual(keys(), [own])
    const targets = new Set(
      peers.flatMap((peer) => peer.requests(Kind.Find)).map(({ message }) => `${message.target}`),
    )
    assert(targets.size >= 4, `${targets.size} keys were looked up`)
  })

  it('takes the nodes that others list once they have answered', () => {
    const { net, node, peers } = world(12)
    for (const peer of peers) peer.neighbours = peers
    peers[5]!.script = () => true
    node.dht.bootstrap([peers[0]!.address], net.now)
    net.run(5000)
    assert.equal(good(node, net), 11)
    const listed = node.dht.routingTable(4, net.now).buckets.flatMap(({ nodes }) => nodes)
    assert(!listed.some(({ id }) => id.equals(peers[5]!.id)))
  })
})

describe('nodes that were out of reach', () => {
  it('are found again, though nobody tells of them', () => {
    const { net, node, peers } = world(12)
    const [near, lost] = [peers.slice(0, 6), peers.slice(6)]
    for (const peer of near) peer.neighbours = near
    for (const peer of lost) peer.neighbours = lost
    for (const peer of peers) node.dht.insertNode(peer, net.now)
    net.run(MINUTE_MS)
    for (const peer of lost) peer.script = () => true
    net.run(12 * MINUTE_MS)
    assert(good(node, net) <= near.length)
    for (const peer of lost) {
      peer.script = () => false
      peer.received.length = 0
    }
    net.run(5 * MINUTE_MS)
    assert.equal(good(node, net), peers.length)
  })

  it('are sought with a ping now and then when they do not come back', () => {
    const { net, node, peers } = world(12)
    for (const peer of peers) node.dht.insertNode(peer, net.now)
    net.run(MINUTE_MS)
    for (const peer of peers.slice(6)) peer.script = () => true
    net.run(20 * MINUTE_MS)
    for (const peer of peers) peer.received.length = 0
    net.run(20 * MINUTE_MS)
    const sought = peers.slice(6).reduce((sum, { received }) => sum + received.length, 0)
    assert(sought > 0 && sought <= 40, `${sought} datagrams`)
  })
})

describe('the routing table', () => {
  it('is kept alive by pings where nothing else is going on', () => {
    const { net, node, peers } = world(8)
    for (const peer of peers) node.dht.insertNode(peer, net.now)
    for (let minutes = 0; minutes < 180; minutes += 5) {
      net.run(5 * MINUTE_MS)
      assert.equal(good(node, net), 8, `after ${minutes} minutes`)
    }
  })

  it('loses the dead within minutes, and takes others in their place', () => {
    const { net, node, peers } = world(16)
    for (const peer of peers) node.dht.insertNode(peer, net.now)
    net.run(MINUTE_MS)
    const before = good(node, net)
    for (const peer of peers.slice(0, 6)) peer.script = () => true
    net.run(18 * MINUTE_MS)
    const members = node.dht.routingTable(4, net.now).buckets.flatMap(({ nodes }) => nodes)
    for (const peer of peers.slice(0, 6)) {
      assert(!members.some(({ id }) => id.equals(peer.id)), 'the dead are out')
    }
    assert(before >= 10 && members.length === 10, `${members.length} of 10 are in`)
  })

  it('is quiet when everything is in order', () => {
    const { net, node, peers } = world(8)
    for (const peer of peers) node.dht.insertNode(peer, net.now)
    net.run(30 * MINUTE_MS)
    const traffic = new Traffic(net)
    net.run(60 * MINUTE_MS)
    const perNode = traffic.count({ from: node.address }) / peers.length
    assert(perNode <= 20, `${perNode} datagrams per node and hour`)
  })
})

describe('a stranger that only asks', () => {
  it('gets a place in the table when it has answered a ping', () => {
    const { net, node, peers } = world(2)
    const [silent, lively] = peers as [FakePeer, FakePeer]
    silent.script = () => true
    for (const peer of peers) peer.ask(node.address, (e, w, tid) => e.ping(w, tid))
    net.run(100)
    const members = node.dht.routingTable(4, net.now).buckets.flatMap(({ nodes }) => nodes)
    assert.deepEqual(
      members.map(({ id }) => id),
      [lively.id],
    )
    assert.equal(silent.requests(Kind.Ping).length, 1)
  })
})

describe('a dual-stack node', () => {
  it('asks for nodes of the family that it lacks', () => {
    const { net, node, peers } = world(8, [4, 6])
    for (const peer of peers) node.dht.insertNode(peer, net.now)
    net.run(2 * MINUTE_MS)
    const finds = peers.flatMap((peer) => peer.requests(Kind.Find))
    assert(finds.some(({ message }) => message.want === (WANT_IPV4 | WANT_IPV6)))
    const other = SocketAddress.v6(0x20010db8, 7, 0, 1, 4222)
    const found = new FakePeer(net, InfoHash.get('six'), other)
    for (const peer of peers) peer.neighbours = [...peer.neighbours, found]
    assert(net.runUntil(() => node.dht.status().ipv6 === 'connected', 20 * MINUTE_MS))
  })
})
