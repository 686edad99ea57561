// SPDX-License-Identifier: MIT
// What tests of indexes share.

import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { PhtClock } from '../../src/pht/clock.ts'
import type { IndexValue } from '../../src/pht/index-entry.ts'
import type { Prefix } from '../../src/pht/prefix.ts'

/**
 * The bytes of the node that C++ nodes mark beside each one: they flip another bit than the last
 * (`Prefix::swapBit` in opendht `indexation/pht.h`).
 */
export function misplacedSibling({ bytes, size }: Prefix): Uint8Array {
  const sibling = bytes.slice()
  const last = size - 1
  if (size > 0) sibling[last >> 3]! ^= 1 << ((8 - (last % 8)) % 8)
  return sibling
}

/** What the entry with this number leads to. */
export function indexed(i: number): IndexValue {
  return { hash: InfoHash.get(`value ${i}`), id: BigInt(i) }
}

/** Time that stands still until a test moves it. */
export class ManualClock implements PhtClock {
  now = 0
  readonly #jobs = new Map<() => void, number>()

  get wallNow(): Date {
    return new Date(1_700_000_000_000 + this.now)
  }

  schedule(ms: number, action: () => void): () => void {
    this.#jobs.set(action, this.now + ms)
    return () => void this.#jobs.delete(action)
  }

  advance(ms: number): void {
    this.now += ms
    for (const [action, at] of this.#jobs) {
      if (at > this.now) continue
      this.#jobs.delete(action)
      action()
    }
  }
}
