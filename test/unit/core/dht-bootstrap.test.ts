// SPDX-License-Identifier: MIT
// Getting into the network and back into it: statuses, bootstrap requests, pauses between them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../src/core/value/query.ts'
import { Kind } from '../../../src/core/wire/message.ts'
import { KEY, outcomesOf, peerAddress } from '../../support/dht-kit.ts'
import { FakePeer } from '../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../support/mini-network.ts'
import { Traffic } from '../../support/traffic.ts'

const MINUTE_MS = 60_000

function statuses(node: MiniNode): string[] {
  return node.events.flatMap((event) => (event.kind === 'status' ? [event.ipv4] : []))
}

/** Times at which the node asked its driver for bootstrap addresses. */
function requestTimes(net: MiniNetwork, node: MiniNode, ms: number): number[] {
  const times: number[] = []
  for (const end = net.now + ms; net.now < end; ) {
    net.run(100)
    if (node.events.some(({ kind }) => kind === 'bootstrap-wanted')) times.push(net.now)
    node.events.length = 0
  }
  return times
}

describe('a node that is told an address', () => {
  it('connects, and so does the one that it contacted', () => {
    const net = new MiniNetwork()
    const [first, second] = net.addMany(2) as [MiniNode, MiniNode]
    net.enter(second, first)
    net.run(100)
    assert.deepEqual(statuses(second), ['connecting', 'connected'])
    assert.equal(statuses(first).at(-1), 'connected')
  })

  it('connects however both contacted each other', () => {
    const net = new MiniNetwork()
    const [first, second] = net.addMany(2) as [MiniNode, MiniNode]
    net.enter(second, first)
    net.enter(first, second)
    net.run(100)
    assert.deepEqual(
      [first.dht.status().ipv4, second.dht.status().ipv4],
      ['connected', 'connected'],
    )
  })

  it('where nobody lives is disconnected again within ten seconds', () => {
    const net = new MiniNetwork()
    const node = net.add()
    const traffic = new Traffic(net)
    node.dht.bootstrap([peerAddress(1)], net.now)
    net.run(6000)
    assert.equal(node.dht.status().ipv4, 'connecting')
    net.run(4000)
    assert.deepEqual(statuses(node), ['connecting', 'disconnected'])
    assert.equal(traffic.count({ to: peerAddress(1), kind: Kind.Ping }), 5)
  })

  it('connects when one of many answers, and asks all at once', () => {
    const net = new MiniNetwork()
    const node = net.add()
    new FakePeer(net, KEY, peerAddress(3))
    node.dht.bootstrap([peerAddress(1), peerAddress(2), peerAddress(3)], net.now)
    net.run(20)
    assert.equal(node.dht.status().ipv4, 'connected')
  })

  it('asks nobody while it is connected', () => {
    const net = new MiniNetwork()
    const [first, second] = net.addMany(2) as [MiniNode, MiniNode]
    net.enter(second, first)
    net.run(5000)
    const traffic = new Traffic(net)
    second.dht.bootstrap([peerAddress(9)], net.now)
    net.run(5000)
    assert.equal(traffic.count({ to: peerAddress(9) }), 0)
  })
})

