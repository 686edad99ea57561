// SPDX-License-Identifier: MIT
// TimerWheel on literals: order, cancelling, moving deadlines from within, far deadlines up to and
// beyond the top level, and that nothing is kept alive after it fired.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Deadline, Job, TimerWheel } from '../../../../src/core/util/timer-wheel.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
/** Width of a slot of the top level, and of all its slots together. */
const TOP_SLOT_MS = 2 ** 30
const TOP_MS = 2 ** 36

class Named extends Deadline {
  readonly name: string
  readonly #log: string[]
  readonly #then: (self: Named, now: number) => void
  constructor(name: string, log: string[], then: (self: Named, now: number) => void = () => {}) {
    super()
    this.name = name
    this.#log = log
    this.#then = then
  }
  override fire(now: number): void {
    this.#log.push(this.name)
    this.#then(this, now)
  }
}

/** Advances only ever to `nextWakeup`; the times at which it had to wake up. */
function drive(wheel: TimerWheel, until: number): number[] {
  const times: number[] = []
  for (let next = wheel.nextWakeup(); next !== undefined && next <= until; ) {
    wheel.advance(next)
    times.push(next)
    next = wheel.nextWakeup()
  }
  wheel.advance(until)
  return times
}

function assertUnlinked(deadline: Deadline): void {
  assert.equal(deadline.isScheduled, false)
  assert.equal(deadline.prev, undefined)
  assert.equal(deadline.next, undefined)
  assert.equal(deadline.slot, -1)
}

describe('TimerWheel order', () => {
  it('fires nothing when it is empty', () => {
    const wheel = new TimerWheel(0)
    assert.equal(wheel.size, 0)
    assert.equal(wheel.nextWakeup(), undefined)
    wheel.advance(10 * YEAR_MS)
    assert.equal(wheel.nextWakeup(), undefined)
  })

  it('fires in order of time, whatever the order of scheduling', () => {
    const wheel = new TimerWheel(5)
    const log: string[] = []
    const times = [300_000, 6, 70, 4096, 65, 64, 10_000_000, 63, 4095, 262_144, 128]
    for (const at of times) wheel.schedule(new Named(String(at), log), at)
    assert.equal(wheel.size, times.length)
    wheel.advance(20_000_000)
    times.sort((a, b) => a - b)
    assert.deepEqual(log, times.map(String))
    assert.equal(wheel.size, 0)
  })

  it('fires in order of scheduling within a millisecond, across levels too', () => {
    const wheel = new TimerWheel(0)
    const log: string[] = []
    const add = (name: string): void => wheel.schedule(new Named(name, log), 5000)
    add('from afar')
    wheel.advance(4100)
    add('from nearer')
    wheel.advance(4990)
    add('from near')
    add('last')
    wheel.advance(5000)
    assert.deepEqual(log, ['from afar', 'from nearer', 'from near', 'last'])
  })

  it('fires at its time and not a millisecond earlier', () => {
    for (const at of [1, 63, 64, 65, 4095, 4096, 262_143, 262_144, DAY_MS, YEAR_MS, 2 * YEAR_MS]) {
      const wheel = new TimerWheel(0)
      const log: string[] = []
      wheel.schedule(new Named('one', log), at)
      wheel.advance(at - 1)
      assert.deepEqual(log, [], `at ${at}`)
      wheel.advance(at)
      assert.deepEqual(log, ['one'], `at ${at}`)
    }
  })

  it('rounds fractions of a millisecond up', () => {
    const wheel = new TimerWheel(0.7)
    const log: string[] = []
    wheel.schedule(new Named('one', log), 10.2)
    wheel.advance(10.9)
    assert.deepEqual(log, [])
    wheel.advance(11)
    assert.deepEqual(log, ['one'])
  })

  it('takes a time that has passed for the next millisecond', () => {
    const wheel = new TimerWheel(1000)
    const log: string[] = []
    const late = new Named('late', log)
    for (const at of [1000, 999, 0, -5, Number.NEGATIVE_INFINITY]) {
      wheel.schedule(late, at)
      assert.equal(late.at, 1001)
    }
    wheel.advance(1000)
    assert.deepEqual(log, [])
    wheel.advance(1001)
    assert.deepEqual(log, ['late'])
  })

  it('tells a deadline the time at which it was woken, not the one it asked for', () => {
    const wheel = new TimerWheel(0)
    const seen: number[] = []
    wheel.schedule(new Job((now) => seen.push(now)), 10)
    wheel.schedule(new Job((now) => seen.push(now)), 90)
    wheel.advance(100)
    assert.deepEqual(seen, [100, 100])
  })

  it('ignores an advance into the past', () => {
    const log: string[] = []
    const wheel = new TimerWheel(100)
    wheel.schedule(new Named('one', log), 150)
    wheel.advance(50)
    assert.equal(wheel.nextWakeup(), 128)
    wheel.advance(149)
    assert.deepEqual(log, [])
    wheel.advance(150)
    assert.deepEqual(log, ['one'])
  })

  it('refuses a clock that runs before zero', () => {
    assert.throws(() => new TimerWheel(-1), /Broken invariant/)
    assert.throws(() => new TimerWheel(Number.NaN), /Broken invariant/)
  })

  it('refuses a time that is not a number', () => {
    const wheel = new TimerWheel(0)
    const job = new Job(() => {})
    assert.throws(() => wheel.schedule(job, Number.NaN), /Broken invariant/)
    assert.equal(wheel.size, 0)
    assertUnlinked(job)
  })
})

