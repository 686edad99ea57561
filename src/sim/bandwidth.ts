// SPDX-License-Identifier: MIT
// A queue in front of a line of limited speed, up or down. Knows only until when the line is busy:
// what waits is computed from that.

import type { Bandwidth } from './link.ts'

const DEFAULT_QUEUE_BYTES = 64 * 1024

export class LineQueue {
  readonly #bytesPerMs: number
  readonly #queueMs: number
  #busyUntil = 0
  dropped = 0

  /** Throws RangeError for what is no speed, or no size. */
  constructor({ bytesPerSecond, queueBytes = DEFAULT_QUEUE_BYTES }: Bandwidth) {
    if (!(bytesPerSecond > 0)) {
      throw new RangeError(`bytesPerSecond must be a number above 0: got ${bytesPerSecond}`)
    }
    if (!(queueBytes >= 0)) {
      throw new RangeError(`queueBytes must be a number, 0 or more: got ${queueBytes}`)
    }
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#queueMs = queueBytes / this.#bytesPerMs
  }

  /** Time until the last byte is through; undefined when the queue is full. */
  pass(bytes: number, now: number): number | undefined {
    const waitMs = Math.max(0, this.#busyUntil - now)
    if (waitMs > this.#queueMs) {
      this.dropped++
      return undefined
    }
    const ms = waitMs + bytes / this.#bytesPerMs
    this.#busyUntil = now + ms
    return ms
  }
}