describe('a node without anybody', () => {
  it('asks for addresses again and again, with jittered pauses of at most five minutes', () => {
    const net = new MiniNetwork()
    const nodes = net.addMany(2) as [MiniNode, MiniNode]
    const times = requestTimes(net, nodes[0], 120 * MINUTE_MS)
    const pauses = times.slice(1).map((at, i) => at - times[i]!)
    assert(times[0]! <= 6000, 'soon')
    assert(pauses[0]! >= 2500 && pauses[0]! <= 3200)
    for (const [i, pause] of pauses.entries()) {
      assert(pause <= 301_000, `${pause} ms`)
      if (i > 0 && i < 4) assert(pause > 1.4 * pauses[i - 1]!, 'longer each time')
    }
    assert(new Set(pauses.slice(5)).size > 5, 'not in step with others')
    assert(times.length >= 24)
  })

  it('tries again within seconds when its first pings are lost', () => {
    const net = new MiniNetwork()
    const [first, second] = net.addMany(2) as [MiniNode, MiniNode]
    const lostUntil = net.now + 2400
    net.carries = () => net.now >= lostUntil
    for (let ms = 0; ms < 3500; ms += 100) {
      // As a driver does. The first one is there at once.
      const wishes = second.events.splice(0).filter(({ kind }) => kind === 'bootstrap-wanted')
      if (ms === 0 || wishes.length > 0) net.enter(second, first)
      net.run(100)
    }
    assert.equal(second.dht.status().ipv4, 'connected')
  })

  it('counts as connecting while names are being resolved', () => {
    const net = new MiniNetwork()
    const node = net.add()
    node.dht.expectBootstrap(net.now)
    net.pump(node)
    assert.equal(node.dht.status().ipv4, 'connecting')
    node.dht.bootstrap([], net.now)
    assert.equal(node.dht.status().ipv4, 'disconnected')
  })

  it('tries everybody whom it knew, in the course of time', () => {
    const net = new MiniNetwork()
    const node = net.add()
    const peers = Array.from(
      { length: 100 },
      (_, n) => new FakePeer(net, InfoHash.get(`${n}`), peerAddress(n)),
    )
    for (const peer of peers) node.dht.insertNode(peer, net.now)
    net.run(1000)
    assert.equal(node.dht.stats(net.now).ipv4.cached, 100)
    for (const peer of peers) peer.script = () => true
    net.run(40 * MINUTE_MS)
    assert.equal(node.dht.status().ipv4, 'disconnected')
    peers[50]!.script = () => false
    assert(net.runUntil(() => node.dht.status().ipv4 === 'connected', 300 * MINUTE_MS))
  })
})

describe('connectivityChanged', () => {
  it('proves the known nodes anew, at once', () => {
    const net = new MiniNetwork()
    net.addMany(10)
    net.join()
    const node = net.nodes[4]!
    node.events.length = 0
    node.dht.connectivityChanged(net.now)
    assert.equal(node.dht.stats(net.now).ipv4.good, 0)
    assert.deepEqual(node.dht.publicAddresses(), [])
    assert.equal(node.dht.status().ipv4, 'connecting')
    net.run(1000)
    assert.deepEqual(statuses(node), ['connecting', 'connected'])
    assert(node.dht.stats(net.now).ipv4.good >= 5)
    assert.equal(node.dht.publicAddresses().length, 1)
  })

  it('lets gets wait until somebody answered', () => {
    const net = new MiniNetwork()
    net.addMany(10)
    net.join()
    const node = net.nodes[4]!
    node.dht.connectivityChanged(net.now)
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(node, operation, 5000), 'ok')
  })

  it('of one family leaves the other alone', () => {
    const net = new MiniNetwork()
    net.addMany(10, { families: [4, 6] })
    net.join()
    const node = net.nodes[4]!
    node.dht.connectivityChanged(net.now, 6)
    assert.deepEqual(node.dht.status(), { ipv4: 'connected', ipv6: 'connecting' })
  })
})

describe('a ping of the user', () => {
  it('ends with the node that answered, or fails', () => {
    const net = new MiniNetwork()
    const node = net.add()
    const peer = new FakePeer(net, InfoHash.get('peer'), peerAddress(1))
    const good = node.dht.ping(peer.address, net.now)
    const bad = node.dht.ping(peerAddress(2), net.now)
    net.run(10_000)
    assert.deepEqual([...outcomesOf(node, good), ...outcomesOf(node, bad)], ['ok', 'failed'])
    const done = node.events.find((event) => event.kind === 'done' && event.operation === good)
    assert(done?.kind === 'done' && done.nodes[0]?.id.equals(peer.id))
  })
})
