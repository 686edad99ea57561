// SPDX-License-Identifier: MIT
// Hash table for items that are found by more than one word: open addressing over the hashes that
// the caller computes. Seeded, because peers choose most of what we hash and would otherwise choose
// collisions.

const INITIAL_SLOTS = 8
/** Tables that once had more do not shrink further: some are filled and emptied all the time. */
const KEPT_SLOTS = 64
/** The one free slot of tables without items, of which a node has many: never written to. */
const NO_HASHES = new Int32Array(1)
const NO_ITEMS: readonly undefined[] = [undefined]

/** Adds a word to a hash. Start with the seed of the table; end with `finish`. */
export function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1)
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) ^ (mixed >>> 13)
}

/** Spreads the last word that was mixed in over the low bits, which choose the slot. */
export function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
  return mixed ^ (mixed >>> 15)
}

export class HashTable<T> implements Iterable<T> {
  /** Where hashes of this table start. */
  readonly seed: number
  #hashes = NO_HASHES
  #items = NO_ITEMS as (T | undefined)[]
  #size = 0

  constructor(seed: number) {
    this.seed = seed | 0
  }

  get size(): number {
    return this.#size
  }

  /**
   * The next slot after `slot` that holds an item with this hash, -1 when there is none. Starts
   * without `slot`. The caller compares the items, since hashes are not unique.
   */
  probe(hash: number, slot?: number): number {
    const mask = this.#items.length - 1
    let at = (slot === undefined ? hash : slot + 1) & mask
    for (; this.#items[at] !== undefined; at = (at + 1) & mask) {
      if (this.#hashes[at] === hash) return at
    }
    return -1
  }

  /** The item in a slot that `probe` found. */
  at(slot: number): T {
    return this.#items[slot]!
  }

  /** Takes the place of the item in a slot that `probe` found; has the same hash. */
  replace(slot: number, item: T): void {
    this.#items[slot] = item
  }

  /** Adds an item that is not there yet. */
  add(hash: number, item: T): void {
    const slots = this.#items.length
    if (2 * (this.#size + 1) > slots) this.#resize(Math.max(INITIAL_SLOTS, 2 * slots))
    this.#insert(hash, item)
    this.#size++
  }

  /** Removes an item that was added under this hash. */
  delete(hash: number, item: T): boolean {
    let slot = this.probe(hash)
    while (slot >= 0 && this.#items[slot] !== item) slot = this.probe(hash, slot)
    if (slot < 0) return false
    this.deleteAt(slot)
    return true
  }

  /** Removes the item in a slot that `probe` found. */
  deleteAt(slot: number): void {
    let hole = slot
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
    if (this.#items.length > KEPT_SLOTS && 8 * this.#size < this.#items.length) {
      this.#resize(this.#items.length / 2)
    }
  }

  /** In no particular order. The table must not change meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (const item of this.#items) if (item !== undefined) yield item
  }

  #insert(hash: number, item: T): void {
    const mask = this.#items.length - 1
    let slot = hash & mask
    while (this.#items[slot] !== undefined) slot = (slot + 1) & mask
    this.#items[slot] = item
    this.#hashes[slot] = hash
  }

  #resize(slots: number): void {
    const items = this.#items
    const hashes = this.#hashes
    this.#items = new Array(slots).fill(undefined)
    this.#hashes = new Int32Array(slots)
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      if (item !== undefined) this.#insert(hashes[i]!, item)
    }
  }
}
