// SPDX-License-Identifier: MIT
// Random numbers that follow from a seed: a small fast counting generator (sfc32 of Doty-Humphrey).
// Its state has 128 bits, since a large network forks so many streams that 32 would make twins.

import type { Random } from '../core/ports.ts'

const WARM_UP_ROUNDS = 12
const WORD = 2 ** 32

export class SimRandom implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** `seed` is a whole number of up to 53 bits. */
  constructor(seed: number, salt = 0) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / WORD) | 0
    this.#c = salt | 0
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.uint32()
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i += 4) {
      const word = this.uint32()
      for (let j = i; j < Math.min(i + 4, bytes.length); j++) bytes[j] = word >>> (8 * (j - i))
    }
  }

  fork(label: string): SimRandom {
    let salt = this.uint32()
    for (let i = 0; i < label.length; i++) {
      salt = Math.imul(salt ^ label.charCodeAt(i), 0x01000193)
    }
    return new SimRandom(this.uint32() + WORD * (this.uint32() >>> 11), salt)
  }

  /** Uniform in 0 … 1, without 1. */
  fraction(): number {
    return this.uint32() / WORD
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.fraction() < probability
  }

  /** A whole number of 0 … `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }

  /** Exponentially distributed: the time to the next of events that come at random. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.fraction())
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  /** `count` different ones of `items`, or all of them. */
  sample<T>(items: readonly T[], count: number): T[] {
    const pool = [...items]
    const wanted = Math.min(count, pool.length)
    for (let i = 0; i < wanted; i++) {
      const other = i + this.below(pool.length - i)
      const item = pool[other]!
      pool[other] = pool[i]!
      pool[i] = item
    }
    return pool.slice(0, wanted)
  }
}
