// SPDX-License-Identifier: MIT
// Which requests are worked on: limits per source, per prefix and in all.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { RateLimiter, type RateLimiterOptions } from '../../../../src/core/net/rate-limiter.ts'
import { RequestWindows } from '../../../../src/core/net/request-windows.ts'
import { address } from '../../../support/storage-kit.ts'

type Limits = Omit<RateLimiterOptions, 'seed'>

const PEER = address('192.0.2.1')

/** How many of `count` requests at one time are allowed, sent by `peers` in turn. */
function burst(limiter: RateLimiter, count: number, now: number, peers: SocketAddress[]): number {
  let allowed = 0
  for (let i = 0; i < count; i++) if (limiter.allow(peers[i % peers.length]!, now)) allowed++
  return allowed
}

function limiterOf(limits: Limits = {}): RateLimiter {
  return new RateLimiter({ seed: 5, ...limits })
}

/** One address in each of `count` prefixes. */
function prefixes(count: number): SocketAddress[] {
  return Array.from({ length: count }, (_, i) => address(`100.${i >> 8}.${i & 255}.1`))
}

describe('one peer', () => {
  it('gets 1024 of a burst of 3000 by default', () => {
    const limiter = limiterOf()
    assert.equal(burst(limiter, 3000, 0, [PEER]), 1024)
    assert.deepEqual(limiter.stats, {
      allowed: 1024,
      refused: { peer: 1976, prefix: 0, total: 0 },
    })
  })

  it('gets 10 of 40 with a limit of 80', () => {
    assert.equal(burst(limiterOf({ requestsPerSecond: 80 }), 40, 7, [PEER]), 10)
  })

  it('gets its limit exactly while a burst lasts, and everything again two seconds later', () => {
    const limiter = limiterOf()
    let allowed = 0
    for (let now = 500; now < 1500; now++) allowed += burst(limiter, 3, now, [PEER])
    assert.equal(allowed, 1024)
    assert.equal(burst(limiter, 3000, 3500, [PEER]), 1024)
  })

  it('gets about its limit per second however long it floods', () => {
    const limiter = limiterOf()
    let allowed = 0
    for (let now = 0; now < 20_000; now++) allowed += burst(limiter, 5, now, [PEER])
    assert.ok(allowed > 19 * 1024 && allowed < 21 * 1024, `${allowed}`)
  })

  it('is served at a steady pace below its limit', () => {
    const limiter = limiterOf({ requestsPerSecond: 80 })
    let refused = 0
    for (let now = 0; now < 10_000; now += 125) if (!limiter.allow(PEER, now)) refused++
    assert.equal(refused, 0)
  })

  it('is an IPv4 address or an IPv6 /64, whatever the port', () => {
    const v4 = limiterOf({ requestsPerSecond: 80 })
    assert.equal(burst(v4, 40, 0, [PEER, PEER.withPort(1), PEER.withPort(2)]), 10)
    assert.equal(burst(v4, 40, 0, [address('192.0.2.2')]), 10)
    const v6 = limiterOf({ requestsPerSecond: 80 })
    const hosts = ['2001:db8::1', '2001:db8::2', '2001:db8::ffff:1:2:3'].map((it) => address(it))
    assert.equal(burst(v6, 40, 0, hosts), 10)
    assert.equal(burst(v6, 40, 0, [address('2001:db8:0:1::1')]), 10)
  })

  it('has a limit of its own when one is set', () => {
    const limits = { requestsPerSecond: 80, peerRequestsPerSecond: 25 }
    assert.equal(burst(limiterOf(limits), 40, 0, [PEER]), 25)
    const unlimitedPeer = { requestsPerSecond: 80, peerRequestsPerSecond: -1 }
    assert.equal(burst(limiterOf(unlimitedPeer), 200, 0, [PEER]), 70)
  })
})

