// SPDX-License-Identifier: MIT
// Time for what lives as long as a day: wall time, since it outlasts the process, and timers. Tests
// give a clock of their own.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once, after about `ms`. Returns a function that prevents it. */
  after(ms: number, callback: () => void): () => void
}

/** None of its timers keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms).unref()
    return () => clearTimeout(timer)
  },
}
