// SPDX-License-Identifier: MIT
// How often something may be done at once: so many times in a row, and then at a steady rate (a
// token bucket).

export class Credit {
  readonly #most: number
  readonly #perMs: number
  #left: number
  #at = Number.NEGATIVE_INFINITY

  /** `most` in a row; what was used comes back at `perSecond`. */
  constructor(most: number, perSecond: number) {
    this.#most = most
    this.#perMs = perSecond / 1000
    this.#left = most
  }

  /** True when there is some left; that is one less then. */
  tryTake(now: number): boolean {
    this.#left = Math.min(this.#most, this.#left + Math.max(0, now - this.#at) * this.#perMs)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
