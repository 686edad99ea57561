// SPDX-License-Identifier: MIT
// Where the bytes of stored values live: written one after the other into pages, because a byte
// array of its own costs several hundred bytes beside its content. Before each value stands its
// row and its length, so that a page can be read from end to end. A page of which less than half
// is in use is given up: what is left moves to the current page. Bytes of values never change once
// they are written, so a view stays right for as long as anyone holds it, even when its value moved
// or is gone.

import { readWord, writeWord } from '../util/bytes.ts'
import { Column, NO_ROW, type ValueRows } from './value-rows.ts'

const PAGE_BYTES = 16_384
/** Who stores little, as most nodes do, has a small page. */
const FIRST_PAGE_BYTES = 2048
/** Longer values get a page of their own, so that the end of a page is never wasted by much. */
const LARGE_BYTES = 1024
/** Row, -1 when it is gone, and length. */
const HEADER_BYTES = 8

class Page {
  /** By which rows know it. */
  readonly number: number
  readonly bytes: Uint8Array
  /** Bytes written, and bytes in use. */
  used = 0
  live = 0

  constructor(number: number, capacity: number) {
    this.number = number
    this.bytes = new Uint8Array(capacity)
  }

  get isSparse(): boolean {
    return 2 * this.live < this.used
  }
}

export class BytePages {
  readonly #rows: ValueRows
  readonly #pages: (Page | undefined)[] = []
  /** Numbers of pages that were given up. */
  readonly #vacant: number[] = []
  #current: Page | undefined
  #reservedBytes = 0

  constructor(rows: ValueRows) {
    this.#rows = rows
  }

  /** Memory taken by all pages. */
  get reservedBytes(): number {
    return this.#reservedBytes
  }

  /** Copies `bytes` for a row; from here on length and place in the row are those of the copy. */
  store(row: number, bytes: Uint8Array): void {
    const isLarge = bytes.length > LARGE_BYTES
    const page = isLarge
      ? this.#newPage(bytes.length + HEADER_BYTES)
      : this.#pageFor(bytes.length + HEADER_BYTES)
    this.#append(page, row, bytes)
  }

  /** Gives up the bytes of a row. Views of them stay right. */
  free(row: number): void {
    const page = this.#pageOf(row)
    writeWord(page.bytes, this.#rows.get(row, Column.Offset) - HEADER_BYTES, NO_ROW)
    page.live -= this.#rows.get(row, Column.Length) + HEADER_BYTES
    if (page !== this.#current && page.isSparse) this.#giveUp(page)
  }

  /** View of the bytes of a row. Keeps the whole page alive. */
  bytesOf(row: number): Uint8Array {
    const offset = this.#rows.get(row, Column.Offset)
    const end = offset + this.#rows.get(row, Column.Length)
    return this.#pageOf(row).bytes.subarray(offset, end)
  }

  #pageOf(row: number): Page {
    return this.#pages[this.#rows.get(row, Column.Page)]!
  }

  #pageFor(length: number): Page {
    const full = this.#current
    if (full !== undefined && full.used + length <= full.bytes.length) return full
    this.#current = this.#newPage(
      Math.min(Math.max(FIRST_PAGE_BYTES, this.#reservedBytes), PAGE_BYTES),
    )
    // The current page is never given up when values of it go; so perhaps now.
    if (full?.isSparse !== true) return this.#current
    this.#giveUp(full)
    // What was left of it may have taken the room.
    return this.#pageFor(length)
  }

  #newPage(capacity: number): Page {
    const page = new Page(this.#vacant.pop() ?? this.#pages.length, capacity)
    this.#pages[page.number] = page
    this.#reservedBytes += capacity
    return page
  }

  #append(page: Page, row: number, bytes: Uint8Array): void {
    const offset = page.used + HEADER_BYTES
    writeWord(page.bytes, page.used, row)
    writeWord(page.bytes, page.used + 4, bytes.length)
    page.bytes.set(bytes, offset)
    page.used = offset + bytes.length
    page.live += HEADER_BYTES + bytes.length
    this.#rows.set(row, Column.Page, page.number)
    this.#rows.set(row, Column.Offset, offset)
    this.#rows.set(row, Column.Length, bytes.length)
  }

  /** Moves what is left of a page. Only the references go: a view keeps the old bytes alive. */
  #giveUp(page: Page): void {
    for (let start = 0; page.live > 0; ) {
      const row = readWord(page.bytes, start)
      const offset = start + HEADER_BYTES
      start = offset + readWord(page.bytes, start + 4)
      if (row === NO_ROW) continue
      this.#append(
        this.#pageFor(start - offset + HEADER_BYTES),
        row,
        page.bytes.subarray(offset, start),
      )
      page.live -= start - offset + HEADER_BYTES
    }
    this.#pages[page.number] = undefined
    this.#vacant.push(page.number)
    this.#reservedBytes -= page.bytes.length
  }
}
