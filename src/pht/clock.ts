// SPDX-License-Identifier: MIT
// The time of an index. Simulated networks bring their own: a SimNetwork is such a clock.

/** The time of an index. */
export interface PhtClock {
  /** Milliseconds that never go back. */
  readonly now: number
  readonly wallNow: Date
  /** Calls `action` after `ms`. Returns what prevents it. */
  schedule(ms: number, action: () => void): () => void
}

/** Real time. What it schedules keeps no process running. */
export const REAL_CLOCK: PhtClock = {
  get now() {
    return performance.now()
  },
  get wallNow() {
    return new Date()
  },
  schedule(ms, action) {
    const timer: unknown = setTimeout(action, ms)
    // Node.js returns an object, browsers a number.
    if (typeof timer === 'object') (timer as { unref?(): void }).unref?.()
    return () => clearTimeout(timer as number)
  },
}
