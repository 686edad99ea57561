// SPDX-License-Identifier: MIT
// Nodes that live but do not answer a search, or not always: the search neither waits for them for
// ever nor forgets them for good.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, outcomesOf, peerAddress, text } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

/** A node that knows `count` peers around the key, all of which know each other. */
function world(count: number): { net: MiniNetwork; node: MiniNode; peers: FakePeer[] } {
  const net = new MiniNetwork(5)
  const node = net.add()
  const peers = Array.from(
    { length: count },
    (_, n) => new FakePeer(net, idNear(KEY, 20 - n, n), peerAddress(n + 1)),
  )
  for (const peer of peers) {
    peer.neighbours = peers
    node.dht.insertNode(peer, net.now)
  }
  net.run(2000)
  return { net, node, peers }
}

/** The peer says something now and then. */
function chat(net: MiniNetwork, node: MiniNode, peer: FakePeer, ms: number): void {
  for (let i = 0; i < ms / 1000; i++) {
    peer.send(node.address, (encoder, writer) => encoder.ping(writer, i + 1))
    net.run(1000)
  }
}

describe('a node that lives but does not answer', () => {
  it('does not hold up a get for ever', () => {
    const { net, node, peers } = world(1)
    peers[0]!.script = (_, { message }) => message.kind === Kind.Get
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    chat(net, node, peers[0]!, 12_000)
    assert.deepEqual(outcomesOf(node, operation), ['failed'])
  })

  it('is asked again by a put that needs it', () => {
    const { net, node, peers } = world(3)
    const closest = peers[0]!
    let isDeaf = true
    closest.script = (_, { message }) => isDeaf && message.kind !== Kind.Ping
    const { operation } = node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    chat(net, node, closest, 9_000)
    assert.deepEqual(outcomesOf(node, operation), ['ok'])
    isDeaf = false
    closest.received.length = 0
    chat(net, node, closest, 20_000)
    assert(closest.requests(Kind.Put).length > 0)
    closest.received.length = 0
    chat(net, node, closest, 20_000)
    assert.equal(closest.requests(Kind.Put).length, 0, 'it has the value')
  })

  it('is asked less when it goes on not answering', () => {
    const { net, node, peers } = world(14)
    net.run(90_000)
    peers[0]!.received.length = 0
    peers[0]!.script = (_, { message }) => message.kind !== Kind.Ping
    node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    chat(net, node, peers[0]!, 40_000)
    const finds = peers[0]!.requests(Kind.Find)
    const about = finds.filter(({ message }) => message.target.equals(KEY))
    const asked = new Set(about.map(({ message }) => message.tid)).size
    assert(asked <= 5, `it was asked ${asked} times`)
  })
})

describe('nodes that take long, and then die', () => {
  for (const size of [500, 3000]) {
    it(`do not hold up a put of ${size} bytes, which others take in their place`, () => {
      const { net, node, peers } = world(14)
      const slow = peers.slice(0, 3)
      const held: { at: number; answer: () => void }[] = []
      let isDead = false
      for (const peer of slow) {
        peer.script = (_, request) => {
          if (!isDead) held.push({ at: net.now + 1300, answer: () => peer.serve(request) })
          return true
        }
      }
      const pass = (ms: number, isOver = () => false): void => {
        const end = net.now + ms
        while (net.now < end && !isOver()) {
          net.run(10)
          while (held.length > 0 && held[0]!.at <= net.now) held.shift()!.answer()
        }
      }
      /** Puts a value of so many bytes; the time until it is stored. */
      const put = (id: bigint, length: number): number => {
        const startedAt = net.now
        const value = new Value({ id, data: new Uint8Array(length).fill(7) })
        const { operation } = node.dht.startPut(KEY, value, {}, net.now)
        pass(60_000, () => outcomesOf(node, operation).length > 0)
        return net.now - startedAt
      }
      for (let id = 100n; id < 120n; id++) {
        node.dht.startPut(KEY, text('x', id), {}, net.now)
        pass(8000)
      }
      const slowMs = put(1n, size)
      pass(5000)
      isDead = true
      const deadMs = put(2n, size)
      assert(slowMs <= 1000, `${slowMs} ms while they were slow`)
      assert(deadMs <= 1000, `${deadMs} ms when they were dead`)
    })
  }
})

describe('nodes that answer now and then', () => {
  it('get a value once, though they leave the closest ones and come back', () => {
    let holders = 0
    let repeated = 0
    for (let seed = 1; seed <= 20; seed++) {
      const { net, node, peers } = world(30)
      const random = new SeededRandom(seed)
      const first = new Map<FakePeer, number>()
      for (const peer of peers) {
        peer.script = (_, { message }) => {
          if (random.uint32() % 10 < 3) return true
          if (message.kind === Kind.Put && !first.has(peer)) first.set(peer, message.tid)
          return false
        }
      }
      const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
      assert.equal(net.finish(node, operation), 'ok')
      net.run(20_000)
      holders += first.size
      for (const [peer, tid] of first) {
        if (peer.requests(Kind.Put).at(-1)!.message.tid !== tid) repeated++
      }
    }
    // Some were given up in between, when several datagrams in a row were lost.
    assert(repeated <= holders / 10, `${repeated} of ${holders} got it again`)
  })
})

describe('nodes that others list but nobody has met', () => {
  it('do not hold up a put that everybody else has', () => {
    const net = new MiniNetwork(5)
    const node = net.add()
    const alive = new FakePeer(net, idNear(KEY, 3, 1), peerAddress(1))
    const dead = [2, 3, 4, 5].map((n) => new FakePeer(net, idNear(KEY, 20 - n, n), peerAddress(n)))
    for (const peer of dead) peer.script = () => true
    alive.neighbours = dead
    node.dht.insertNode(alive, net.now)
    const startedAt = net.now
    const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    assert(net.now - startedAt < 4000, `${net.now - startedAt} ms`)
  })
})

describe('a node that comes back', () => {
  it('is taken into the search again when it is heard of', () => {
    for (const settleMs of [0, 500, 1000, 3000]) {
      const { net, node, peers } = world(14)
      net.run(settleMs)
      const closest = peers[0]!
      closest.script = () => true
      node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
      net.run(60_000)
      closest.script = () => false
      closest.received.length = 0
      chat(net, node, closest, 1000)
      // At the latest with the next repetition of the request that it is being tried with.
      assert(net.runUntil(() => closest.requests(Kind.Put).length === 1, 10_000))
    }
  })
})

describe('a node that dies', () => {
  it('is replaced in all searches as soon as one request finds out', () => {
    const { net, node, peers } = world(14)
    net.run(120_000)
    node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    net.run(120_000)
    assert.equal(peers[8]!.requests(Kind.Put).length, 0)
    peers[0]!.script = () => true
    node.dht.startGet(idNear(KEY, 50), QUERY_ALL, net.now)
    net.run(12_000)
    assert.equal(peers[8]!.requests(Kind.Put).length, 1)
  })
})
