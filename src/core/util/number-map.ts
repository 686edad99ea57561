// SPDX-License-Identifier: MIT
// Map from 32-bit words to items that come and go by the thousand per second. A `Map` does as well
// until it is collected: V8 replaces its table after so many deletions, and one that has grown old
// keeps, though unused, all that it held and every later table alive, until the next full
// collection. Each small collection then copies most of what it should free.

import { HashTable } from './hash-table.ts'

export class NumberMap<T> implements Iterable<T> {
  readonly #table = new HashTable<T>(0)

  get size(): number {
    return this.#table.size
  }

  get(key: number): T | undefined {
    const slot = this.#table.probe(hashOf(key))
    return slot < 0 ? undefined : this.#table.at(slot)
  }

  has(key: number): boolean {
    return this.#table.probe(hashOf(key)) >= 0
  }

  set(key: number, item: T): void {
    const hash = hashOf(key)
    const slot = this.#table.probe(hash)
    if (slot < 0) this.#table.add(hash, item)
    else this.#table.replace(slot, item)
  }

  /** True when it was there. */
  delete(key: number): boolean {
    const slot = this.#table.probe(hashOf(key))
    if (slot < 0) return false
    this.#table.deleteAt(slot)
    return true
  }

  /** In no particular order. The map must not change meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return this.#table[Symbol.iterator]()
  }
}

/** Different for different words, so that equal hashes are equal keys. */
function hashOf(key: number): number {
  const mixed = Math.imul(key, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}
