// SPDX-License-Identifier: MIT
// When one kind of packet is sent to the group: at once, then after 10, 20 and 40 seconds, a little
// more each, and then never until there is a new reason (spec discovery, section 1.4). A lost
// packet is made up for that way, and a network where nothing happens stays silent.

import type { Random } from '../core/ports.ts'

const FIRST_PAUSE_MS = 10_000
const LAST_PAUSE_MS = 40_000
/** However many reasons there are, the group hears no more often than this. */
export const MIN_GAP_MS = 1000
/** A pause is up to one part in ten longer, so that nodes that started together drift apart. */
const JITTER_DIVISOR = 10

export class Repetition {
  readonly #random: Random
  #pauseMs = 0
  #lastAt = Number.NEGATIVE_INFINITY
  /** Next packet of the round. */
  #roundAt: number | undefined
  /** A packet out of turn. */
  #extraAt: number | undefined

  constructor(random: Random) {
    this.#random = random
  }

  /** When to send next; undefined while there is no reason to. */
  get dueAt(): number | undefined {
    if (this.#roundAt === undefined || this.#extraAt === undefined) {
      return this.#roundAt ?? this.#extraAt
    }
    return Math.min(this.#roundAt, this.#extraAt)
  }

  /** Begins a round, in place of one that is going on. */
  start(now: number): void {
    this.#pauseMs = FIRST_PAUSE_MS
    this.#roundAt = this.#soon(now)
  }

  /** One packet soon, besides the round. */
  once(now: number): void {
    this.#extraAt ??= this.#soon(now)
  }

  stop(): void {
    this.#roundAt = undefined
    this.#extraAt = undefined
  }

  /** It is time: plans the next packet. False, and nothing happens, when it is not. */
  take(now: number): boolean {
    if (this.dueAt === undefined || now < this.dueAt) return false
    this.#lastAt = now
    this.#extraAt = undefined
    if (this.#roundAt !== undefined && this.#roundAt <= now) this.#roundAt = this.#next(now)
    return true
  }

  #next(now: number): number | undefined {
    if (this.#pauseMs > LAST_PAUSE_MS) return undefined
    const at = now + this.#pauseMs + (this.#random.uint32() % (this.#pauseMs / JITTER_DIVISOR))
    this.#pauseMs *= 2
    return at
  }

  #soon(now: number): number {
    return Math.max(now, this.#lastAt + MIN_GAP_MS)
  }
}