describe('TimerWheel cancelling', () => {
  it('does not fire what is cancelled', () => {
    const wheel = new TimerWheel(0)
    const log: string[] = []
    const named = ['a', 'b', 'c'].map((name) => new Named(name, log))
    for (const one of named) wheel.schedule(one, 10)
    wheel.cancel(named[1]!)
    assert.equal(wheel.size, 2)
    wheel.advance(20)
    assert.deepEqual(log, ['a', 'c'])
  })

  it('takes any member out of a slot: first, middle, last and only one', () => {
    for (let gone = 0; gone < 8; gone++) {
      const wheel = new TimerWheel(0)
      const log: string[] = []
      const named = ['0', '1', '2'].map((name) => new Named(name, log))
      for (const one of named) wheel.schedule(one, 700)
      const kept = named.filter((_, i) => ((gone >> i) & 1) === 0)
      for (const one of named) if (!kept.includes(one)) wheel.cancel(one)
      assert.equal(wheel.nextWakeup() === undefined, kept.length === 0)
      wheel.advance(1000)
      const names = kept.map((one) => one.name)
      assert.deepEqual(log, names)
    }
  })

  it('does nothing for a deadline that is not scheduled', () => {
    const wheel = new TimerWheel(0)
    const job = new Job(() => {})
    wheel.schedule(job, 5)
    wheel.cancel(job)
    wheel.cancel(job)
    assert.equal(wheel.size, 0)
    assert.equal(wheel.nextWakeup(), undefined)
  })

  it('moves a deadline that is scheduled again, to the end of its millisecond', () => {
    const wheel = new TimerWheel(0)
    const log: string[] = []
    const a = new Named('a', log)
    wheel.schedule(a, 5)
    wheel.schedule(new Named('b', log), 50)
    wheel.schedule(a, 50)
    assert.equal(wheel.size, 2)
    wheel.advance(49)
    assert.deepEqual(log, [])
    wheel.advance(50)
    assert.deepEqual(log, ['b', 'a'])
  })

  it('keeps no links after a deadline fired or was cancelled', () => {
    const wheel = new TimerWheel(0)
    const jobs = Array.from({ length: 9 }, () => new Job(() => {}))
    for (const [i, job] of jobs.entries()) wheel.schedule(job, 10 + 100 * (i % 3))
    for (const i of [3, 8]) wheel.cancel(jobs[i]!)
    for (const i of [3, 8]) assertUnlinked(jobs[i]!)
    wheel.advance(150)
    for (const i of [0, 1, 4, 6, 7]) assertUnlinked(jobs[i]!)
    assert(jobs[2]!.isScheduled && jobs[5]!.isScheduled)
    // The two that are left are linked to each other alone.
    assert.deepEqual([jobs[2]!.next, jobs[2]!.prev], [jobs[5], jobs[5]])
    assert.deepEqual([jobs[5]!.next, jobs[5]!.prev], [jobs[2], jobs[2]])
    wheel.advance(1000)
    for (const job of jobs) assertUnlinked(job)
  })

  it('is not scheduled while it fires', () => {
    const wheel = new TimerWheel(0)
    let checked = 0
    const job: Job = new Job(() => {
      assertUnlinked(job)
      checked++
    })
    wheel.schedule(job, 3)
    wheel.schedule(new Job(() => {}), 3)
    wheel.advance(3)
    assert.equal(checked, 1)
  })
})

