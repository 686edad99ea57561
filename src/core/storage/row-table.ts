// SPDX-License-Identifier: MIT
// Two or more values of one key: a list of rows, and over a longer one an index by value id.

import { finish, mix } from '../util/hash-table.ts'
import { Column, NO_ROW } from './value-rows.ts'
import type { ValueStore } from './value-store.ts'

/** Up to here a table is searched from end to end. */
const LINEAR_LIMIT = 8
const INITIAL_SLOTS = 32

export class RowTable {
  /** Its order depends on the calls alone, not on hashes. */
  readonly list: number[]
  readonly #values: ValueStore
  readonly #seed: number
  /** Open addressing: place in the list plus one, 0 for a free slot. */
  #slots: Int32Array | undefined

  constructor(values: ValueStore, seed: number, first: number) {
    this.#values = values
    this.#seed = seed
    this.list = [first]
  }

  find(high: number, low: number): number {
    return this.list[this.#placeOf(high, low)] ?? NO_ROW
  }

  set(row: number): void {
    const place = this.#placeOfRow(row)
    if (place >= 0) {
      this.list[place] = row
      return
    }
    this.list.push(row)
    const count = this.list.length
    if (this.#slots === undefined) {
      if (count > LINEAR_LIMIT) this.#index(INITIAL_SLOTS)
    } else if (2 * count > this.#slots.length) this.#index(2 * this.#slots.length)
    else this.#slots[this.#slotOfRow(row)] = count
  }

  /** The last value of the list moves to the place that becomes free. */
  delete(row: number): void {
    const place = this.#placeOfRow(row)
    const last = this.list[this.list.length - 1]!
    if (this.#slots !== undefined) {
      const free = this.#slotOfRow(row)
      this.#slots[this.#slotOfRow(last)] = place + 1
      this.list[place] = last
      this.#freeSlot(free)
    } else this.list[place] = last
    this.list.pop()
    this.#shrink()
  }

  #placeOfRow(row: number): number {
    return this.#placeOf(this.#high(row), this.#low(row))
  }

  #placeOf(high: number, low: number): number {
    if (this.#slots !== undefined) return this.#slots[this.#slotOf(high, low)]! - 1
    return this.list.findIndex((row) => this.#values.hasId(row, high, low))
  }

  #slotOfRow(row: number): number {
    return this.#slotOf(this.#high(row), this.#low(row))
  }

  /** Slot of the value with this id, or the free one where it belongs. */
  #slotOf(high: number, low: number): number {
    const slots = this.#slots!
    const mask = slots.length - 1
    for (let slot = this.#home(high, low) & mask; ; slot = (slot + 1) & mask) {
      const place = slots[slot]! - 1
      if (place < 0 || this.#values.hasId(this.list[place]!, high, low)) return slot
    }
  }

  #freeSlot(free: number): void {
    const slots = this.#slots!
    const mask = slots.length - 1
    let hole = free
    // Backward shift: what was pushed past the hole by a collision moves into it.
    for (let probe = (hole + 1) & mask; slots[probe] !== 0; probe = (probe + 1) & mask) {
      const row = this.list[slots[probe]! - 1]!
      const home = this.#home(this.#high(row), this.#low(row)) & mask
      if (((probe - home) & mask) < ((probe - hole) & mask)) continue
      slots[hole] = slots[probe]!
      hole = probe
    }
    slots[hole] = 0
  }

  #shrink(): void {
    if (this.#slots === undefined || 8 * this.list.length > this.#slots.length) return
    if (this.list.length <= LINEAR_LIMIT) this.#slots = undefined
    else this.#index(this.#slots.length / 2)
  }

  #index(slots: number): void {
    this.#slots = new Int32Array(slots)
    for (let place = 0; place < this.list.length; place++) {
      this.#slots[this.#slotOfRow(this.list[place]!)] = place + 1
    }
  }

  #high(row: number): number {
    return this.#values.rows.get(row, Column.IdHigh)
  }

  #low(row: number): number {
    return this.#values.rows.get(row, Column.IdLow)
  }

  #home(high: number, low: number): number {
    return finish(mix(mix(this.#seed, high), low))
  }
}
