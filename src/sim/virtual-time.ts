// SPDX-License-Identifier: MIT
// Virtual time: jumps from one thing that happens to the next, and never on its own account. It
// moves while somebody waits for it in `run` or `until`, and only when application code has nothing
// left to do: after a millisecond in which something happened that promises depend on, the queue of
// microtasks is emptied first. Everything within a millisecond happens in the order of scheduling.
//
// Sleepers do not move the time, they hang on to it; who drives it is whoever runs the simulation.

import { type Deadline, Job, TimerWheel } from '../core/util/timer-wheel.ts'
import { nextTurn } from './next-turn.ts'
import type { SimError } from './sim-error.ts'

/** Turns of application code within one millisecond after which it is taken for an endless loop. */
const MAX_TURNS = 100_000
/** Steps after which the host gets a turn, so that a page stays alive and signals are heard. */
const STEPS_PER_TURN = 16_384

/** Something that is waited for; `isOver` is asked whenever something may have changed. */
interface Goal {
  /** When `isOver` is to be asked even if nothing happens. */
  nextAt: number
  isOver(now: number): boolean
  resolve(): void
  reject(error: SimError): void
}

export interface TimeHost {
  /** What goes with an error that was thrown meanwhile. */
  fail(error: unknown): SimError
  /** Set when a checker found something: ends the run. */
  readonly failure: SimError | undefined
}

export class VirtualTime {
  now = 0
  readonly wheel = new TimerWheel(0)
  /** Something happened that application code may be waiting for. */
  isDirty = false
  readonly #host: TimeHost
  readonly #goals = new Set<Goal>()
  /** Real-world work that time waits for. */
  #held = 0
  #isDriving = false
  #turns = 0

  constructor(host: TimeHost) {
    this.#host = host
  }

  /** Moves the time without giving application code a turn. */
  runSync(ms: number): void {
    if (this.#isDriving) throw new Error('runSync cannot be used while run or until is going on')
    const end = this.now + checkMs(ms)
    try {
      while (this.now < end) {
        this.#step(end)
        if (this.#host.failure !== undefined) throw this.#host.failure
      }
    } catch (error) {
      throw this.#host.fail(error)
    }
  }

  /** Moves the time on by `ms`. */
  run(ms: number): Promise<void> {
    const end = this.now + checkMs(ms)
    return this.#reach(end, (now) => now >= end)
  }

  /** Moves the time until `isOver`, asked every `everyMs`; false when `timeoutMs` passed. */
  async poll(isOver: () => boolean, timeoutMs: number, everyMs: number): Promise<boolean> {
    const end = this.now + checkMs(timeoutMs)
    let isReached = false
    let checkedAt = Number.NEGATIVE_INFINITY
    await this.#reach(this.now, (now, goal) => {
      if (now < checkedAt + everyMs && now < end) return false
      checkedAt = now
      goal.nextAt = Math.min(end, now + everyMs)
      isReached = isOver()
      return isReached || now >= end
    })
    return isReached
  }

  /** Moves the time until `promise` is settled; false when that took longer than `timeoutMs`. */
  async await(promise: PromiseLike<unknown>, timeoutMs: number): Promise<boolean> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    const end = this.now + checkMs(timeoutMs)
    await this.#reach(end, (now) => isSettled || now >= end)
    return isSettled
  }

  /** Resolves when `ms` have passed; does not move the time itself. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve))
  }

  /** Calls `action` when `ms` have passed, at the earliest in the next millisecond. */
  after(ms: number, action: () => void): Deadline {
    const job = new Job(() => {
      this.isDirty = true
      action()
    })
    this.wheel.schedule(job, this.now + checkMs(ms))
    return job
  }

  /** Keeps the time where it is until `promise`, which depends on the real world, is settled. */
  async hold<T>(promise: PromiseLike<T>): Promise<T> {
    this.#held++
    try {
      return await promise
    } finally {
      this.#held--
      this.isDirty = true
    }
  }

  #reach(nextAt: number, isOver: (now: number, goal: Goal) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const goal: Goal = { nextAt, isOver: (now) => isOver(now, goal), resolve, reject }
      this.#goals.add(goal)
      // Whatever was started in the same breath comes first.
      this.isDirty = true
      if (!this.#isDriving) void this.#drive()
    })
  }

  async #drive(): Promise<void> {
    this.#isDriving = true
    try {
      let steps = 0
      while (this.#goals.size > 0) {
        if (this.isDirty || this.#held > 0 || ++steps % STEPS_PER_TURN === 0) await this.#turn()
        if (this.#host.failure !== undefined) throw this.#host.failure
        if (this.#held > 0 || this.#endGoals()) continue
        const before = this.now
        this.#step(this.#nextGoalAt())
        if (this.now > before) this.#turns = 0
      }
    } catch (error) {
      const failure = this.#host.fail(error)
      for (const goal of this.#goals) goal.reject(failure)
      this.#goals.clear()
    } finally {
      this.#isDriving = false
    }
  }

  /** Lets application code run until it waits for something. */
  async #turn(): Promise<void> {
    this.isDirty = false
    if (this.#held === 0 && ++this.#turns > MAX_TURNS) {
      throw new Error(`Application code went on for ${MAX_TURNS} turns while the time stood still`)
    }
    await nextTurn()
  }

  /** True when somebody got what they waited for, who may go on before the time does. */
  #endGoals(): boolean {
    let hasEnded = false
    for (const goal of this.#goals) {
      if (!goal.isOver(this.now)) continue
      this.#goals.delete(goal)
      goal.resolve()
      hasEnded = true
    }
    if (hasEnded) this.isDirty = true
    return hasEnded
  }

  #nextGoalAt(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { nextAt } of this.#goals) next = Math.min(next, nextAt)
    return next
  }

  /** To the next thing that happens, but not beyond `until`. */
  #step(until: number): void {
    const next = Math.max(this.now, Math.min(this.wheel.nextWakeup() ?? until, until))
    this.now = next
    this.wheel.advance(next)
  }
}

function checkMs(ms: number): number {
  if (Number.isFinite(ms) && ms >= 0) return Math.ceil(ms)
  throw new RangeError(`A duration must be a number of milliseconds, 0 or more: got ${ms}`)
}
