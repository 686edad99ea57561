// SPDX-License-Identifier: MIT
// What the storage holds under one key: values by id, and the remote listeners of the key. Most
// keys hold one value and are made anew for every look; a key with more, or with listeners, stays,
// and a crowded one keeps a table of its values.

import type { Identified } from '../id/id-map.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { Query } from '../value/query.ts'
import type { ValueId } from '../value/value.ts'
import type { Listener } from './listeners.ts'
import { RowTable } from './row-table.ts'
import { highWord, lowWord, type StoredValue } from './stored-value.ts'
import { NO_ROW } from './value-rows.ts'
import type { ValueStore } from './value-store.ts'

/** What keys need of the storage that they are in. */
export interface KeyContext {
  readonly values: ValueStore
  /** Start of all hashes. */
  readonly seed: number
}

const NO_LISTENERS: readonly Listener[] = []

/** Valid until the next change of the storage; with listeners, until the last of them leaves. */
export class KeyStorage implements Identified {
  readonly id: InfoHash
  readonly #context: KeyContext
  /** A row, NO_ROW for none, or a table of rows. */
  #rows: number | RowTable
  #listeners: Listener[] | undefined

  constructor(id: InfoHash, context: KeyContext, row: number = NO_ROW) {
    this.id = id
    this.#context = context
    this.#rows = row
  }

  get valueCount(): number {
    if (typeof this.#rows !== 'number') return this.#rows.list.length
    return this.#rows === NO_ROW ? 0 : 1
  }

  /** Neither values nor listeners: it will vanish. */
  get isEmpty(): boolean {
    return this.#rows === NO_ROW && this.#listeners === undefined
  }

  get values(): StoredValue[] {
    return this.#list.map((row) => this.#context.values.at(row))
  }

  /** Valid until the next change of the listeners. */
  get listeners(): readonly Listener[] {
    return this.#listeners ?? NO_LISTENERS
  }

  find(id: ValueId): StoredValue | undefined {
    const row = this.#find(highWord(id), lowWord(id))
    return row === NO_ROW ? undefined : this.#context.values.at(row)
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
    for (const row of this.#list) {
      if (selected.length >= limit) break
      const value = this.#context.values.at(row)
      if (value.matches(query)) selected.push(value)
    }
    return selected
  }

  /** For the table of keys only: adds a value, in place of the one with its id. */
  set(row: number): void {
    const { values, seed } = this.#context
    const isFirst =
      typeof this.#rows === 'number' &&
      (this.#rows === NO_ROW || values.haveSameId(this.#rows, row))
    if (isFirst) this.#rows = row
    else {
      if (typeof this.#rows === 'number') this.#rows = new RowTable(values, seed, this.#rows)
      this.#rows.set(row)
    }
  }

  /** For the table of keys only: takes out a value that is here. */
  delete(row: number): void {
    if (typeof this.#rows === 'number') this.#rows = NO_ROW
    else {
      this.#rows.delete(row)
      if (this.#rows.list.length === 1) this.#rows = this.#rows.list[0]!
    }
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

  get #list(): readonly number[] {
    if (typeof this.#rows !== 'number') return this.#rows.list
    return this.#rows === NO_ROW ? [] : [this.#rows]
  }

  #find(high: number, low: number): number {
    if (typeof this.#rows !== 'number') return this.#rows.find(high, low)
    if (this.#rows === NO_ROW) return NO_ROW
    return this.#context.values.hasId(this.#rows, high, low) ? this.#rows : NO_ROW
  }
}