describe('TimerWheel changes from within', () => {
  it('fires a periodic job once per period, however late it is called', () => {
    const wheel = new TimerWheel(0)
    const times: number[] = []
    const job: Job = new Job(() => {
      times.push(job.at)
      wheel.schedule(job, job.at + 100)
    })
    wheel.schedule(job, 100)
    wheel.advance(1050)
    assert.deepEqual(times, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000])
    assert.equal(job.at, 1100)
  })

  it('fires a job that goes by the present time once, however late it is called', () => {
    const wheel = new TimerWheel(0)
    let fired = 0
    const job: Job = new Job((now) => {
      fired++
      wheel.schedule(job, now + 100)
    })
    wheel.schedule(job, 100)
    wheel.advance(1050)
    assert.equal(fired, 1)
    assert.equal(job.at, 1150)
  })

  it('does not fire a job twice in one millisecond', () => {
    const wheel = new TimerWheel(0)
    const log: string[] = []
    const again = new Named('again', log, (self) => wheel.schedule(self, 0))
    wheel.schedule(again, 62)
    wheel.advance(62)
    assert.deepEqual(log, ['again'])
    assert.equal(again.at, 63)
    wheel.advance(65)
    assert.deepEqual(log, ['again', 'again', 'again', 'again'])
  })

  it('lets a job cancel and move its neighbours', () => {
    const wheel = new TimerWheel(0)
    const log: string[] = []
    const gone = new Named('gone', log)
    const moved = new Named('moved', log)
    const first = new Named('first', log, () => {
      wheel.cancel(gone)
      wheel.schedule(moved, 12)
    })
    for (const one of [first, gone, moved, new Named('last', log)]) wheel.schedule(one, 10)
    wheel.advance(11)
    assert.deepEqual(log, ['first', 'last'])
    wheel.advance(12)
    assert.deepEqual(log, ['first', 'last', 'moved'])
  })

  it('fires what a job adds between two others in its place', () => {
    const wheel = new TimerWheel(0)
    const log: string[] = []
    const added = new Named('added', log)
    wheel.schedule(new Named('first', log, () => wheel.schedule(added, 4096)), 10)
    wheel.schedule(new Named('last', log), 4097)
    wheel.advance(5000)
    assert.deepEqual(log, ['first', 'added', 'last'])
  })

  it('goes on after a job that throws', () => {
    const wheel = new TimerWheel(0)
    const log: string[] = []
    wheel.schedule(new Job(() => assert.fail('expected')), 10)
    wheel.schedule(new Named('next', log), 10)
    assert.throws(() => wheel.advance(20), /expected/)
    assert.equal(wheel.size, 1)
    wheel.advance(20)
    assert.deepEqual(log, ['next'])
  })
})

