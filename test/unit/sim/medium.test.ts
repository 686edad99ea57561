// SPDX-License-Identifier: MIT
// What the network between simulated nodes does to datagrams: delay, loss, duplication, reordering,
// corruption, MTU, bandwidth; which link counts; cuts and clogs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LinkOptions, SimNode, TraceRecord } from '../../../src/sim/entry.ts'
import { SimNetwork } from '../../../src/sim/entry.ts'

const PINGS = 4000

interface Flow {
  readonly sent: number
  readonly delivered: number
  /** Of datagrams that arrived, in the order of sending. */
  readonly delaysMs: readonly number[]
}

function pair(link: LinkOptions, seed = 1): { network: SimNetwork; a: SimNode; b: SimNode } {
  const network = new SimNetwork({ seed, link })
  const alone = { bootstrap: [] }
  return { network, a: network.addNode(alone), b: network.addNode(alone) }
}

/** What becomes of so many pings of `a` to `b`, one each millisecond. */
function flow(network: SimNetwork, a: SimNode, b: SimNode, count = PINGS): Flow {
  const sentAt = new Map<number, number>()
  const delaysMs: number[] = []
  let delivered = 0
  network.onTrace = (record: TraceRecord) => {
    if (record.type === 'sent' && record.from === a.index && record.kind === 'ping') {
      sentAt.set(record.packet, record.t)
    }
    if (record.type !== 'delivered' || !sentAt.has(record.packet)) return
    delivered++
    delaysMs.push(record.t - sentAt.get(record.packet)!)
  }
  for (let i = 0; i < count; i++) {
    a.use((dht, now) => dht.ping(b.address, now))
    network.runSync(1)
  }
  // Pings are repeated for a while.
  const sent = sentAt.size
  network.runSync(20_000)
  network.onTrace = undefined
  return { sent: Math.max(sent, sentAt.size), delivered, delaysMs }
}

function near(value: number, wanted: number, tolerance: number): void {
  assert.ok(Math.abs(value - wanted) <= tolerance, `${value} is not ${wanted} ± ${tolerance}`)
}

describe('a link', () => {
  test('keeps the delay of a pair, and adds jitter', () => {
    const { network, a, b } = pair({ delayMs: { min: 20, max: 80 }, jitterMs: 10 })
    const { delaysMs, sent, delivered } = flow(network, a, b)
    assert.equal(delivered, sent)
    const [least, most] = [Math.min(...delaysMs), Math.max(...delaysMs)]
    assert.ok(least >= 20 && most <= 91, `${least} to ${most} ms`)
    near(most - least, 10, 2)
  })

  test('spreads the delays of pairs as the distribution says', () => {
    const means = Array.from({ length: 200 }, (_, i) => {
      const { network, a, b } = pair({ delayMs: { median: 40, sigma: 0.5 }, jitterMs: 0 }, i)
      return flow(network, a, b, 1).delaysMs[0]!
    })
    const sorted = means.toSorted((x, y) => x - y)
    near(sorted[100]!, 40, 6)
    near(sorted[168]! / sorted[100]!, Math.exp(0.5), 0.3)
  })

  test('loses, duplicates and reorders as often as asked', () => {
    const loss = pair({ loss: 0.2 })
    const lost = flow(loss.network, loss.a, loss.b)
    near(lost.delivered / lost.sent, 0.8, 0.03)
    const twice = pair({ duplication: 0.1 })
    const copies = flow(twice.network, twice.a, twice.b)
    near(copies.delivered / copies.sent, 1.1, 0.02)
    const late = pair({ delayMs: 10, jitterMs: 0, reordering: 0.1, reorderMs: 100 })
    const { delaysMs } = flow(late.network, late.a, late.b)
    near(delaysMs.filter((ms) => ms > 10).length / delaysMs.length, 0.1, 0.02)
  })

  test('flips one bit of corrupted datagrams, and the engine survives it', () => {
    const { network, a, b } = pair({ corruption: 1 })
    flow(network, a, b, 500)
    const { dropped } = b.dht.stats(b.clockMs)
    assert.ok(dropped.malformed + dropped.unexpected + dropped.otherNetwork > 0)
    assert.equal(dropped.internal, 0)
  })

  test('drops what is larger than its MTU', () => {
    const { network, a, b } = pair({ mtu: 60 })
    assert.equal(flow(network, a, b, 10).delivered, 0)
    assert.ok(network.stats.dropped.mtu >= 10)
  })

  test('counts by pair, sender, receiver, region and default, in this order', () => {
    const network = new SimNetwork({ seed: 1, link: { delayMs: 1, jitterMs: 0 } })
    network.setLink('eu', 'us', { delayMs: 2 })
    const [eu, us, own] = [
      network.addNode({ region: 'eu', bootstrap: [] }),
      network.addNode({ region: 'us', bootstrap: [] }),
      network.addNode({ region: 'us', link: { delayMs: 3 }, bootstrap: [] }),
    ]
    const plain = network.addNode({ bootstrap: [] })
    network.setLink(eu, own, { delayMs: 4, oneWay: true })
    const delay = (a: SimNode, b: SimNode): number => flow(network, a, b, 1).delaysMs[0]!
    assert.deepEqual(
      [delay(eu, plain), delay(eu, us), delay(us, own), delay(own, eu), delay(eu, own)],
      [1, 2, 3, 3, 4],
    )
  })

  test('refuses options that make no sense', () => {
    assert.throws(() => new SimNetwork({ link: { loss: 2 } }), /loss must be a probability/)
    assert.throws(() => new SimNetwork({ link: { delayMs: -1 } }), /delayMs must be a number/)
    const delayMs = { min: 5, max: 1 }
    assert.throws(() => new SimNetwork({ link: { delayMs } }), /delayMs.max must be .* 5 or more/)
    assert.throws(() => new SimNetwork({ seed: -1 }), /seed must be a whole number/)
    const { network, a } = pair({})
    const line = { bytesPerSecond: 1, queueBytes: -1 }
    assert.throws(() => a.setBandwidth({ uplink: line }), /queueBytes must be .* got -1$/)
    // As types say, which not everybody has checked.
    assert.throws(() => network.setLink(a, 'eu', {}), /between two nodes or two regions$/)
    assert.throws(() => network.cut('eu' as 'all', 'all'), /a list, a function or 'all': got eu$/)
    assert.throws(() => network.addNat('cone' as 'full-cone'), /kind of NAT must be one of full-c/)
    for (const ms of [Number.NaN, -1]) {
      assert.throws(() => network.schedule(ms, () => {}), /A duration must be a number/)
    }
  })
})

