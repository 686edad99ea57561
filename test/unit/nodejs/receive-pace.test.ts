// SPDX-License-Identifier: MIT
// When datagrams are left to gather: simulated traffic, in virtual time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BATCH } from '../../../src/nodejs/mmsg/message-slots.ts'
import { ReceivePace } from '../../../src/nodejs/mmsg/receive-pace.ts'

const WAIT_MS = 1

/** Senders of their own: so many datagrams per millisecond, whatever we do. Returns reads. */
function run(pace: ReceivePace, from: number, ms: number, perMs: number): number {
  let reads = 0
  for (let now = from; now < from + ms; reads++) {
    const count = Math.min(BATCH, Math.max(1, Math.round(perMs * pace.waitMs)))
    now += Math.max(pace.waitMs, 1 / perMs)
    pace.note(count, now)
  }
  return reads
}

test('many small senders are waited for, few are not', () => {
  const pace = new ReceivePace(WAIT_MS)
  assert.ok(run(pace, 0, 1000, 20) < 2000)
  assert.equal(pace.waitMs, WAIT_MS)
  const quiet = new ReceivePace(WAIT_MS)
  assert.equal(run(quiet, 0, 1000, 2), 2000)
  assert.equal(quiet.waitMs, 0)
})

test('waiting ends when traffic does', () => {
  const pace = new ReceivePace(WAIT_MS)
  run(pace, 0, 1000, 20)
  run(pace, 1000, 1000, 2)
  assert.equal(pace.waitMs, 0)
})

test('full batches end it, and batches that fill by themselves do not start it', () => {
  const pace = new ReceivePace(WAIT_MS)
  run(pace, 0, 1000, 20)
  assert.equal(pace.waitMs, WAIT_MS)
  run(pace, 1000, 40, BATCH)
  assert.equal(pace.waitMs, 0)
  const busy = new ReceivePace(WAIT_MS)
  for (let i = 0; i < 10_000; i++) busy.note(BATCH / 2, i / 2)
  assert.equal(busy.waitMs, 0)
})

test('senders that wait for our answers are hardly ever kept waiting', () => {
  const pace = new ReceivePace(WAIT_MS)
  let waits = 0
  // One after the other: 50 us for each, or as long as we wait.
  for (let now = 0; now < 120_000; ) {
    if (pace.waitMs > 0) waits++
    now += pace.waitMs > 0 ? 1 : 0.05
    pace.note(1, now)
  }
  assert.ok(waits > 0)
  assert.ok(waits < 500, `${waits}`)
})

test('zero never waits', () => {
  const pace = new ReceivePace(0)
  run(pace, 0, 1000, 20)
  assert.equal(pace.waitMs, 0)
})
