// SPDX-License-Identifier: MIT
// What the storage holds under one key: values by id, and the remote listeners of the key. Most
// keys hold one value, which costs one field; a crowded one keeps a table of them.

import type { Identified } from '../id/id-map.ts'
import type { InfoHash } from '../id/info-hash.ts'
import { finish, mix } from '../util/hash-table.ts'
import type { Query } from '../value/query.ts'
import type { ValueId } from '../value/value.ts'
import type { Listener } from './listeners.ts'
import { highWord, lowWord, type StoredValue } from './stored-value.ts'

/** What keys and values need of the storage that they are in. */
export interface KeyOwner {
  /** Start of all hashes. */
  readonly seed: number
  /** The deadline of a value has come. */
  expire(value: StoredValue, now: number): void
}

const NO_VALUES: readonly StoredValue[] = []
const NO_LISTENERS: readonly Listener[] = []

export class KeyStorage implements Identified {
  readonly id: InfoHash
  readonly owner: KeyOwner
  #values: StoredValue | ValueTable | undefined
  #listeners: Listener[] | undefined

  constructor(id: InfoHash, owner: KeyOwner) {
    this.id = id
    this.owner = owner
  }

  get valueCount(): number {
    if (this.#values instanceof ValueTable) return this.#values.list.length
    return this.#values === undefined ? 0 : 1
  }

  /** Neither values nor listeners: it will vanish. */
  get isEmpty(): boolean {
    return this.#values === undefined && this.#listeners === undefined
  }

  /** Valid until the next change of the storage. */
  get values(): readonly StoredValue[] {
    if (this.#values instanceof ValueTable) return this.#values.list
    return this.#values === undefined ? NO_VALUES : [this.#values]
  }

  /** Valid until the next change of the listeners. */
  get listeners(): readonly Listener[] {
    return this.#listeners ?? NO_LISTENERS
  }

  find(id: ValueId): StoredValue | undefined {
    return this.#find(highWord(id), lowWord(id))
  }

  /**
   * The values that `query` asks for, `limit` of them at most. A query for one id does not look at
   * the others.
   */
  select(query: Query, limit: number = Number.POSITIVE_INFINITY): StoredValue[] {
    const { valueId } = query.where
    if (valueId !== undefined) {
      const value = this.find(valueId)
      return value?.matches(query) ? [value] : []
    }
    const selected: StoredValue[] = []
    for (const value of this.values) {
      if (selected.length >= limit) break
      if (value.matches(query)) selected.push(value)
    }
    return selected
  }

  /** For the storage only, which keeps the books: adds a value, in place of the one with its id. */
  set(value: StoredValue): void {
    if (this.#values instanceof ValueTable) return this.#values.set(value)
    if (this.#values === undefined || this.#values.hasId(value.idHigh, value.idLow)) {
      this.#values = value
    } else {
      this.#values = new ValueTable(this.owner.seed, this.#values)
      this.#values.set(value)
    }
  }

  /** For the storage only: takes out a value that is here. */
  delete(value: StoredValue): void {
    if (!(this.#values instanceof ValueTable)) {
      this.#values = undefined
      return
    }
    this.#values.delete(value)
    if (this.#values.list.length === 1) this.#values = this.#values.list[0]
  }

  /** For the registry of listeners only. */
  addListener(listener: Listener): void {
    this.#listeners ??= []
    listener.position = this.#listeners.push(listener) - 1
  }

  /** For the registry of listeners only. */
  removeListener(listener: Listener): void {
    const listeners = this.#listeners!
    const last = listeners.pop()!
    if (last !== listener) {
      listeners[listener.position] = last
      last.position = listener.position
    }
    if (listeners.length === 0) this.#listeners = undefined
  }

  #find(high: number, low: number): StoredValue | undefined {
    if (this.#values instanceof ValueTable) return this.#values.find(high, low)
    return this.#values?.hasId(high, low) ? this.#values : undefined
  }
}

/** Up to here a table is searched from end to end. */
const LINEAR_LIMIT = 8
const INITIAL_SLOTS = 32

/** Two or more values: a list, and over a longer one an index by value id. */
class ValueTable {
  /** Its order depends on the calls alone, not on hashes. */
  readonly list: StoredValue[]
  readonly #seed: number
  /** Open addressing: place in the list plus one, 0 for a free slot. */
  #slots: Int32Array | undefined

  constructor(seed: number, first: StoredValue) {
    this.#seed = seed
    this.list = [first]
  }

  find(high: number, low: number): StoredValue | undefined {
    return this.list[this.#placeOf(high, low)]
  }

  set(value: StoredValue): void {
    const place = this.#placeOf(value.idHigh, value.idLow)
    if (place >= 0) {
      this.list[place] = value
      return
    }
    this.list.push(value)
    const count = this.list.length
    if (this.#slots === undefined) {
      if (count > LINEAR_LIMIT) this.#index(INITIAL_SLOTS)
    } else if (2 * count > this.#slots.length) this.#index(2 * this.#slots.length)
    else this.#slots[this.#slotOf(value.idHigh, value.idLow)] = count
  }

  /** The last value of the list moves to the place that becomes free. */
  delete(value: StoredValue): void {
    const place = this.#placeOf(value.idHigh, value.idLow)
    const last = this.list[this.list.length - 1]!
    if (this.#slots !== undefined) {
      const free = this.#slotOf(value.idHigh, value.idLow)
      this.#slots[this.#slotOf(last.idHigh, last.idLow)] = place + 1
      this.list[place] = last
      this.#freeSlot(free)
    } else this.list[place] = last
    this.list.pop()
    this.#shrink()
  }

  #placeOf(high: number, low: number): number {
    if (this.#slots !== undefined) return this.#slots[this.#slotOf(high, low)]! - 1
    return this.list.findIndex((value) => value.hasId(high, low))
  }

  /** Slot of the value with this id, or the free one where it belongs. */
  #slotOf(high: number, low: number): number {
    const slots = this.#slots!
    const mask = slots.length - 1
    for (let slot = this.#home(high, low) & mask; ; slot = (slot + 1) & mask) {
      const place = slots[slot]! - 1
      if (place < 0 || this.list[place]!.hasId(high, low)) return slot
    }
  }

  #freeSlot(free: number): void {
    const slots = this.#slots!
    const mask = slots.length - 1
    let hole = free
    // Backward shift: what was pushed past the hole by a collision moves into it.
    for (let probe = (hole + 1) & mask; slots[probe] !== 0; probe = (probe + 1) & mask) {
      const value = this.list[slots[probe]! - 1]!
      const home = this.#home(value.idHigh, value.idLow) & mask
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
      const value = this.list[place]!
      this.#slots[this.#slotOf(value.idHigh, value.idLow)] = place + 1
    }
  }

  #home(high: number, low: number): number {
    return finish(mix(mix(this.#seed, high), low))
  }
}
