// SPDX-License-Identifier: MIT
// How many requests operations cost: none that an answer on its way makes superfluous.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, outcomesOf, peerAddress, text } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

const MINUTE_MS = 60_000

/** A settled node that knows eight peers around the key. */
function world(): { net: MiniNetwork; node: MiniNode; peers: FakePeer[] } {
  const net = new MiniNetwork(71)
  const node = net.add()
  const peers = Array.from(
    { length: 8 },
    (_, n) => new FakePeer(net, idNear(KEY, 20 - n, n), peerAddress(n + 1)),
  )
  for (const peer of peers) {
    peer.neighbours = peers
    node.dht.insertNode(peer, net.now)
  }
  net.run(5 * MINUTE_MS)
  for (const peer of peers) peer.received.length = 0
  return { net, node, peers }
}

/** Requests about the key that one peer got, by kind. */
function costs(peer: FakePeer): Record<string, number> {
  const about = peer.received.filter(
    ({ message }) => message.hash.equals(KEY) || message.target.equals(KEY),
  )
  const count = (kind: Kind): number => about.filter(({ message }) => message.kind === kind).length
  return {
    finds: count(Kind.Find),
    gets: count(Kind.Get),
    puts: count(Kind.Put) + count(Kind.Refresh),
    listens: count(Kind.Listen),
  }
}

describe('requests', () => {
  it('of a get serve the put and the listen that start with it', () => {
    const { net, node, peers } = world()
    const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
    node.dht.startListen(KEY, QUERY_ALL, net.now)
    const put = node.dht.startPut(KEY, text('x', 1n), {}, net.now).operation
    net.run(1000)
    assert.deepEqual([...outcomesOf(node, get), ...outcomesOf(node, put)], ['ok', 'ok'])
    for (const [n, peer] of peers.entries()) {
      assert.deepEqual(costs(peer), { finds: 0, gets: 1, puts: 1, listens: n < 4 ? 1 : 0 })
    }
  })

  it('of a get bring the tokens for a put that follows', () => {
    const { net, node, peers } = world()
    node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(1000)
    node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    net.run(1000)
    for (const peer of peers) {
      assert.deepEqual(costs(peer), { finds: 0, gets: 1, puts: 1, listens: 0 })
    }
  })

  it('of a put are one per node, and one more to each of the three closest', () => {
    const { net, node, peers } = world()
    node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    net.run(1000)
    const finds = peers.map((peer) => costs(peer).finds)
    assert.deepEqual(finds, [1, 1, 1, 0, 0, 0, 0, 0])
    for (const peer of peers) assert.equal(costs(peer).puts, 1)
  })

  it('of a put start with what tells the tokens where they are not known', () => {
    const { net, node, peers } = world()
    node.dht.connectivityChanged(net.now)
    net.run(1000)
    for (const peer of peers) peer.received.length = 0
    node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    net.run(1000)
    for (const peer of peers) assert.equal(costs(peer).puts, 1)
  })

  it('of a permanent put are two per node and lifetime', () => {
    const { net, node, peers } = world()
    for (const peer of peers) peer.values = [text('x', 1n)]
    node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    net.run(MINUTE_MS)
    for (const peer of peers) peer.received.length = 0
    net.run(98 * MINUTE_MS)
    for (const peer of peers) {
      const { finds = 0, gets = 0, puts = 0 } = costs(peer)
      // Up to an eighth of its lifetime sooner than necessary.
      assert(puts >= 10 && puts <= 11, `${puts} puts`)
      assert.equal(gets, puts)
      assert(finds <= 1, `${finds} finds`)
    }
  })
})
