// SPDX-License-Identifier: MIT
// How often a search looks whether those that hold its permanent values still live: the values
// themselves are renewed every ten minutes only, and where half of the nodes go in that time, all
// eight holders of a value do now and then. Whoever answered anything meanwhile is not asked.

import type { InfoHash } from '../id/info-hash.ts'
import type { SearchNode } from './search-node.ts'

const USUAL_MS = 300_000
const SHORTEST_MS = 120_000
/** With one death in eight looks, it stays as it is. */
const GROWTH = 1.1

export class Vigilance {
  readonly #longestMs: number
  #silenceMs: number
  /** Values are being kept. */
  isNeeded = false

  /** Keys differ: thousands of values that were put together are not looked at together. */
  constructor(key: InfoHash) {
    const part = (key.w4 >>> 0) / 2 ** 32
    this.#longestMs = Math.round(USUAL_MS * (1 - part / 2))
    this.#silenceMs = this.#longestMs
  }

  /** Those who said nothing for so long are asked. */
  get maxSilenceMs(): number {
    return this.isNeeded ? this.#silenceMs : Number.POSITIVE_INFINITY
  }

  onDeath(): void {
    this.#silenceMs = Math.max(SHORTEST_MS, this.#silenceMs / 2)
  }

  onAnswer(): void {
    this.#silenceMs = Math.min(this.#longestMs, this.#silenceMs * GROWTH)
  }

  /** When one of `members` has to be asked next. */
  nextLook(members: readonly SearchNode[], now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const { node } of members) {
      const at = node.lastReplyAt + this.maxSilenceMs
      if (at > now) next = Math.min(next, at)
    }
    return next
  }
}
