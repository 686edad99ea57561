// SPDX-License-Identifier: MIT
// When a search looks for more nodes among those that are known.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Closest, ClosestSet } from '../../../../src/core/search/closest-set.ts'
import { Refills } from '../../../../src/core/search/refills.ts'

function build() {
  const nodes = { size: 3, asideCount: 0 }
  const refills = new Refills(nodes as unknown as ClosestSet)
  const isDue = (isShort: boolean, isForming: boolean, now: number): boolean =>
    refills.isDue({ isShort } as Closest, isForming, now)
  return { nodes, refills, isDue }
}

test('too few nodes are reason enough, but not for each answer', () => {
  const { refills, isDue } = build()
  assert.equal(isDue(true, false, 1000), true)
  refills.done(1000)
  assert.equal(isDue(true, false, 1005), false)
  assert.equal(isDue(true, false, 1100), true)
})

test('nodes that came, left or were put aside are another reason', () => {
  const { nodes, refills, isDue } = build()
  for (const change of [{ size: 4 }, { size: 2 }, { asideCount: 1 }]) {
    refills.done(1000)
    assert.equal(isDue(true, false, 1001), false)
    Object.assign(nodes, change)
    assert.equal(isDue(true, false, 1001), true)
  }
})

test('without any node, a search looks each time', () => {
  const { nodes, refills, isDue } = build()
  nodes.size = 0
  refills.done(1000)
  assert.equal(isDue(true, false, 1000), true)
})

test('with enough nodes, a search looks while the network is forming, now and then', () => {
  const { refills, isDue } = build()
  refills.done(1000)
  assert.equal(isDue(false, true, 1050), false)
  assert.equal(isDue(false, true, 1100), true)
  assert.equal(isDue(false, false, 5000), false)
})
