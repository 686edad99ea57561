// SPDX-License-Identifier: MIT
// All keys of the storage. A key with one value and no listeners, as most are, is but the row of
// the value in an index. One with more has an object, which stays until the key is empty.

import { IdMap } from '../id/id-map.ts'
import type { InfoHash } from '../id/info-hash.ts'
import { KeyIndex } from './key-index.ts'
import { type KeyContext, KeyStorage } from './key-storage.ts'
import { NO_ROW } from './value-rows.ts'
import type { ValueStore } from './value-store.ts'

export class KeyTable implements Iterable<KeyStorage> {
  readonly #context: KeyContext
  readonly #values: ValueStore
  readonly #single: KeyIndex
  readonly #shared: IdMap<KeyStorage>

  constructor(values: ValueStore, seed: number) {
    this.#context = { values, seed }
    this.#values = values
    this.#single = new KeyIndex(values.rows, seed)
    this.#shared = new IdMap(seed)
  }

  get size(): number {
    return this.#single.size + this.#shared.size
  }

  /** Undefined when neither values nor listeners are there. */
  find(key: InfoHash): KeyStorage | undefined {
    const row = this.#single.find(key)
    if (row !== NO_ROW) return new KeyStorage(key.clone(), this.#context, row)
    return this.#shared.size === 0 ? undefined : this.#shared.get(key)
  }

  /** In no particular order. */
  *[Symbol.iterator](): Iterator<KeyStorage> {
    for (const row of this.#single) {
      yield new KeyStorage(this.#values.rows.keyOf(row), this.#context, row)
    }
    yield* this.#shared
  }

  /** The object of a key, for listeners; made when it is not there. */
  obtain(key: InfoHash): KeyStorage {
    const known = this.#shared.get(key)
    if (known !== undefined) return known
    const row = this.#single.find(key)
    if (row !== NO_ROW) this.#single.delete(key, row)
    const made = new KeyStorage(key.clone(), this.#context, row)
    this.#shared.set(made)
    return made
  }

  /** Puts a value under its key, in place of `old`, which is released by the caller. */
  link(row: number, old: number): KeyStorage {
    const key = this.#values.rows.keyOf(row)
    const single = this.#single.find(key)
    const isSecond = single !== NO_ROW && single !== old
    const shared = isSecond ? this.obtain(key) : this.#shared.get(key)
    if (shared !== undefined) {
      shared.set(row)
      return shared
    }
    if (single !== NO_ROW) this.#single.delete(key, single)
    this.#single.add(key, row)
    return new KeyStorage(key, this.#context, row)
  }

  /** Takes a value from its key. Gives what is left of the key. */
  unlink(row: number): KeyStorage {
    const key = this.#values.rows.keyOf(row)
    const shared = this.#shared.get(key)
    if (shared === undefined) {
      this.#single.delete(key, row)
      return new KeyStorage(key, this.#context)
    }
    shared.delete(row)
    this.releaseIfEmpty(shared)
    return shared
  }

  releaseIfEmpty(key: KeyStorage): void {
    if (key.isEmpty) this.#shared.delete(key.id)
  }
}
