// SPDX-License-Identifier: MIT
// How much begins before the loop may look for connections again, with a clock of our own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '../../../../src/proxy/server/turns.ts'

/** What begins takes half a millisecond. */
function build() {
  const clock = { ms: 0 }
  const later: (() => void)[] = []
  const turns = new Turns({ now: () => clock.ms, later: (action) => later.push(action) })
  const begun: number[] = []
  const run = (n: number): void =>
    turns.run(() => {
      begun.push(n)
      clock.ms += 0.5
    })
  /** The loop comes round. Returns what began since the last time. */
  const turn = (): number[] => {
    for (const action of later.splice(0)) action()
    return begun.splice(0)
  }
  return { turns, run, turn, begun, later, clock }
}

const HUNDRED = Array.from({ length: 100 }, (_, i) => i)

test('requests of one turn of the loop begin together', () => {
  const { turns, run, turn, begun, later } = build()
  run(1)
  run(2)
  assert.equal(turns.waiting, 2)
  assert.deepEqual(begun, [])
  assert.deepEqual(turn(), [1, 2])
  turn()
  assert.equal(later.length, 0, 'an idle server does not spin')
  assert.equal(turns.waiting, 0)
})

test('many begin over several turns, in their order', () => {
  const { run, turn } = build()
  for (const n of HUNDRED) run(n)
  const first = turn()
  assert(first.length > 1 && first.length < 50)
  run(100)
  const all = [...first]
  for (let turns = 0; all.length <= 100; turns++) {
    assert(turns < 50)
    all.push(...turn())
  }
  assert.deepEqual(all, [...HUNDRED, 100])
})

test('that there are many is known soon, and forgotten soon', () => {
  const { turns, run, turn, clock } = build()
  const second = (perSecond: number): void => {
    for (let i = 0; i < 100; i++) {
      clock.ms += 10
      for (let n = 0; n < perSecond / 100; n++) turns.run(() => {})
      turn()
    }
  }
  second(400)
  assert.equal(turns.areMany, false)
  second(2000)
  assert.equal(turns.areMany, true)
  clock.ms += 5000
  run(1)
  turn()
  assert.equal(turns.areMany, false, 'of a while ago')
})

test('while connections come in, turns are brief', () => {
  const { turns, run, turn } = build()
  turns.arrived()
  for (const n of HUNDRED) run(n)
  const begun = turn().length
  const { length } = turn()
  assert(begun <= 4, `${begun} in two brief turns`)
  assert(length > begun, 'none came since')
})

test('what is begun from within waits for its turn', () => {
  const { turns, run, turn } = build()
  for (const n of HUNDRED) run(n)
  turns.run(() => run(101))
  turns.run(() => run(102))
  const all: number[] = []
  for (let i = 0; i < 50; i++) all.push(...turn())
  assert.deepEqual(all, [...HUNDRED, 101, 102])
})
