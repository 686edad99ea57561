// SPDX-License-Identifier: MIT
// Limits of bytes per second: what peers ask is shed first, own operations only take longer.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DhtConfig } from '../../../src/core/config.ts'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../src/core/value/query.ts'
import { Value } from '../../../src/core/value/value.ts'
import { outcomesOf, text } from '../../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../../support/mini-network.ts'
import { Traffic } from '../../support/traffic.ts'

const SECOND_MS = 1000
const LIMIT = 10_000
/** Backlog that is allowed: a second of it for own requests, and what one of them may add. */
const BURST = 2 * LIMIT

function world(config: DhtConfig): { net: MiniNetwork; node: MiniNode } {
  const net = new MiniNetwork(7)
  net.addMany(16)
  const node = net.add(config)
  net.join(60 * SECOND_MS)
  return { net, node }
}

const keysOf = (count: number) => Array.from({ length: count }, (_, n) => InfoHash.get(`key ${n}`))

/** Runs until all operations ended; seconds that this took, and bytes that left per second. */
function runToEnd(net: MiniNetwork, node: MiniNode, operations: number[]) {
  const began = net.now
  const isOver = () => operations.every((it) => outcomesOf(node, it).length > 0)
  const traffic = new Traffic(net)
  assert.ok(net.runUntil(isOver, 600 * SECOND_MS))
  const own = traffic.packets.filter(({ from }) => from.equals(node.address))
  return { seconds: (net.now - began) / SECOND_MS, own }
}

/** The most bytes that left within any second, beyond what the limit allows in that time. */
function assertWithinLimit(packets: Traffic['packets']): void {
  for (const [i, { at }] of packets.entries()) {
    let bytes = 0
    for (const packet of packets.slice(i)) {
      bytes += packet.bytes.length
      const allowed = BURST + ((packet.at - at) / SECOND_MS) * LIMIT
      assert.ok(bytes <= allowed, `${bytes} bytes in ${packet.at - at} ms`)
    }
  }
}

describe('a limit of uploaded bytes', () => {
  it('makes own puts take longer, and none of them fail', () => {
    const { net, node } = world({ maxUploadBytesPerSecond: LIMIT })
    const puts = keysOf(100).map(
      (key) => node.dht.startPut(key, text('x'.repeat(100)), {}, net.now).operation,
    )
    const { seconds, own } = runToEnd(net, node, puts)
    for (const put of puts) assert.deepEqual(outcomesOf(node, put), ['ok'])
    assert.ok(seconds > 10, `${seconds} s`)
    assertWithinLimit(own)
    const { bytes, requests } = node.dht.stats(net.now)
    assert.ok(bytes.delayed > 0)
    assert.equal(requests.expired, 0, 'what waits is not late')
  })

  it('makes a large value take its time', () => {
    const { net, node } = world({ maxUploadBytesPerSecond: LIMIT })
    const value = new Value({ data: new Uint8Array(30_000) })
    const { operation } = node.dht.startPut(InfoHash.get('large'), value, {}, net.now)
    const { seconds, own } = runToEnd(net, node, [operation])
    assert.deepEqual(outcomesOf(node, operation), ['ok'])
    assert.ok(seconds > 20, `eight nodes got 240 kB within ${seconds} s`)
    assert.ok(own.reduce((sum, { bytes }) => sum + bytes.length, 0) < (seconds + 2) * LIMIT + BURST)
  })

  it('is kept by turning peers away, which own operations do not feel', () => {
    const { net, node } = world({ maxUploadBytesPerSecond: LIMIT, maxRequestsPerSecond: -1 })
    const peer = net.nodes[3]!
    const key = node.dht.id
    let answered = 0
    for (let second = 0; second < 20; second++) {
      for (let i = 0; i < 200; i++) {
        const { requests } = node.dht.stats(net.now)
        assert.ok(requests.pending < 1000)
        peer.dht.ping(node.address, net.now)
      }
      const get = node.dht.startGet(InfoHash.get(`${key} ${second}`), QUERY_ALL, net.now)
      net.run(SECOND_MS)
      answered += outcomesOf(node, get).filter((outcome) => outcome === 'ok').length
    }
    const { bytes, dropped } = node.dht.stats(net.now)
    assert.ok(dropped.overBudget > 100, `${dropped.overBudget} requests turned away`)
    assert.ok(answered >= 18, `${answered} of 20 gets ended within a second`)
    assert.ok(bytes.sent < 100 * LIMIT)
  })
})

describe('a limit of downloaded bytes', () => {
  it('slows own gets down, and loses none', () => {
    const { net, node } = world({ maxDownloadBytesPerSecond: LIMIT })
    const gets = keysOf(200).map((key) => node.dht.startGet(key, QUERY_ALL, net.now))
    const { seconds } = runToEnd(net, node, gets)
    for (const get of gets) assert.deepEqual(outcomesOf(node, get), ['ok'])
    const { bytes } = node.dht.stats(net.now)
    assert.ok(bytes.delayed > 0)
    assert.ok(seconds > 5, `${seconds} s`)
  })
})

describe('without a limit', () => {
  it('bytes are counted, and nothing waits', () => {
    const { net, node } = world({})
    const { bytes, dropped } = node.dht.stats(net.now)
    assert.ok(bytes.sent > 0 && bytes.received > 0)
    assert.deepEqual([bytes.delayed, dropped.overBudget], [0, 0])
  })

  it('is the default, and a limit that nothing could live with is refused', () => {
    const net = new MiniNetwork()
    for (const limit of [0, 999, 1.5, Number.NaN]) {
      assert.throws(() => net.add({ maxUploadBytesPerSecond: limit }), /maxUploadBytesPerSecond/)
      assert.throws(() => net.add({ maxDownloadBytesPerSecond: limit }), RangeError)
    }
  })
})