describe('all peers', () => {
  it('share the limit in all, to the last request when nobody asks much', () => {
    const limiter = limiterOf({ requestsPerSecond: 800 })
    assert.equal(burst(limiter, 2000, 0, prefixes(500)), 800)
    assert.equal(limiter.stats.refused.total, 1200)
  })

  it('are not limited with -1', () => {
    const unlimited = { requestsPerSecond: -1, peerRequestsPerSecond: -1 }
    assert.equal(burst(limiterOf(unlimited), 50_000, 0, [PEER]), 50_000)
    assert.equal(burst(limiterOf({ requestsPerSecond: -1 }), 50_000, 0, [PEER]), 50_000)
    const perPeer = { requestsPerSecond: -1, peerRequestsPerSecond: 5 }
    assert.equal(burst(limiterOf(perPeer), 50, 0, [PEER]), 5)
  })

  it('are all refused with 0', () => {
    assert.equal(burst(limiterOf({ requestsPerSecond: 0 }), 10, 0, [PEER]), 0)
  })

  it('are not starved by a flood out of one IPv4 /24', () => {
    const limiter = limiterOf({ requestsPerSecond: 800 })
    const flood = Array.from({ length: 256 }, (_, i) => address(`203.0.113.${i}`))
    assertServed(limiter, flood)
  })

  it('are not starved by a flood out of one IPv6 /48', () => {
    const limiter = limiterOf({ requestsPerSecond: 800 })
    const flood = Array.from({ length: 4096 }, (_, i) => address(`2001:db8:1:${i.toString(16)}::1`))
    assertServed(limiter, flood)
  })

  /** For ten seconds of flood, ten honest prefixes ask 30 times a second in all. */
  function assertServed(limiter: RateLimiter, flood: SocketAddress[]): void {
    const honest = prefixes(10)
    let refused = 0
    let flooded = 0
    for (let now = 0; now < 10_000; now++) {
      for (let i = 0; i < 5; i++) {
        if (limiter.allow(flood[(5 * now + i) % flood.length]!, now)) flooded++
      }
      if (now % 33 === 0 && !limiter.allow(honest[(now / 33) % 10]!, now)) refused++
    }
    assert.equal(refused, 0)
    assert.ok(flooded > 9 * 400 && flooded < 12 * 400, `${flooded} requests of the flood`)
  }

  it('leave nearly everything to a prefix that is alone', () => {
    const limiter = limiterOf({ requestsPerSecond: 800 })
    const flood = Array.from({ length: 256 }, (_, i) => address(`203.0.113.${i}`))
    assert.equal(burst(limiter, 2000, 0, flood), 700)
    assert.equal(limiter.allow(PEER, 1), true)
  })

  it('can be given another share per prefix', () => {
    const limiter = limiterOf({ requestsPerSecond: 800, prefixShare: 0.25 })
    const flood = Array.from({ length: 256 }, (_, i) => address(`203.0.113.${i}`))
    limiter.allow(PEER, 0)
    assert.equal(burst(limiter, 2000, 1, flood), 200)
    assert.equal(limiter.stats.refused.prefix, 1800)
  })
})

describe('windows of requests', () => {
  it('grow with the peers that are active, up to their limit', () => {
    const windows = new RequestWindows(1, 4096)
    assert.equal(windows.capacity, 8)
    for (let i = 0; i < 400; i++) windows.add(windows.open(4, i, 0, 0))
    assert.ok(windows.capacity >= 512)
    assert.equal(windows.evicted, 0)
    for (let i = 0; i < 400; i++) assert.equal(windows.count(windows.open(4, i, 0, 10), 10), 1)
    for (let i = 0; i < 20_000; i++) windows.add(windows.open(4, 1000 + i, 0, 20))
    assert.equal(windows.capacity, 4096)
    assert.ok(windows.evicted > 0)
  })

  it('use slots of silent peers before they grow', () => {
    const windows = new RequestWindows(1, 1024)
    for (let i = 0; i < 10_000; i++) windows.add(windows.open(4, i, 0, 1000 * i))
    assert.equal(windows.capacity, 8)
    assert.equal(windows.evicted, 0)
  })

  it('remember who asks most in a flood of invented addresses', () => {
    const windows = new RequestWindows(1, 64)
    for (let i = 0; i < 100; i++) windows.add(windows.open(4, 7, 7, 0))
    for (let i = 0; i < 100_000; i++) windows.add(windows.open(6, i, 0, 1))
    assert.equal(windows.count(windows.open(4, 7, 7, 2), 2), 100)
  })

  it('go on when the clock passes 2^31 and 2^32 milliseconds', () => {
    for (const start of [2 ** 31 - 500, 2 ** 32 - 500, 2 ** 40]) {
      const windows = new RequestWindows(1, 64)
      for (let ms = 0; ms < 900; ms++) windows.add(windows.open(4, 1, 1, start + ms))
      assert.equal(windows.count(windows.open(4, 1, 1, start + 900), start + 900), 900)
      assert.equal(windows.count(windows.open(4, 1, 1, start + 1500), start + 1500), 450)
      assert.equal(windows.count(windows.open(4, 1, 1, start + 2500), start + 2500), 0)
    }
  })
})
