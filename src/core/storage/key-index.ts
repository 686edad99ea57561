// SPDX-License-Identifier: MIT
// Finds rows by the key of their value: a hash table whose chains run through the rows. It grows by
// linear hashing: each row that comes has one bucket split in two, each that goes has one or two
// pairs joined again, so that no put ever waits for a large table to be made anew. Seeded, because
// peers choose keys and would otherwise choose collisions.

import { hashId, secretFactor } from '../id/id-map.ts'
import type { InfoHash } from '../id/info-hash.ts'
import { Column, NO_ROW, type ValueRows } from './value-rows.ts'

const BLOCK_BITS = 8
const BLOCK_BUCKETS = 1 << BLOCK_BITS
const IN_BLOCK = BLOCK_BUCKETS - 1

export class KeyIndex implements Iterable<number> {
  readonly #rows: ValueRows
  readonly #seed: number
  readonly #factor: number
  /** First row of each bucket, in blocks, because these never have to be copied. */
  readonly #heads: Int32Array[] = [newBlock()]
  /** Number of buckets, and the largest power of two that is not above it, less one. */
  #buckets = 1
  #mask = 0
  #size = 0

  constructor(rows: ValueRows, seed: number) {
    this.#rows = rows
    this.#seed = seed
    this.#factor = secretFactor(seed)
  }

  get size(): number {
    return this.#size
  }

  /** What `Column.Hash` of a row with this key holds. */
  hashOf(key: InfoHash): number {
    return hashId(key, this.#seed, this.#factor)
  }

  /** The row with this key, NO_ROW when there is none. */
  find(key: InfoHash): number {
    if (this.#size === 0) return NO_ROW
    const rows = this.#rows
    const hash = this.hashOf(key)
    let row = this.#head(this.#bucketOf(hash))
    while (row !== NO_ROW && !(rows.get(row, Column.Hash) === hash && rows.hasKey(row, key))) {
      row = rows.get(row, Column.Next)
    }
    return row
  }

  /** Adds a row, whose key no other row in here has. */
  add(row: number): void {
    this.#push(this.#bucketOf(this.#rows.get(row, Column.Hash)), row)
    this.#size++
    if (this.#size > this.#buckets) this.#split()
  }

  /** Takes out a row that is in here. */
  delete(row: number): void {
    const rows = this.#rows
    const bucket = this.#bucketOf(rows.get(row, Column.Hash))
    const next = rows.get(row, Column.Next)
    let before = this.#head(bucket)
    if (before === row) this.#setHead(bucket, next)
    else {
      while (rows.get(before, Column.Next) !== row) before = rows.get(before, Column.Next)
      rows.set(before, Column.Next, next)
    }
    this.#size--
    // Two at a time, so that the table is small again when the last row goes.
    for (let i = 0; i < 2 && this.#buckets > 1 && 2 * this.#size < this.#buckets; i++) {
      this.#join()
    }
  }

  /** In no particular order. The index must not change meanwhile. */
  *[Symbol.iterator](): Iterator<number> {
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      let row = this.#head(bucket)
      for (; row !== NO_ROW; row = this.#rows.get(row, Column.Next)) yield row
    }
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (2 * this.#mask + 1)
    return bucket < this.#buckets ? bucket : bucket & this.#mask
  }

  #head(bucket: number): number {
    return this.#heads[bucket >> BLOCK_BITS]![bucket & IN_BLOCK]!
  }

  #setHead(bucket: number, row: number): void {
    this.#heads[bucket >> BLOCK_BITS]![bucket & IN_BLOCK] = row
  }

  #push(bucket: number, row: number): void {
    this.#rows.set(row, Column.Next, this.#head(bucket))
    this.#setHead(bucket, row)
  }

  /** Adds a bucket, which takes its rows from the one that had them so far. */
  #split(): void {
    if (this.#buckets > 2 * this.#mask + 1) this.#mask = 2 * this.#mask + 1
    const parent = this.#buckets & this.#mask
    if (this.#buckets >> BLOCK_BITS === this.#heads.length) this.#heads.push(newBlock())
    this.#buckets++
    this.#deal(this.#empty(parent))
  }

  /** Takes the last bucket away. */
  #join(): void {
    const last = this.#buckets - 1
    const chain = this.#empty(last)
    this.#buckets = last
    if (last <= this.#mask) this.#mask >>= 1
    this.#deal(chain)
    // One block more than needed stays, for whoever goes up and down around its end.
    if (this.#heads.length > (last >> BLOCK_BITS) + 2) this.#heads.pop()
  }

  #empty(bucket: number): number {
    const first = this.#head(bucket)
    this.#setHead(bucket, NO_ROW)
    return first
  }

  /** Puts the rows of a chain where they belong now. */
  #deal(chain: number): void {
    const rows = this.#rows
    for (let row = chain; row !== NO_ROW; ) {
      const next = rows.get(row, Column.Next)
      this.#push(this.#bucketOf(rows.get(row, Column.Hash)), row)
      row = next
    }
  }
}

function newBlock(): Int32Array {
  return new Int32Array(BLOCK_BUCKETS).fill(NO_ROW)
}
