// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findGrowth, type Health } from './health.ts'

const FLAT: Health = {
  delayP99Ms: 8,
  heapMb: 40,
  residentMb: 120,
  handles: 4,
  received: 1000,
  values: 10,
  starved: 0,
  internal: 0,
}

function run(change: (n: number) => Partial<Health>): Health[] {
  return Array.from({ length: 16 }, (_, n) => ({ ...FLAT, ...change(n) }))
}

test('a run that stays flat after it has warmed up is fine', () => {
  assert.deepEqual(findGrowth(run((n) => ({ heapMb: n < 4 ? 10 * n : 40 + (n % 3) }))), [])
})

test('what grows is named', () => {
  assert.deepEqual(findGrowth(run((n) => ({ heapMb: 40 + 2 * n, residentMb: 120 + 6 * n }))), [
    'heapMb grew from 52.0 to 68.0',
    'residentMb grew from 156.0 to 204.0',
  ])
  assert.deepEqual(findGrowth(run((n) => ({ handles: 4 + n }))), ['handles grew from 10.0 to 18.0'])
  assert.deepEqual(findGrowth(run((n) => ({ internal: n }))), ['15 internal errors'])
})

test('delays count where the node had a processor', () => {
  const slow = (starved: number) => findGrowth(run((n) => ({ delayP99Ms: 10 * n, starved })))
  assert.deepEqual(slow(0), ['delayP99Ms grew from 60.0 to 140.0'])
  assert.deepEqual(slow(0.3), [])
})

test('a few samples say nothing', () => {
  assert.throws(() => findGrowth(run(() => ({})).slice(0, 7)), RangeError)
})
