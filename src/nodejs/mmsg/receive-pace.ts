// SPDX-License-Identifier: MIT
// Whether a socket should let datagrams gather before it reads them. Waiting saves most of the cost
// of a datagram when many senders that know nothing of each other each send a little: the kernel
// would wake us for every single one. It gains nothing under load, when batches fill by themselves,
// and it does harm when the senders wait for our answers: then their rate falls at once, which is
// how they are recognised. They are left alone from then on, for longer each time.

import { BATCH } from './message-slots.ts'

/** How long rates are averaged. */
const WINDOW_MS = 32
/** Datagrams that have to come while we wait for it to be worth it. */
const WORTHWHILE = 8
/** Batches of this size form without waiting often enough. */
const NATURAL_BATCH = 4
/** Batches of this size need no help: there is load. */
const FULL = BATCH / 2
/** A rate that falls below this part of what it was is our doing. */
const KEPT_RATE = 0.8
const RETRY_MS = 1000
const MAX_RETRY_MS = 60_000

export class ReceivePace {
  /** How long to wait before the next read; 0 for reading as soon as there is something. */
  waitMs = 0
  readonly #maxWaitMs: number
  #windowStart = Number.NEGATIVE_INFINITY
  #datagrams = 0
  #reads = 0
  /** Per millisecond, in the window before. */
  #lastRate = 0
  #retryMs = RETRY_MS
  #retryAt = Number.NEGATIVE_INFINITY

  /** `maxWaitMs` of 0 never waits. */
  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs
  }

  /** A read brought `count` datagrams. */
  note(count: number, now: number): void {
    if (this.#maxWaitMs === 0) return
    this.#datagrams += count
    this.#reads++
    const elapsedMs = now - this.#windowStart
    if (elapsedMs < WINDOW_MS) return
    const rate = this.#datagrams / elapsedMs
    if (this.waitMs > 0) this.#review(rate, now)
    else if (now >= this.#retryAt && this.#isWorthwhile(rate)) this.waitMs = this.#maxWaitMs
    this.#lastRate = rate
    this.#windowStart = now
    this.#datagrams = 0
    this.#reads = 0
  }

  #isWorthwhile(rate: number): boolean {
    return rate * this.#maxWaitMs >= WORTHWHILE && this.#datagrams < NATURAL_BATCH * this.#reads
  }

  #review(rate: number, now: number): void {
    const isKept = rate >= this.#lastRate * KEPT_RATE
    const isLoad = this.#datagrams >= FULL * this.#reads
    if (!isKept || isLoad || rate * this.#maxWaitMs < WORTHWHILE / 2) this.#stop(now)
    else this.#retryMs = RETRY_MS
  }

  #stop(now: number): void {
    this.waitMs = 0
    this.#retryAt = now + this.#retryMs
    this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS)
  }
}
