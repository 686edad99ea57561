// SPDX-License-Identifier: MIT
// The fields of all stored values as rows of numbers. An object per value would take several times
// the memory, and every collection of garbage would have to look at each of them again. A row is
// known by its number, which stays until the row is released, and may then be another's. Rows lie
// in blocks of fixed size: growth copies nothing, and a block goes back with its last row.

import { InfoHash } from '../id/info-hash.ts'
import { assert } from '../util/assert.ts'

/** In place of the number of a row. */
export const NO_ROW = -1

/** Words of a row. A new row holds whatever was there; its first owner sets all of them. */
export const Column = {
  /** The key of the value: five words. */
  Key: 0,
  /** Halves of the value id. */
  IdHigh: 5,
  IdLow: 6,
  /** By which it is stored: of an encrypted value 0. */
  Type: 7,
  /** The packed value: its length, and where its bytes are. */
  Length: 8,
  Page: 9,
  Offset: 10,
  /** Who put it. */
  Origin: 11,
  /** Place in the queue of those who expire. */
  Place: 12,
  /** Sequence number: of an encrypted value 0. */
  Seq: 13,
} as const

export type Column = (typeof Column)[keyof typeof Column]

/** Fourteen columns and two times. */
const ROW_WORDS = 18
const ROW_TIMES = ROW_WORDS / 2
const CREATED_AT = 7
const EXPIRES_AT = 8
/** Small, as most nodes store little: a process may hold hundreds of them. */
const BLOCK_BITS = 5
const BLOCK_ROWS = 1 << BLOCK_BITS
const IN_BLOCK = BLOCK_ROWS - 1

export class ValueRows {
  readonly #blocks: (Block | undefined)[] = []
  /** Numbers of blocks that were given back. */
  readonly #vacant: number[] = []
  /** Blocks with free rows; each knows its place here. */
  readonly #roomy: Block[] = []
  #size = 0

  /** Rows in use. */
  get size(): number {
    return this.#size
  }

  /** Memory taken by all blocks. */
  get reservedBytes(): number {
    return 4 * ROW_WORDS * BLOCK_ROWS * (this.#blocks.length - this.#vacant.length)
  }

  add(): number {
    const block = this.#roomy[this.#roomy.length - 1] ?? this.#newBlock()
    const row = block.take()
    if (block.isFull) this.#roomy.pop()
    this.#size++
    return (block.number << BLOCK_BITS) | row
  }

  release(row: number): void {
    const block = this.#blocks[row >> BLOCK_BITS]!
    if (block.isFull) block.place = this.#roomy.push(block) - 1
    block.giveBack(row & IN_BLOCK)
    this.#size--
    // The last one with room stays: a single value that comes and goes takes no block each time.
    if (block.live === 0 && this.#roomy.length > 1) this.#drop(block)
  }

  get(row: number, column: Column): number {
    return this.#blocks[row >> BLOCK_BITS]!.words[(row & IN_BLOCK) * ROW_WORDS + column]!
  }

  set(row: number, column: Column, word: number): void {
    this.#blocks[row >> BLOCK_BITS]!.words[(row & IN_BLOCK) * ROW_WORDS + column] = word
  }

  keyOf(row: number): InfoHash {
    const { words } = this.#blocks[row >> BLOCK_BITS]!
    const at = (row & IN_BLOCK) * ROW_WORDS + Column.Key
    return new InfoHash(words[at], words[at + 1], words[at + 2], words[at + 3], words[at + 4])
  }

  setKey(row: number, key: InfoHash): void {
    const { words } = this.#blocks[row >> BLOCK_BITS]!
    const at = (row & IN_BLOCK) * ROW_WORDS + Column.Key
    words[at] = key.w0
    words[at + 1] = key.w1
    words[at + 2] = key.w2
    words[at + 3] = key.w3
    words[at + 4] = key.w4
  }

  hasKey(row: number, key: InfoHash): boolean {
    const { words } = this.#blocks[row >> BLOCK_BITS]!
    const at = (row & IN_BLOCK) * ROW_WORDS + Column.Key
    return (
      words[at] === key.w0 &&
      words[at + 1] === key.w1 &&
      words[at + 2] === key.w2 &&
      words[at + 3] === key.w3 &&
      words[at + 4] === key.w4
    )
  }

  createdAt(row: number): number {
    return this.#blocks[row >> BLOCK_BITS]!.times[(row & IN_BLOCK) * ROW_TIMES + CREATED_AT]!
  }

  setCreatedAt(row: number, ms: number): void {
    this.#blocks[row >> BLOCK_BITS]!.times[(row & IN_BLOCK) * ROW_TIMES + CREATED_AT] = ms
  }

  /** Infinite for what stays. */
  expiresAt(row: number): number {
    return this.#blocks[row >> BLOCK_BITS]!.times[(row & IN_BLOCK) * ROW_TIMES + EXPIRES_AT]!
  }

  setExpiresAt(row: number, ms: number): void {
    this.#blocks[row >> BLOCK_BITS]!.times[(row & IN_BLOCK) * ROW_TIMES + EXPIRES_AT] = ms
  }

  #newBlock(): Block {
    const block = new Block(this.#vacant.pop() ?? this.#blocks.length)
    this.#blocks[block.number] = block
    block.place = this.#roomy.push(block) - 1
    return block
  }

  #drop(block: Block): void {
    const last = this.#roomy.pop()!
    if (last !== block) {
      this.#roomy[block.place] = last
      last.place = block.place
    }
    this.#blocks[block.number] = undefined
    this.#vacant.push(block.number)
  }
}

class Block {
  readonly number: number
  readonly words: Int32Array
  readonly times: Float64Array
  /** Among those with room; owned by the rows. */
  place = -1
  live = 0
  /** Rows that were in use so far, and those of them that are free again: a list through them. */
  #used = 0
  #free = NO_ROW

  constructor(number: number) {
    this.number = number
    this.words = new Int32Array(BLOCK_ROWS * ROW_WORDS)
    this.times = new Float64Array(this.words.buffer)
  }

  get isFull(): boolean {
    return this.live === BLOCK_ROWS
  }

  take(): number {
    this.live++
    if (this.#free === NO_ROW) return this.#used++
    const row = this.#free
    this.#free = this.words[row * ROW_WORDS]!
    return row
  }

  giveBack(row: number): void {
    assert(this.live > 0, 'a row is released once')
    this.live--
    this.words[row * ROW_WORDS] = this.#free
    this.#free = row
  }
}
