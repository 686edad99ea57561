// SPDX-License-Identifier: MIT
// Requests per second over the last one to two minutes.

export class RequestRate {
  #startedAt: number
  #count = 0
  #previous = 0
  #previousMs = 0

  /** `now` is monotonic, in milliseconds, as in all calls. */
  constructor(now: number) {
    this.#startedAt = now
  }

  count(now: number): void {
    this.#turn(now)
    this.#count++
  }

  perSecond(now: number): number {
    this.#turn(now)
    const ms = this.#previousMs + now - this.#startedAt
    return ms <= 0 ? 0 : Math.round(((this.#previous + this.#count) * 10_000) / ms) / 10
  }

  #turn(now: number): void {
    const passedMs = now - this.#startedAt
    if (passedMs < WINDOW_MS) return
    this.#previous = this.#count
    this.#previousMs = passedMs
    this.#count = 0
    this.#startedAt = now
  }
}

const WINDOW_MS = 60_000
