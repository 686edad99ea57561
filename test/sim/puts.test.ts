// SPDX-License-Identifier: MIT
// The life of values in networks of 40 nodes: renewal over hours, moves to closer nodes, expiry,
// large values over lossy links.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { Value } from '../../src/core/value/value.ts'
import {
  byDistance,
  holdersOf,
  idNear,
  KEY,
  outcomesOf,
  text,
  textsOf,
  valuesOf,
} from '../support/dht-kit.ts'
import { MiniNetwork, type MiniNode, WALL_OFFSET_MS } from '../support/mini-network.ts'
import { itWithSeeds } from '../support/seeds.ts'

const MINUTE_MS = 60_000

/** A settled network, and a node of it that is far from the key. */
function settled(seed: number, size = 40): { net: MiniNetwork; node: MiniNode } {
  const net = new MiniNetwork(seed)
  net.addMany(size)
  net.join(5 * MINUTE_MS)
  return { net, node: byDistance(net.nodes, KEY).at(-1)! }
}

function closest(net: MiniNetwork, but: MiniNode): Set<MiniNode> {
  const others = net.nodes.filter((node) => !node.isDown && node !== but)
  return new Set(byDistance(others, KEY).slice(0, 8))
}

function holders(net: MiniNetwork, but: MiniNode): Set<MiniNode> {
  return new Set(holdersOf(net, KEY, 'x').filter((node) => node !== but))
}

describe('a permanent put', () => {
  itWithSeeds(
    'is held by the closest nodes for hours, and ends after it is cancelled',
    3,
    (seed) => {
      const { net, node } = settled(seed)
      const { operation } = node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
      assert.equal(net.finish(node, operation), 'ok')
      for (let minutes = 0; minutes < 180; minutes++) {
        net.run(MINUTE_MS)
        assert(closest(net, node).isSubsetOf(holders(net, node)), `lost after ${minutes} minutes`)
      }
      node.dht.cancelPut(KEY, 1n, net.now)
      net.run(1000)
      assert.equal(holders(net, node).size, 8, 'others keep it for now')
      net.run(10 * MINUTE_MS)
      assert.deepEqual(holdersOf(net, KEY, 'x'), [])
      assert.deepEqual(outcomesOf(node, operation), ['ok'])
    },
  )

  itWithSeeds('moves to closer nodes that join, and to others when holders die', 3, (seed) => {
    const { net, node } = settled(seed)
    const { operation } = node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    for (let n = 0; n < 10; n++) {
      net.enter(net.add({ id: idNear(KEY, 20 + n, n) }), net.nodes[n]!)
      net.run(1000)
    }
    net.run(11 * MINUTE_MS)
    assert(closest(net, node).isSubsetOf(holders(net, node)), 'newcomers have it')
    for (const dead of closest(net, node)) dead.isDown = true
    net.run(12 * MINUTE_MS)
    assert(closest(net, node).isSubsetOf(holders(net, node)), 'survivors have it')
    const reader = net.nodes.find((other) => other !== node && !other.isDown)!
    const get = reader.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(reader, get), 'ok')
    assert.deepEqual(textsOf(reader, get), ['x'])
  })

  itWithSeeds('lasts over links that lose a tenth of all datagrams', 2, (seed) => {
    const { net, node } = settled(seed)
    net.loss = 0.1
    node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    net.run(2 * MINUTE_MS)
    let least = 8
    for (let minutes = 0; minutes < 90; minutes++) {
      net.run(MINUTE_MS)
      least = Math.min(least, closest(net, node).intersection(holders(net, node)).size)
    }
    assert(least >= 5, `only ${least} of the eight had it at some time`)
  })
})

describe('a put with a creation time', () => {
  itWithSeeds('lives for the rest of its life', 1, (seed) => {
    const { net, node } = settled(seed)
    const createdMs = net.now + WALL_OFFSET_MS - 8 * MINUTE_MS
    const { operation } = node.dht.startPut(KEY, text('x', 1n), { createdMs }, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    assert.equal(holdersOf(net, KEY, 'x').length, 9)
    net.run(1.9 * MINUTE_MS)
    assert.equal(holdersOf(net, KEY, 'x').length, 9)
    net.run(0.2 * MINUTE_MS)
    assert.equal(holdersOf(net, KEY, 'x').length, 0)
  })
})

describe('a large value', () => {
  itWithSeeds('reaches all nodes over links that lose one datagram in fifty', 3, (seed) => {
    const { net, node } = settled(seed)
    const data = new Uint8Array(65_000)
    net.random.fill(data)
    net.loss = 0.02
    const { operation } = node.dht.startPut(KEY, new Value({ id: 7n, data }), {}, net.now)
    assert.equal(net.finish(node, operation, 2 * MINUTE_MS), 'ok')
    const stored = net.nodes.filter(({ dht }) => dht.localValues(KEY).length === 1)
    assert(stored.length >= 9, `stored by ${stored.length}`)
    const reader = byDistance(net.nodes, KEY).at(-2)!
    const get = reader.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(reader, get, 2 * MINUTE_MS), 'ok')
    assert.deepEqual(valuesOf(reader, get)[0]?.data, data)
  })
})
