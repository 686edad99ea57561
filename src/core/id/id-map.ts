// SPDX-License-Identifier: MIT
// Hash table from InfoHash to the item that carries it, without string keys. Seeded, because peers
// choose their ids and would otherwise choose collisions.

import { HashTable } from '../util/hash-table.ts'
import type { InfoHash } from './info-hash.ts'

export interface Identified {
  readonly id: InfoHash
}

export class IdMap<T extends Identified> implements Iterable<T> {
  /** Secret odd multiplier. */
  readonly #key: number
  readonly #table: HashTable<T>

  constructor(seed: number) {
    this.#key = secretFactor(seed)
    this.#table = new HashTable(seed)
  }

  get size(): number {
    return this.#table.size
  }

  get(id: InfoHash): T | undefined {
    const slot = this.#slotOf(id, this.#mix(id))
    return slot < 0 ? undefined : this.#table.at(slot)
  }

  has(id: InfoHash): boolean {
    return this.#slotOf(id, this.#mix(id)) >= 0
  }

  /** Adds `item`, replacing the one with the same id. */
  set(item: T): void {
    const hash = this.#mix(item.id)
    const slot = this.#slotOf(item.id, hash)
    if (slot < 0) this.#table.add(hash, item)
    else this.#table.replace(slot, item)
  }

  delete(id: InfoHash): boolean {
    const slot = this.#slotOf(id, this.#mix(id))
    if (slot < 0) return false
    this.#table.deleteAt(slot)
    return true
  }

  /** In no particular order. The map must not change meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return this.#table[Symbol.iterator]()
  }

  #slotOf(id: InfoHash, hash: number): number {
    const table = this.#table
    let slot = table.probe(hash)
    while (slot >= 0 && !table.at(slot).id.equals(id)) slot = table.probe(hash, slot)
    return slot
  }

  #mix(id: InfoHash): number {
    return hashId(id, this.#table.seed, this.#key)
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
