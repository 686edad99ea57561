// SPDX-License-Identifier: MIT
// Random port over the random source of the operating system. One pool serves the whole process,
// so that small draws do not each cost a call into the system and idle nodes hold no memory for
// it.

import { randomFillSync } from 'node:crypto'
import type { Random } from '../core/ports.ts'

const POOL_BYTES = 4096
/** Longer draws go past the pool. */
const MAX_POOLED_BYTES = 64

const pool = new Uint8Array(POOL_BYTES)
let used = POOL_BYTES

export class SystemRandom implements Random {
  uint32(): number {
    const at = draw(4)
    const word =
      ((pool[at]! << 24) | (pool[at + 1]! << 16) | (pool[at + 2]! << 8) | pool[at + 3]!) >>> 0
    pool.fill(0, at, at + 4)
    return word
  }

  fill(bytes: Uint8Array): void {
    if (bytes.length > MAX_POOLED_BYTES) {
      randomFillSync(bytes)
      return
    }
    const at = draw(bytes.length)
    bytes.set(pool.subarray(at, at + bytes.length))
    // What came out must not be found in memory again: tokens and ids are made of it.
    pool.fill(0, at, at + bytes.length)
  }

  /** Draws from the system are independent anyway; the label has no effect. */
  fork(_label: string): Random {
    return new SystemRandom()
  }
}

/** Takes `length` bytes of the pool; returns where they are. */
function draw(length: number): number {
  if (used + length > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  used += length
  return used - length
}
