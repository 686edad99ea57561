// SPDX-License-Identifier: MIT
// Wall time that passes only when a test says so, and timers on it.

import type { Clock } from '../../src/proxy/server/store/clock.ts'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

export class VirtualClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

  constructor(now = 1_800_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size
  }

  /** Lets time pass, and everything that is asynchronous come to rest after each timer. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settled()
      const due = [...this.#timers].filter(({ at }) => at <= end)
      const next = due.sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
    }
    this.#now = end
    await settled()
  }
}

/** Whatever is waiting for promises and the next round of the event loop has had its turn. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve))
}