describe('TimerWheel range', () => {
  it('wakes up exactly once per level on the way to a far deadline', () => {
    const wheel = new TimerWheel(1)
    const log: string[] = []
    const at = TOP_SLOT_MS + 2 ** 24 + 2 ** 18 + 2 ** 12 + 2 ** 6 + 1
    wheel.schedule(new Named('far', log), at)
    const wakeups = drive(wheel, at)
    const steps = wakeups.map((time, i) => Math.log2(time - (wakeups[i - 1] ?? 0)))
    assert.deepEqual(steps, [30, 24, 18, 12, 6, 0])
    assert.deepEqual(log, ['far'])
  })

  it('reaches the last slot of the top level from any starting point', () => {
    const starts = [0, 1, TOP_SLOT_MS - 1, TOP_SLOT_MS, 37 * TOP_SLOT_MS + 12_345, TOP_MS + 7]
    for (const start of starts) {
      for (const delay of [TOP_SLOT_MS, 31 * TOP_SLOT_MS, 32 * TOP_SLOT_MS, 63 * TOP_SLOT_MS]) {
        for (const nudge of [-1, 0, 1]) {
          const wheel = new TimerWheel(start)
          const log: string[] = []
          const at = start + delay + nudge
          wheel.schedule(new Named('far', log), at)
          assert(drive(wheel, at - 1).length <= 6)
          assert.deepEqual(log, [])
          assert(wheel.nextWakeup()! <= at)
          drive(wheel, at)
          assert.deepEqual(log, ['far'], `${start} + ${delay} + ${nudge}`)
        }
      }
    }
  })

  it('does not fire a deadline beyond the horizon early', () => {
    const wheel = new TimerWheel(123_456_789)
    const log: string[] = []
    const times = [64 * TOP_SLOT_MS, 65 * TOP_SLOT_MS + 1, 10 * YEAR_MS, 100 * YEAR_MS, 2 ** 50]
    for (const at of times) {
      const far = new Named(String(at), log)
      wheel.schedule(far, at)
      assert.equal(far.at, at)
    }
    for (const [i, at] of times.entries()) {
      wheel.advance(at - 1)
      assert.equal(log.length, i)
      wheel.advance(at)
      assert.equal(log.length, i + 1)
    }
    assert.deepEqual(log.map(Number), times)
  })

  it('never fires a deadline at infinity', () => {
    const wheel = new TimerWheel(0)
    const never = new Job(() => assert.fail('fired'))
    wheel.schedule(never, Number.POSITIVE_INFINITY)
    wheel.advance(1000 * YEAR_MS)
    assert(never.isScheduled)
    assert(wheel.nextWakeup()! > 1000 * YEAR_MS)
    wheel.cancel(never)
    assert.equal(wheel.nextWakeup(), undefined)
  })

  it('jumps over years without walking through them', () => {
    const wheel = new TimerWheel(0)
    const log: string[] = []
    for (const at of [5, DAY_MS, YEAR_MS, 2 * YEAR_MS]) {
      wheel.schedule(new Named(String(at), log), at)
    }
    wheel.advance(3 * YEAR_MS)
    assert.equal(log.length, 4)
    wheel.schedule(new Named('after', log), 3 * YEAR_MS + 1)
    assert.equal(wheel.nextWakeup(), 3 * YEAR_MS + 1)
    wheel.advance(3 * YEAR_MS + 1)
    assert.equal(log.at(-1), 'after')
  })

  it('never wakes up late', () => {
    for (const now of [0, 63, 64, 4095, 262_143, 1_000_000_007]) {
      for (const delay of [1, 2, 63, 64, 65, 4095, 4096, 4097, 300_000, DAY_MS, YEAR_MS]) {
        const wheel = new TimerWheel(now)
        wheel.schedule(new Job(() => {}), now + delay)
        const next = wheel.nextWakeup()
        assert(next !== undefined && next > now && next <= now + delay, `${now} + ${delay}`)
      }
    }
  })
})
