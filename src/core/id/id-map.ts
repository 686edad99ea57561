// SPDX-License-Identifier: MIT
// Hash table from InfoHash to the item that carries it: open addressing over a typed array of mixed
// words, no string keys. Seeded, because peers choose their ids and would otherwise choose
// collisions.

import type { InfoHash } from './info-hash.ts'

export interface Identified {
  readonly id: InfoHash
}

const INITIAL_SLOTS = 8

export class IdMap<T extends Identified> implements Iterable<T> {
  readonly #seed: number
  /** Secret odd multiplier. */
  readonly #key: number
  #hashes = new Int32Array(INITIAL_SLOTS)
  #items: (T | undefined)[] = new Array(INITIAL_SLOTS).fill(undefined)
  #size = 0

  constructor(seed: number) {
    this.#seed = seed | 0
    this.#key = secretFactor(seed)
  }

  get size(): number {
    return this.#size
  }

  get(id: InfoHash): T | undefined {
    return this.#items[this.#slotOf(id, this.#mix(id))]
  }

  has(id: InfoHash): boolean {
    return this.get(id) !== undefined
  }

  /** Adds `item`, replacing the one with the same id. */
  set(item: T): void {
    if (2 * (this.#size + 1) > this.#items.length) this.#resize(2 * this.#items.length)
    const hash = this.#mix(item.id)
    const slot = this.#slotOf(item.id, hash)
    if (this.#items[slot] === undefined) this.#size++
    this.#items[slot] = item
    this.#hashes[slot] = hash
  }

  delete(id: InfoHash): boolean {
    let hole = this.#slotOf(id, this.#mix(id))
    if (this.#items[hole] === undefined) return false
    const mask = this.#items.length - 1
    // Backward shift: what was pushed past the hole by a collision moves into it.
    for (
      let probe = (hole + 1) & mask;
      this.#items[probe] !== undefined;
      probe = (probe + 1) & mask
    ) {
      const home = this.#hashes[probe]! & mask
      if (((probe - home) & mask) < ((probe - hole) & mask)) continue
      this.#items[hole] = this.#items[probe]
      this.#hashes[hole] = this.#hashes[probe]!
      hole = probe
    }
    this.#items[hole] = undefined
    this.#size--
    if (this.#items.length > INITIAL_SLOTS && 8 * this.#size < this.#items.length) {
      this.#resize(this.#items.length / 2)
    }
    return true
  }

  /** In no particular order. The map must not change meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (const item of this.#items) if (item !== undefined) yield item
  }

  /** Slot that holds `id`, or the free slot where it belongs. */
  #slotOf(id: InfoHash, hash: number): number {
    const mask = this.#items.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const item = this.#items[slot]
      if (item === undefined) return slot
      if (this.#hashes[slot] === hash && item.id.equals(id)) return slot
    }
  }

  #mix(id: InfoHash): number {
    return hashId(id, this.#seed, this.#key)
  }

  #resize(slots: number): void {
    const items = this.#items
    this.#items = new Array(slots).fill(undefined)
    this.#hashes = new Int32Array(slots)
    this.#size = 0
    for (const item of items) if (item !== undefined) this.set(item)
  }
}

/** The odd multiplier that goes with a seed. */
export function secretFactor(seed: number): number {
  return Math.imul(seed ^ (seed >>> 16) ^ 0x5bd1e995, 0x9e3779b1) | 1
}

/** Hash of an id that whoever does not know the seed cannot foresee. */
export function hashId(id: InfoHash, seed: number, key: number): number {
  let hash = stir(seed ^ id.w0, key)
  hash = stir(hash ^ id.w1, key)
  hash = stir(hash ^ id.w2, key)
  hash = stir(hash ^ id.w3, key)
  return stir(hash ^ id.w4, key)
}

/**
 * One round of the hash. The second factor has to be secret: the effect of flipping the top bit of
 * a word passes through known factors unchanged, and the next word could then undo it whatever the
 * seed is.
 */
function stir(word: number, key: number): number {
  const once = Math.imul(word, 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 15), key)
  return twice ^ (twice >>> 16)
}
