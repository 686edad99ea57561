// SPDX-License-Identifier: MIT
// Fragments of large values that get lost: asked for or sent again after a round trip or two, not
// after the patience that a silent node is given. Round trips of 100 ms.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { KEY, valuesOf } from '../../../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'
import { decode } from '../../../support/traffic.ts'

function large(id: bigint): Value {
  return new Value({ id, data: new Uint8Array(40_000).fill(7) })
}

/** Nodes that know each other's round trips; the last of them knows all others. */
function world(count: number): { net: MiniNetwork; node: MiniNode } {
  const net = new MiniNetwork(3)
  net.delayMs = 50
  net.addMany(count)
  net.join(60_000)
  return { net, node: net.nodes.at(-1)! }
}

/** Loses the fragments of these numbers, of those on their way from or to `node`. */
function lose(net: MiniNetwork, node: MiniNode, numbers: readonly number[]): void {
  let seen = 0
  net.carries = (from, to, bytes) => {
    const isOwn = from.equals(node.address) || to.equals(node.address)
    if (!isOwn || decode(bytes)?.kind !== Kind.Fragment) return true
    return !numbers.includes(seen++)
  }
}

describe('a lost fragment', () => {
  it('of a value that is got from one node costs a wait, not seconds', () => {
    const { net, node } = world(2)
    const holder = net.nodes[0]!
    holder.dht.startPut(KEY, large(1n), {}, net.now)
    net.carries = (_, to, bytes) =>
      !to.equals(node.address) || decode(bytes)?.kind !== Kind.Fragment
    net.run(10_000)
    for (const lost of [[5], [31], [0, 3, 17]]) {
      const other = net.add()
      net.carries = undefined
      net.enter(other, holder)
      net.run(5000)
      lose(net, other, lost)
      const startedAt = net.now
      const operation = other.dht.startGet(KEY, QUERY_ALL, net.now)
      assert.equal(net.finish(other, operation), 'ok')
      assert.equal(valuesOf(other, operation).length, 1)
      assert(net.now - startedAt <= 900, `${net.now - startedAt} ms`)
    }
  })

  it('of a value that is put costs a wait, not seconds', () => {
    const { net, node } = world(12)
    lose(net, node, [0, 20, 40, 41])
    const startedAt = net.now
    const { operation } = node.dht.startPut(KEY, large(2n), {}, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    assert(net.now - startedAt <= 900, `${net.now - startedAt} ms`)
  })

  it('does not make others be sent before those that wait have left', () => {
    const { net, node } = world(12)
    let fragments = 0
    net.onSend = (bytes, from) => {
      if (from.equals(node.address) && decode(bytes)?.kind === Kind.Fragment) fragments++
    }
    // More than leave within a wait: 16 values of 32 fragments each, for nodes of which eight take
    // each.
    const keys = Array.from({ length: 16 }, (_, n) => KEY.withBit(n, KEY.bit(n) ? 0 : 1))
    const operations = keys.map(
      (key, n) => node.dht.startPut(key, large(BigInt(n + 1)), {}, net.now).operation,
    )
    for (const operation of operations) assert.equal(net.finish(node, operation), 'ok')
    assert(fragments <= 16 * 32 * 9, `${fragments} fragments`)
  })
})

describe('many values at once', () => {
  it('of which some fragments got lost are fetched one by one', () => {
    const { net } = world(4)
    const [holder, reader] = [net.nodes[0]!, net.nodes[2]!]
    for (let n = 1n; n <= 12n; n++) holder.dht.startPut(KEY, large(n), {}, net.now)
    net.run(20_000)
    const other = net.add()
    net.enter(other, reader)
    net.run(5000)
    net.loss = 0.02
    let bytesIn = 0
    net.onSend = (bytes, _, to) => {
      if (to.equals(other.address)) bytesIn += bytes.length
    }
    const operation = other.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(other, operation), 'ok')
    assert.equal(valuesOf(other, operation).length, 12)
    // The set once, and each value about once more.
    assert(bytesIn <= 4 * 12 * 40_000, `${bytesIn} bytes`)
  })
})

describe('a value in a few fragments', () => {
  it('is sent once to nodes that take more than half a second to answer', () => {
    const net = new MiniNetwork(3)
    net.delayMs = 400
    net.addMany(12)
    net.join(60_000)
    const node = net.nodes.at(-1)!
    let fragments = 0
    net.onSend = (bytes, from) => {
      if (from.equals(node.address) && decode(bytes)?.kind === Kind.Fragment) fragments++
    }
    const value = new Value({ id: 1n, data: new Uint8Array(3000).fill(7) })
    const { operation } = node.dht.startPut(KEY, value, {}, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    assert.equal(fragments, 8 * 3)
  })
})
