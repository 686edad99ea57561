// SPDX-License-Identifier: MIT
// Waits for answers have bounds, whatever round trips were seen, and old estimates lose their say.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RoundTrips, SharedRoundTrips } from '../../../../src/core/net/round-trips.ts'

const LEAST_MS = 100
const MOST_MS = 4000

/** An estimate after so many samples of `ms`, one each second. */
function seen(
  ms: number,
  samples = 20,
): { own: RoundTrips; shared: SharedRoundTrips; now: number } {
  const own = new RoundTrips()
  const shared = new SharedRoundTrips()
  for (let i = 1; i <= samples; i++) shared.sample(own, ms, 1000 * i)
  return { own, shared, now: 1000 * samples }
}

describe('the wait for an answer', () => {
  it('is never below a tenth of a second, nor above four', () => {
    for (const ms of [0, 1, 50, 400, 3000, 60_000]) {
      const { own, shared, now } = seen(ms)
      for (const waitMs of [own.waitMs!, shared.usualWaitMs, shared.waitMs(own, now)]) {
        assert.ok(waitMs >= LEAST_MS && waitMs <= MOST_MS, `${waitMs} ms after ${ms} ms`)
        assert.ok(waitMs >= Math.min(ms, MOST_MS), `${waitMs} ms would repeat what takes ${ms} ms`)
      }
    }
  })

  it('doubles three times at most when answers come just after repetitions', () => {
    const { own, shared, now } = seen(100)
    const before = own.waitMs!
    for (let i = 0; i < 10; i++) shared.ambiguous(own, 1, now)
    assert.equal(own.waitMs, Math.min(8 * before, MOST_MS))
    shared.sample(own, 100, now + 1)
    assert.ok(own.waitMs! < 2 * before, `${own.waitMs} ms after a sample`)
  })

  it('follows a round trip that falls, within a dozen samples', () => {
    const { own, shared, now } = seen(1000)
    for (let i = 1; i <= 12; i++) shared.sample(own, 50, now + 100 * i)
    const waitMs = shared.waitMs(own, now + 1300)
    assert.ok(waitMs <= 320, `${waitMs} ms`)
  })

  it('is that for others when a node was not heard of for a while', () => {
    const { own, shared } = seen(1000)
    const later = 60_000
    for (let i = 0; i < 40; i++) shared.sample(new RoundTrips(), 20, later + i)
    assert.ok(own.waitMs! >= 1000)
    assert.ok(shared.waitMs(own, later + 50) <= 200, `${shared.waitMs(own, later + 50)} ms`)
  })
})
