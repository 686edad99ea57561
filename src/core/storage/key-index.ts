// SPDX-License-Identifier: MIT
// Finds rows by the key of their value: a hash table in segments of limited size. A segment that is
// full is split in two, and one that is nearly empty is joined with its other half again, so that
// no put ever waits for a large table to be made anew (extendible hashing: a directory finds the
// segment by the low bits of the hash, as many of them as it takes to tell segments apart). Seeded,
// because peers choose keys and would otherwise choose collisions.

import { hashId, secretFactor } from '../id/id-map.ts'
import type { InfoHash } from '../id/info-hash.ts'
import { NO_ROW, type ValueRows } from './value-rows.ts'

const INITIAL_SLOTS = 8
const MAX_SLOTS = 256
/** Slots are chosen by high bits: the low ones are the same in all of a segment. */
const SLOT_SHIFT = 24
/** Enough for fifty million rows. Beyond it segments grow. */
const MAX_DEPTH = 18

export class KeyIndex implements Iterable<number> {
  readonly #rows: ValueRows
  readonly #seed: number
  readonly #factor: number
  /** By the low bits of the hash; a segment that needs fewer of them is here several times. */
  #directory: Segment[] = [new Segment(0, 0)]
  /** Segments that need all bits of the directory. */
  #deepest = 1
  #size = 0

  constructor(rows: ValueRows, seed: number) {
    this.#rows = rows
    this.#seed = seed
    this.#factor = secretFactor(seed)
  }

  get size(): number {
    return this.#size
  }

  /** Memory taken by all segments. */
  get reservedBytes(): number {
    return this.#segments().reduce((sum, { slots }) => sum + 8 * slots, 0)
  }

  /** The row with this key, NO_ROW when there is none. */
  find(key: InfoHash): number {
    const hash = this.#hash(key)
    const segment = this.#segmentOf(hash)
    for (let slot = segment.home(hash); ; slot = segment.next(slot)) {
      const row = segment.rowAt(slot)
      if (row === NO_ROW) return NO_ROW
      if (segment.hashAt(slot) === hash && this.#rows.hasKey(row, key)) return row
    }
  }

  /** Adds a row under its key, which no other row in here has. */
  add(key: InfoHash, row: number): void {
    const hash = this.#hash(key)
    let segment = this.#segmentOf(hash)
    while (segment.isFull) {
      if (segment.slots < MAX_SLOTS || segment.depth === MAX_DEPTH) segment.grow()
      else {
        this.#split(segment)
        segment = this.#segmentOf(hash)
      }
    }
    segment.add(hash, row)
    this.#size++
  }

  /** Takes out a row that is in here. */
  delete(key: InfoHash, row: number): void {
    const hash = this.#hash(key)
    const segment = this.#segmentOf(hash)
    segment.delete(hash, row)
    this.#size--
    if (segment.isSparse) this.#join(segment)
  }

  /** In no particular order. The index must not change meanwhile. */
  *[Symbol.iterator](): Iterator<number> {
    for (const segment of this.#segments()) yield* segment
  }

  #hash(key: InfoHash): number {
    return hashId(key, this.#seed, this.#factor)
  }

  #segmentOf(hash: number): Segment {
    return this.#directory[hash & (this.#directory.length - 1)]!
  }

  /** Each once. */
  #segments(): Segment[] {
    return this.#directory.filter(({ bits }, place) => bits === place)
  }

  #split(segment: Segment): void {
    if (1 << segment.depth === this.#directory.length) {
      this.#directory = [...this.#directory, ...this.#directory]
      this.#deepest = 0
    }
    const depth = segment.depth + 1
    const slots = segment.slots / 2
    for (const bits of [segment.bits, segment.bits | (1 << segment.depth)]) {
      this.#enter(new Segment(depth, bits, slots), segment)
    }
    if (1 << depth === this.#directory.length) this.#deepest += 2
  }

