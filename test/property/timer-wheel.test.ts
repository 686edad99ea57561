// SPDX-License-Identifier: MIT
// TimerWheel against a list that is searched for its first entry, under random sequences of
// schedule, cancel and advance over delays from milliseconds to years, with deadlines that move
// themselves and others when they fire.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Deadline, TimerWheel } from '../../src/core/util/timer-wheel.ts'

const COUNT = 12
/** Farther deadlines keep their time but not their order among equals. */
const HORIZON_MS = 63 * 2 ** 30

/** What a deadline does to `target` when it fires, the first `times` times. */
interface Reaction {
  readonly kind: 'none' | 'cancel' | 'after its time' | 'after now'
  readonly target: number
  readonly delay: number
  readonly times: number
}

const NO_REACTION: Reaction = { kind: 'none', target: 0, delay: 0, times: 0 }

type Step =
  | { readonly kind: 'schedule'; readonly target: number; readonly delay: number }
  | { readonly kind: 'cancel'; readonly target: number }
  | { readonly kind: 'advance'; readonly delay: number }

/** What both sides can do, so that reactions and steps are written once. */
interface Timers {
  schedule(target: number, at: number): void
  cancel(target: number): void
}

class Real implements Timers {
  readonly wheel: TimerWheel
  readonly deadlines: Deadline[]
  readonly fired: string[] = []

  constructor(now: number, reactions: Reaction[]) {
    this.wheel = new TimerWheel(now)
    this.deadlines = reactions.map((reaction, index) => {
      let left = reaction.times
      return new Reacting((deadline, at) => {
        assertUnlinked(deadline)
        this.fired.push(`${index} at ${deadline.at}`)
        if (left-- > 0) react(this, reaction, deadline.at, at)
      })
    })
  }

  schedule(target: number, at: number): void {
    this.wheel.schedule(this.deadlines[target]!, at)
  }

  cancel(target: number): void {
    this.wheel.cancel(this.deadlines[target]!)
  }

  check(model: Model): void {
    assert.equal(this.wheel.size, model.waiting.length)
    for (const [index, deadline] of this.deadlines.entries()) {
      const expected = model.waiting.find((entry) => entry.index === index)
      assert.equal(deadline.isScheduled, expected !== undefined)
      if (expected === undefined) assertUnlinked(deadline)
      else assert.equal(deadline.at, expected.at)
    }
    const next = this.wheel.nextWakeup()
    const first = model.first()
    assert.equal(next === undefined, first === undefined)
    if (next !== undefined) assert(next > model.now && next <= first!.at, 'wakes up in time')
  }
}

class Reacting extends Deadline {
  readonly #run: (self: Deadline, now: number) => void
  constructor(run: (self: Deadline, now: number) => void) {
    super()
    this.#run = run
  }
  override fire(now: number): void {
    this.#run(this, now)
  }
}

class Model implements Timers {
  now: number
  waiting: { index: number; at: number; order: number }[] = []
  readonly fired: string[] = []
  readonly #reactions: Reaction[]
  readonly #left: number[]
  #order = 0

  constructor(now: number, reactions: Reaction[]) {
    this.now = Math.floor(now)
    this.#reactions = reactions
    this.#left = reactions.map((reaction) => reaction.times)
  }

