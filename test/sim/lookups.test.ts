// SPDX-License-Identifier: MIT
// Whole networks in virtual time: lookups find the closest nodes, values are found from everywhere,
// also after many nodes vanished.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { byDistance, doneOf, text, textsOf } from '../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../support/mini-network.ts'
import { itWithSeeds } from '../support/seeds.ts'

const KEYS = Array.from({ length: 12 }, (_, n) => InfoHash.get(`key ${n}`))

/** A network whose nodes came one after the other. */
function grown(seed: number, size: number): MiniNetwork {
  const net = new MiniNetwork(seed)
  net.add()
  while (net.nodes.length < size) {
    const by = net.random.pick(net.nodes)
    net.enter(net.add(), by)
    net.run(500)
  }
  net.run(5000)
  return net
}

function ids(nodes: readonly { readonly id: InfoHash }[]): Set<string> {
  return new Set(nodes.map(({ id }) => id.toString()))
}

function closestIds(nodes: readonly MiniNode[], key: InfoHash): Set<string> {
  return ids(
    byDistance(nodes, key)
      .slice(0, 8)
      .map(({ dht }) => dht),
  )
}

/** Every node gets every value, several at a time. */
function checkAllFound(net: MiniNetwork, readers: readonly MiniNode[]): void {
  for (const [n, key] of KEYS.entries()) {
    const gets = readers.map((node) => ({
      node,
      operation: node.dht.startGet(key, QUERY_ALL, net.now),
    }))
    for (const { node, operation } of gets) {
      assert.equal(net.finish(node, operation), 'ok')
      assert.deepEqual(textsOf(node, operation), [`value ${n}`])
    }
  }
}

describe('a network', () => {
  itWithSeeds('of 200 nodes finds the true closest eight of any key', 3, (seed) => {
    const net = grown(seed, 200)
    for (const key of KEYS) {
      const node = net.random.pick(net.nodes)
      const others = net.nodes.filter((other) => other !== node)
      const startedAt = net.now
      const operation = node.dht.startGet(key, QUERY_ALL, net.now)
      assert.equal(net.finish(node, operation), 'ok')
      const found = ids(doneOf(node, operation)!.nodes)
      const closest = closestIds(others, key)
      assert(closest.isSubsetOf(found), `${closest.intersection(found).size} of 8 found`)
      const roundTrips = (net.now - startedAt) / (2 * net.delayMs)
      assert(roundTrips <= 8, `${roundTrips} round trips`)
    }
  })

  itWithSeeds('of 200 nodes that all came at once is in order after 20 s', 2, (seed) => {
    const net = new MiniNetwork(seed)
    net.addMany(200)
    net.join(20_000)
    for (const key of KEYS) {
      const { operation } = net.nodes[7]!.dht.startPut(key, text('x', 1n), {}, net.now)
      assert.equal(net.finish(net.nodes[7]!, operation), 'ok')
      const stored = ids(doneOf(net.nodes[7]!, operation)!.nodes)
      const others = net.nodes.filter((other) => other !== net.nodes[7])
      const closest = closestIds(others, key)
      assert(closest.isSubsetOf(stored), `${closest.intersection(stored).size} of 8`)
      assert(stored.size <= 12, `${stored.size} nodes`)
    }
  })

  itWithSeeds('of 100 nodes that all came at once is one network after a second', 3, (seed) => {
    const net = new MiniNetwork(seed)
    net.addMany(100)
    net.join(1000)
    for (const key of KEYS) {
      const node = net.random.pick(net.nodes)
      const others = net.nodes.filter((other) => other !== node)
      const operation = node.dht.startGet(key, QUERY_ALL, net.now)
      assert.equal(net.finish(node, operation), 'ok')
      const found = ids(doneOf(node, operation)!.nodes)
      const closest = closestIds(others, key)
      const count = closest.intersection(found).size
      assert(count >= 7, `${count} of 8 found`)
    }
  })

  itWithSeeds(
    'of 64 nodes finds every value from every node, and without 20 of them',
    3,
    (seed) => {
      const net = grown(seed, 64)
      for (const [n, key] of KEYS.entries()) {
        const node = net.random.pick(net.nodes)
        const { operation } = node.dht.startPut(key, text(`value ${n}`, 5n), {}, net.now)
        assert.equal(net.finish(node, operation), 'ok')
      }
      checkAllFound(net, net.nodes)
      for (let gone = 0; gone < 20; ) {
        const node = net.random.pick(net.nodes)
        if (!node.isDown) gone++
        node.isDown = true
      }
      checkAllFound(
        net,
        net.nodes.filter(({ isDown }) => !isDown),
      )
    },
  )
})