describe('a line of limited speed', () => {
  test('delays what waits, and drops what does not fit into its queue', () => {
    const { network, a, b } = pair({ delayMs: 10, jitterMs: 0 })
    // A ping is some 80 bytes on the wire: one each 10 ms.
    a.setBandwidth({ uplink: { bytesPerSecond: 8000, queueBytes: 800 } })
    const { delaysMs, delivered, sent } = flow(network, a, b, 1000)
    assert.ok(delivered < sent && network.stats.dropped.queue > 0)
    assert.ok(Math.max(...delaysMs) <= 10 + 100 + 12, `${Math.max(...delaysMs)} ms`)
    const other = pair({ delayMs: 10, jitterMs: 0 })
    other.b.setBandwidth({ downlink: { bytesPerSecond: 8000, queueBytes: 800 } })
    flow(other.network, other.a, other.b, 1000)
    assert.ok(other.network.stats.dropped.queue > 0)
  })
})

describe('a fault', () => {
  test('cuts both ways, one way, or one family', () => {
    const network = new SimNetwork({ seed: 1 })
    const [a, b] = network.addNodes(2, { families: [4, 6], bootstrap: [] }) as [SimNode, SimNode]
    const passes = (from: SimNode, to: SimNode): boolean => flow(network, from, to, 1).delivered > 0
    const both = network.isolate([a])
    assert.deepEqual([passes(a, b), passes(b, a), network.canReach(a, b)], [false, false, false])
    both.heal()
    const oneWay = network.cut([a], [b], { oneWay: true })
    assert.deepEqual([passes(a, b), passes(b, a)], [false, true])
    oneWay.heal()
    const family = network.cut('all', 'all', { families: [6] })
    assert.deepEqual([passes(a, b), network.canReach(a, b)], [true, true])
    family.heal()
    network.cut((node) => node === a, 'all', { families: [4] })
    assert.equal(passes(a, b), false)
  })

  test('that clogs holds everything back until it is over', () => {
    const { network, a, b } = pair({ delayMs: 10, jitterMs: 0 })
    const fault = network.clog([a], [b], 500)
    const { delaysMs } = flow(network, a, b, 3)
    assert.deepEqual(delaysMs.slice(0, 3), [510, 509, 508])
    assert.equal(fault.isActive, false)
  })
})
