// SPDX-License-Identifier: MIT
// Gets of many values, over lossy links, and from nodes that die meanwhile; with the number of
// requests that it takes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { Kind } from '../../src/core/wire/message.ts'
import { byDistance, KEY, outcomesOf, text, textsOf, valuesOf } from '../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../support/mini-network.ts'
import { itWithSeeds } from '../support/seeds.ts'
import { Traffic } from '../support/traffic.ts'

/** A network with `count` values under the key, put by some of the nodes that are far from it. */
function stocked(
  seed: number,
  size: number,
  count: number,
): { net: MiniNetwork; reader: MiniNode } {
  const net = new MiniNetwork(seed)
  net.addMany(size)
  net.join(60_000)
  const far = byDistance(net.nodes, KEY).slice(10)
  for (let n = 0; n < count; n++) {
    const node = far[n % (far.length - 1)]!
    node.dht.startPut(KEY, text(`value ${n}`, BigInt(n + 1)), {}, net.now)
    if (n % 50 === 49) net.run(500)
  }
  net.run(10_000)
  return { net, reader: far.at(-1)! }
}

interface Cost {
  readonly lists: number
  readonly fetches: number
  readonly ms: number
}

/** Gets everything; what it cost. */
function read(net: MiniNetwork, reader: MiniNode): Cost {
  const traffic = new Traffic(net, ({ message }) => message.kind === Kind.Get)
  const startedAt = net.now
  const operation = reader.dht.startGet(KEY, QUERY_ALL, net.now)
  assert.equal(net.finish(reader, operation), 'ok')
  const ms = net.now - startedAt
  const sent = traffic.find({ from: reader.address })
  const lists = sent.filter(({ message }) => message.query?.select.isEmpty === false).length
  const found = valuesOf(reader, operation)
  assert.equal(new Set(found.map(({ id }) => id)).size, found.length, 'each value once')
  return { lists, fetches: sent.length - lists, ms }
}

describe('a get of many values', () => {
  for (const count of [1, 100, 1000]) {
    it(`finds ${count} and fetches each about once`, (t) => {
      const { net, reader } = stocked(1, 40, count)
      const { lists, fetches, ms } = read(net, reader)
      t.diagnostic(`${lists} lists and ${fetches} fetches in ${ms} ms of 10 ms round trips`)
      const operation = reader.dht.startGet(KEY, QUERY_ALL, net.now)
      assert.equal(net.finish(reader, operation), 'ok')
      assert.equal(valuesOf(reader, operation).length, count)
      assert(fetches <= count * 1.05, `${fetches} fetches`)
      assert(lists <= 14, `${lists} lists`)
    })
  }
})

describe('a get over links that lose a fifth of all datagrams', () => {
  itWithSeeds('finds all values', 5, (seed) => {
    const { net, reader } = stocked(seed, 40, 30)
    net.loss = 0.2
    const operation = reader.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(reader, operation, 120_000), 'ok')
    assert.equal(textsOf(reader, operation).length, 30)
  })
})

describe('a get while nodes die', () => {
  itWithSeeds('goes on with the others', 5, (seed) => {
    const { net, reader } = stocked(seed, 40, 60)
    const operation = reader.dht.startGet(KEY, QUERY_ALL, net.now)
    const close = byDistance(net.nodes, KEY)
    net.runUntil(() => valuesOf(reader, operation).length > 0)
    for (const node of close.slice(0, 5)) node.isDown = true
    assert.equal(net.finish(reader, operation, 120_000), 'ok')
    assert.equal(textsOf(reader, operation).length, 60)
    net.run(60_000)
    assert.deepEqual(outcomesOf(reader, operation), ['ok'])
  })

  it('ends when all of them do', () => {
    const { net, reader } = stocked(1, 40, 60)
    const operation = reader.dht.startGet(KEY, QUERY_ALL, net.now)
    net.runUntil(() => valuesOf(reader, operation).length > 0)
    for (const node of net.nodes) node.isDown = node !== reader
    net.run(60_000)
    assert.equal(outcomesOf(reader, operation).length, 1)
  })
})
