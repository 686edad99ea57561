// SPDX-License-Identifier: MIT
// Random numbers that follow from a seed, for deterministic tests of the engine.

import type { Random } from '../../src/core/ports.ts'

/** Small fast generator (mulberry32); streams are forked by label. */
export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }

  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.uint32()
  }

  fork(label: string): Random {
    let seed = this.uint32()
    for (const char of label) seed = Math.imul(seed ^ char.charCodeAt(0), 0x01000193)
    return new SeededRandom(seed)
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.uint32() / 2 ** 32 < probability
  }

  /** One of `items`. */
  pick<T>(items: readonly T[]): T {
    return items[this.uint32() % items.length]!
  }
}
