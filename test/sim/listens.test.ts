// SPDX-License-Identifier: MIT
// Listens while nodes come and go and datagrams are lost: every value is told once, and its end
// once.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import {
  BELIEVE_ALL,
  byDistance,
  changesOf,
  idNear,
  KEY,
  signed,
  text,
  textsOf,
} from '../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../support/mini-network.ts'
import { itWithSeeds } from '../support/seeds.ts'

const MINUTE_MS = 60_000

interface World {
  readonly net: MiniNetwork
  readonly listener: MiniNode
  readonly writer: MiniNode
  readonly operation: number
}

function listening(seed: number, families: readonly (4 | 6)[] = [4]): World {
  const net = new MiniNetwork(seed)
  net.addMany(40, { families }, { verifier: BELIEVE_ALL })
  net.join(5 * MINUTE_MS)
  const [writer, listener] = byDistance(net.nodes, KEY).slice(-2) as [MiniNode, MiniNode]
  const operation = listener.dht.startListen(KEY, QUERY_ALL, net.now)
  net.run(5000)
  return { net, listener, writer, operation }
}

/** Nodes that may come and go. */
function others({ net, listener, writer }: World): MiniNode[] {
  return net.nodes.filter((node) => node !== listener && node !== writer && !node.isDown)
}

function put({ net, writer }: World, n: number): void {
  writer.dht.startPut(KEY, text(`value ${n}`, BigInt(n + 1)), {}, net.now)
  net.pump(writer)
}

describe('a listen', () => {
  itWithSeeds('hears puts after the storing nodes were replaced', 4, (seed) => {
    const world = listening(seed)
    const { net, listener, operation } = world
    put(world, 0)
    net.run(5000)
    for (const node of byDistance(others(world), KEY).slice(0, 10)) node.isDown = true
    net.run(MINUTE_MS)
    put(world, 1)
    net.run(30_000)
    for (let n = 0; n < 9; n++) {
      net.enter(net.add({ id: idNear(KEY, 20 + n, n) }), others(world)[n]!)
      net.run(1000)
    }
    // Answers are ten minutes old at most before somebody tells of the newcomers.
    net.run(11 * MINUTE_MS)
    put(world, 2)
    net.run(30_000)
    const heard = changesOf(listener, operation).filter((change) => change.startsWith('+'))
    assert.deepEqual(heard, ['+value 0', '+value 1', '+value 2'])
  })

  itWithSeeds('hears everything once while one node after the other is replaced', 4, (seed) => {
    const world = listening(seed, seed % 2 === 0 ? [4, 6] : [4])
    const { net, listener, operation } = world
    for (let n = 0; n < 40; n++) {
      put(world, n)
      net.random.pick(others(world)).isDown = true
      net.enter(net.add({ families: listener.dht.config.families }), others(world)[0]!)
      net.run(20_000)
    }
    net.run(MINUTE_MS)
    const expected = Array.from({ length: 40 }, (_, n) => `value ${n}`).sort()
    assert.deepEqual(textsOf(listener, operation), expected)
    net.run(12 * MINUTE_MS)
    const gone = changesOf(listener, operation).filter((change) => change.startsWith('-'))
    assert.deepEqual(
      gone.sort(),
      expected.map((name) => `-${name}`),
    )
  })

  itWithSeeds('hears every revision in order over links that lose a tenth', 4, (seed) => {
    const { net, writer, listener, operation } = listening(seed)
    net.loss = 0.1
    for (let seq = 0; seq < 20; seq++) {
      writer.dht.startPut(KEY, signed(`revision ${seq}`, 1n, seq), {}, net.now)
      net.run(15_000)
    }
    const heard = changesOf(listener, operation)
    const order = heard.map((change) => Number(change.split(' ')[1]))
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(order).size, order.length, 'none twice')
    assert.equal(order.at(-1), 19, 'the last one')
    assert(order.length >= 18, `${order.length} of 20`)
  })

  itWithSeeds('goes on by itself after its node was cut off', 3, (seed) => {
    const world = listening(seed)
    const { net, listener, operation } = world
    net.carries = (from, to) => !from.equals(listener.address) && !to.equals(listener.address)
    put(world, 0)
    net.run(5 * MINUTE_MS)
    net.carries = undefined
    net.run(4 * MINUTE_MS)
    put(world, 1)
    net.run(2 * MINUTE_MS)
    assert.deepEqual(textsOf(listener, operation), ['value 0', 'value 1'])
  })
})
