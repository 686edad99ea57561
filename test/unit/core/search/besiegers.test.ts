// SPDX-License-Identifier: MIT
// Nodes that are closer to a key than chance would have it get what they want, but eight others
// count. Honest networks do not notice.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { NodeCache } from '../../../../src/core/net/node-cache.ts'
import { ClosestSet } from '../../../../src/core/search/closest-set.ts'
import { Density } from '../../../../src/core/search/density.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, outcomesOf, peerAddress, text, textsOf } from '../../../support/dht-kit.ts'
import { FakePeer, type Script } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode, SeededRandom } from '../../../support/mini-network.ts'

const NOW = 1000
const MINUTE_MS = 60_000
const LIARS = 6

/** A network of `size` nodes with random ids, as one of them sees it that knows `known` of them. */
function spread(size: number, known: number, seed: number) {
  const random = new SeededRandom(seed)
  const ownId = InfoHash.random(random)
  const cache = new NodeCache(1)
  const ids = Array.from({ length: size }, () => InfoHash.random(random))
  const near = ids.toSorted((a, b) => ownId.compareDistance(a, b)).slice(0, known)
  for (const [n, id] of near.entries()) cache.learn(id, peerAddress(n), NOW)
  const density = new Density(ownId, cache, 1)
  density.isNear(KEY, KEY, NOW)
  const all = new NodeCache(1)
  return { random, density, nodes: ids.map((id, n) => all.learn(id, peerAddress(n), NOW)) }
}

describe('the closest nodes', () => {
  it('are the eight that they always were in networks of honest nodes', () => {
    let odd = 0
    for (const [seed, size] of [20, 40, 64, 200, 1000, 2000].entries()) {
      const { random, density, nodes } = spread(size, 40, seed)
      for (let i = 0; i < 100; i++) {
        const key = InfoHash.random(random)
        const set = new ClosestSet(key, 1, density)
        for (const node of nodes) set.insert(node)
        if (set.closest().members.length !== 8) odd++
      }
    }
    assert(odd <= 3, `${odd} of 600`)
  })

  it('are eight beside those that are too close to be there by chance', () => {
    const { density, nodes } = spread(1000, 40, 7)
    const cache = new NodeCache(1)
    const liars = Array.from({ length: LIARS }, (_, n) =>
      cache.learn(idNear(KEY, 24, n), peerAddress(2000 + n), NOW),
    )
    for (const all of [
      [...nodes, ...liars],
      [...liars, ...nodes],
    ]) {
      const set = new ClosestSet(KEY, 1, density)
      for (const node of all) set.insert(node)
      const { members, besiegers } = set.closest()
      assert.equal(besiegers, LIARS)
      const honest = nodes.toSorted((a, b) => KEY.compareDistance(a.id, b.id)).slice(0, 8)
      assert.deepEqual(
        members.slice(LIARS).map(({ node }) => node),
        honest,
      )
      assert(set.size <= LIARS + 14, `${set.size} members`)
    }
  })

  it('include everybody as long as there are not eight others', () => {
    const { density, nodes } = spread(1000, 40, 8)
    const set = new ClosestSet(KEY, 1, density)
    const cache = new NodeCache(1)
    for (let n = 0; n < LIARS; n++) {
      set.insert(cache.learn(idNear(KEY, 24, n), peerAddress(2000 + n), NOW))
    }
    for (const node of nodes.slice(0, 7)) set.insert(node)
    assert.equal(set.closest().besiegers, 0)
    assert.equal(set.closest().members.length, 8)
    set.insert(nodes[7]!)
    assert.equal(set.closest().besiegers, LIARS)
  })

  it('are not judged by who does not know his own neighbours', () => {
    const { density, nodes } = spread(1000, 7, 9)
    const set = new ClosestSet(KEY, 1, density)
    for (const node of nodes) set.insert(node)
    const cache = new NodeCache(1)
    for (let n = 0; n < LIARS; n++) {
      set.insert(cache.learn(idNear(KEY, 24, n), peerAddress(2000 + n), NOW))
    }
    assert.equal(set.closest().besiegers, 0)
  })
})

interface World {
  readonly net: MiniNetwork
  readonly node: MiniNode
  readonly honest: readonly FakePeer[]
  readonly liars: readonly FakePeer[]
}

/** A settled node that knows 24 peers, spread evenly, and the six of them that besiege the key. */
function besieged(script: Script = () => false): World {
  const net = new MiniNetwork(77)
  const node = net.add()
  const honest = Array.from({ length: 24 }, (_, n) => {
    const id = InfoHash.get(`peer ${n}`)
    return new FakePeer(net, id, peerAddress(n + 1))
  }).sort((a, b) => KEY.compareDistance(a.id, b.id))
  const liars = Array.from(
    { length: LIARS },
    (_, n) => new FakePeer(net, idNear(KEY, 24, n), peerAddress(200 + n)),
  )
  for (const peer of [...honest, ...liars]) node.dht.insertNode(peer, net.now)
  net.run(5 * MINUTE_MS)
  for (const liar of liars) {
    liar.neighbours = liars
    liar.script = script
  }
  return { net, node, honest, liars }
}

const isAboutKeys: Script = (_, { message }) => message.kind !== Kind.Ping

describe('around a key that liars besiege', () => {
  it('a put reaches them and the eight closest of the others', () => {
    const { net, node, honest, liars } = besieged()
    const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    for (const peer of [...liars, ...honest.slice(0, 8)]) {
      assert.equal(peer.requests(Kind.Put).length, 1)
    }
    assert(honest.slice(8).every((peer) => peer.requests(Kind.Put).length === 0))
  })

  it('a get finds what only the last of the eight has', () => {
    const { net, node, honest } = besieged()
    honest[7]!.values = [text('x', 1n)]
    const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(node, get), 'ok')
    assert.deepEqual(textsOf(node, get), ['x'])
  })

  it('a listen is registered at four others', () => {
    const { net, node, honest, liars } = besieged()
    node.dht.startListen(KEY, QUERY_ALL, net.now)
    net.run(1000)
    for (const peer of [...liars, ...honest.slice(0, 4)]) {
      assert.equal(peer.requests(Kind.Listen).length, 1)
    }
  })

  it('silence of theirs is waited for once, and does not look like being cut off', () => {
    const { net, node } = besieged(isAboutKeys)
    const startedAt = net.now
    const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
    assert(net.runUntil(() => outcomesOf(node, get).length > 0))
    assert.deepEqual(outcomesOf(node, get), ['ok'])
    assert(net.now - startedAt < 300, `${net.now - startedAt} ms`)
  })
})