  schedule(target: number, at: number): void {
    this.cancel(target)
    const time = Math.max(Math.ceil(at), this.now + 1)
    this.waiting.push({ index: target, at: time, order: this.#order++ })
  }

  cancel(target: number): void {
    this.waiting = this.waiting.filter((entry) => entry.index !== target)
  }

  first(): { index: number; at: number; order: number } | undefined {
    return [...this.waiting].sort((a, b) => a.at - b.at || a.order - b.order)[0]
  }

  advance(to: number): void {
    const until = Math.floor(to)
    for (let next = this.first(); next !== undefined && next.at <= until; next = this.first()) {
      this.now = next.at
      this.cancel(next.index)
      this.fired.push(`${next.index} at ${next.at}`)
      const reaction = this.#reactions[next.index]!
      if (this.#left[next.index]!-- > 0) react(this, reaction, next.at, until)
    }
    this.now = Math.max(this.now, until)
  }
}

function react(timers: Timers, reaction: Reaction, at: number, now: number): void {
  if (reaction.kind === 'cancel') timers.cancel(reaction.target)
  else if (reaction.kind === 'after now') timers.schedule(reaction.target, now + reaction.delay)
  else if (reaction.kind === 'after its time') timers.schedule(reaction.target, at + reaction.delay)
}

function assertUnlinked(deadline: Deadline): void {
  assert.deepEqual([deadline.slot, deadline.prev, deadline.next], [-1, undefined, undefined])
}

/** Delays of every magnitude up to `max`, many of them at the borders of slots. */
function delays(max: number): fc.Arbitrary<number> {
  const bits = fc.integer({ min: 0, max: Math.ceil(Math.log2(max)) })
  const border = fc.tuple(bits, fc.integer({ min: -2, max: 2 })).map(([n, nudge]) => 2 ** n + nudge)
  const spread = fc.tuple(bits, fc.double({ min: 0, max: 1, noNaN: true }))
  const any = fc.oneof(
    border,
    spread.map(([n, part]) => Math.floor(part * 2 ** n)),
    fc.nat(200),
  )
  return any.map((delay) => Math.min(delay, max))
}

const target = fc.nat(COUNT - 1)
const start = fc
  .oneof(fc.nat(5000), fc.double({ min: 0, max: 1e6, noNaN: true }), delays(2 ** 41))
  .map((now) => Math.max(0, now))

function reactions(max: number): fc.Arbitrary<Reaction[]> {
  const reaction = fc.record<Reaction>({
    kind: fc.constantFrom<Reaction['kind']>('none', 'cancel', 'after its time', 'after now'),
    target,
    delay: delays(max),
    times: fc.nat(4),
  })
  return fc.array(reaction, { minLength: COUNT, maxLength: COUNT })
}

function steps(max: number): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constant('schedule' as const), target, delay: delays(max) }),
    fc.record({ kind: fc.constant('schedule' as const), target, delay: delays(max) }),
    fc.record({ kind: fc.constant('cancel' as const), target }),
    fc.record({ kind: fc.constant('advance' as const), delay: delays(max) }),
  )
  return fc.array(step, { maxLength: 80, size: 'max' })
}

function run(real: Real, model: Model, step: Step): void {
  if (step.kind === 'advance') {
    const to = model.now + step.delay
    real.wheel.advance(to)
    model.advance(to)
  } else {
    for (const timers of [real, model]) {
      if (step.kind === 'cancel') timers.cancel(step.target)
      else timers.schedule(step.target, model.now + step.delay)
    }
  }
}

describe('TimerWheel', () => {
  for (const [name, max] of [
    ['seconds', 10_000],
    ['days', 2 ** 28],
    ['years', HORIZON_MS],
  ] as const) {
    it(`fires what a sorted list fires, in its order, over ${name}`, () => {
      fc.assert(
        fc.property(start, reactions(max), steps(max), (now, reacting, all) => {
          const real = new Real(now, reacting)
          const model = new Model(now, reacting)
          for (const step of all) {
            run(real, model, step)
            assert.deepEqual(real.fired, model.fired)
            real.check(model)
          }
        }),
        { numRuns: 400 },
      )
    })
  }

  it('fires deadlines beyond its horizon at their time', () => {
    fc.assert(
      fc.property(start, steps(2 ** 40), (now, all) => {
        const idle = Array.from({ length: COUNT }, () => NO_REACTION)
        const real = new Real(now, idle)
        const model = new Model(now, idle)
        for (const step of all) {
          run(real, model, step)
          real.check(model)
        }
        assert.deepEqual([...real.fired].sort(), [...model.fired].sort())
        assert.deepEqual(real.fired.map(timeOf), model.fired.map(timeOf))
      }),
      { numRuns: 300 },
    )
  })

  it('fires each deadline exactly at its time when it is driven by its own wake-ups', () => {
    fc.assert(
      fc.property(start, fc.array(delays(HORIZON_MS), { maxLength: 20 }), (now, all) => {
        const wheel = new TimerWheel(now)
        const times = all.map((delay) => Math.max(Math.ceil(now + delay), Math.floor(now) + 1))
        const fired: number[] = []
        for (const at of times) {
          const deadline = new Reacting((self, woken) => {
            assert.equal(woken, self.at)
            fired.push(woken)
          })
          wheel.schedule(deadline, at)
        }
        let wakeups = 0
        for (let next = wheel.nextWakeup(); next !== undefined; next = wheel.nextWakeup()) {
          wheel.advance(next)
          wakeups++
        }
        times.sort((a, b) => a - b)
        assert.deepEqual(fired, times)
        assert(wakeups <= 6 * times.length, `${wakeups} wake-ups`)
      }),
    )
  })
})

function timeOf(entry: string): string {
  return entry.slice(entry.indexOf(' at '))
}
