// SPDX-License-Identifier: MIT
// Keeps operations from waiting for a family that has just died, and whose searches need many
// seconds to be sure of that: an operation that succeeded in one family ends without another one
// from which nothing at all was heard for a few round trips. What goes on there goes on unheard.

import type { Family } from '../id/socket-address.ts'
import { Job, type TimerWheel } from '../util/timer-wheel.ts'

/** An operation in several families. */
export interface SharedOperation {
  readonly startedAt: number
  /** Families that have not ended it, while one that did succeeded; otherwise none. */
  readonly laggards: readonly Family[]
  readonly isOver: boolean
}

export interface SilentFamiliesHost {
  readonly wheel: TimerWheel
  /** When anything was last heard in `family`, and how long an answer usually takes there. */
  lastHeardAt(family: Family): number
  usualWaitMs(family: Family): number
  /** Ends the operation in `family`. */
  giveUp(operation: SharedOperation, family: Family, now: number): void
}

/** Silence in the time of usual answers, and at least. */
const SILENT_WAITS = 4
const MIN_SILENCE_MS = 1000
const LOOK_MS = 250

export class SilentFamilies {
  readonly #host: SilentFamiliesHost
  /** Operations that are not over and have laggards. */
  readonly #lagging = new Set<SharedOperation>()
  readonly #job = new Job((now) => this.#look(now))

  constructor(host: SilentFamiliesHost) {
    this.#host = host
  }

  /** One family succeeded, and another one has not ended. */
  onLagging(operation: SharedOperation): void {
    if (operation.isOver) return
    this.#lagging.add(operation)
    if (this.#job.isScheduled) return
    this.#host.wheel.schedule(this.#job, operation.startedAt + MIN_SILENCE_MS)
  }

  /** The operation is over, or nobody waits for it. */
  forget(operation: SharedOperation): void {
    this.#lagging.delete(operation)
  }

  close(): void {
    this.#lagging.clear()
    this.#host.wheel.cancel(this.#job)
  }

  #look(now: number): void {
    for (const operation of this.#lagging) {
      const { laggards, startedAt } = operation
      for (const family of laggards) {
        if (this.#isSilent(family, startedAt, now)) this.#host.giveUp(operation, family, now)
      }
    }
    if (this.#lagging.size > 0) this.#host.wheel.schedule(this.#job, now + LOOK_MS)
  }

  #isSilent(family: Family, startedAt: number, now: number): boolean {
    const since = Math.max(startedAt, this.#host.lastHeardAt(family))
    const waitMs = SILENT_WAITS * this.#host.usualWaitMs(family)
    return now - since >= Math.max(MIN_SILENCE_MS, waitMs)
  }
}