  #join(segment: Segment): void {
    const { depth } = segment
    if (depth === 0) return
    const highest = 1 << (depth - 1)
    const other = this.#directory[segment.bits ^ highest]!
    if (other.depth !== depth || !other.isSparse) return
    const joined = new Segment(depth - 1, segment.bits & ~highest)
    this.#enter(joined, segment, other)
    if (1 << depth !== this.#directory.length) return
    this.#deepest -= 2
    while (this.#deepest === 0) this.#halve()
  }

  /** Puts a segment in its places, with its part of what is in others. */
  #enter(segment: Segment, ...sources: Segment[]): void {
    const step = 1 << segment.depth
    for (const source of sources) segment.take(source)
    for (let at = segment.bits; at < this.#directory.length; at += step) {
      this.#directory[at] = segment
    }
  }

  #halve(): void {
    this.#directory.length /= 2
    const { length } = this.#directory
    this.#deepest = this.#directory.filter(({ depth }) => 1 << depth === length).length
  }
}

/** The rows whose hashes have the same low bits, with their hashes: open addressing. */
class Segment implements Iterable<number> {
  /** How many bits are the same, and which they are. */
  readonly depth: number
  readonly bits: number
  size = 0
  /** For each slot hash and row, the row plus one: 0 for a free slot. */
  #words: Int32Array
  #mask: number

  constructor(depth: number, bits: number, slots: number = INITIAL_SLOTS) {
    this.depth = depth
    this.bits = bits
    this.#words = new Int32Array(2 * slots)
    this.#mask = slots - 1
  }

  get slots(): number {
    return this.#mask + 1
  }

  get isFull(): boolean {
    return 4 * this.size >= 3 * this.slots
  }

  /** Two of these together are far from full. */
  get isSparse(): boolean {
    return 8 * this.size < MAX_SLOTS
  }

  home(hash: number): number {
    return (hash >>> SLOT_SHIFT) & this.#mask
  }

  next(slot: number): number {
    return (slot + 1) & this.#mask
  }

  hashAt(slot: number): number {
    return this.#words[2 * slot]!
  }

  rowAt(slot: number): number {
    return this.#words[2 * slot + 1]! - 1
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let slot = 0; slot < this.slots; slot++) {
      if (this.rowAt(slot) !== NO_ROW) yield this.rowAt(slot)
    }
  }

  /** Needs room. */
  add(hash: number, row: number): void {
    let slot = this.home(hash)
    while (this.rowAt(slot) !== NO_ROW) slot = this.next(slot)
    this.#put(slot, hash, row)
    this.size++
  }

  delete(hash: number, row: number): void {
    let hole = this.home(hash)
    while (this.rowAt(hole) !== row) hole = this.next(hole)
    // Backward shift: what was pushed past the hole by a collision moves into it.
    for (let probe = this.next(hole); this.rowAt(probe) !== NO_ROW; probe = this.next(probe)) {
      const home = this.home(this.hashAt(probe))
      if (((probe - home) & this.#mask) < ((probe - hole) & this.#mask)) continue
      this.#put(hole, this.hashAt(probe), this.rowAt(probe))
      hole = probe
    }
    this.#put(hole, 0, NO_ROW)
    this.size--
  }

  grow(): void {
    const words = this.#words
    this.#words = new Int32Array(2 * words.length)
    this.#mask = words.length - 1
    this.size = 0
    this.#addAll(words)
  }

  /** Adds those of another segment that belong in here, and makes room for them. */
  take(source: Segment): void {
    this.#addAll(source.#words)
  }

  #addAll(words: Int32Array): void {
    const same = (1 << this.depth) - 1
    for (let at = 0; at < words.length; at += 2) {
      const hash = words[at]!
      if (words[at + 1] === 0 || (hash & same) !== this.bits) continue
      if (this.isFull) this.grow()
      this.add(hash, words[at + 1]! - 1)
    }
  }

  #put(slot: number, hash: number, row: number): void {
    this.#words[2 * slot] = hash
    this.#words[2 * slot + 1] = row + 1
  }
}
