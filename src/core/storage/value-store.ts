// SPDX-License-Identifier: MIT
// Keeps values: their fields in rows, their bytes in pages, the addresses of those who put them.
// Knows neither rules nor limits, and whoever adds a row has to release it.

import { STORED_VALUE_OVERHEAD_BYTES } from '../constants.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import type { Value } from '../value/value.ts'
import { BytePages } from './byte-pages.ts'
import { LOCAL_ORIGIN, Origins } from './origins.ts'
import { highWord, lowWord, StoredValue, typeOf } from './stored-value.ts'
import { Column, ValueRows } from './value-rows.ts'

/** In place of the page of a row whose bytes are not there yet. */
const NO_PAGE = -1

export interface RowInit {
  readonly key: InfoHash
  readonly value: Value
  /** Length of the packed value in bytes. */
  readonly length: number
  readonly createdAt: number
  /** Whole milliseconds; infinite for a permanent value. */
  readonly expiresAt: number
  /** The peer that put it; undefined for a value of our own. */
  readonly from: SocketAddress | undefined
}

export class ValueStore {
  readonly rows = new ValueRows()
  readonly #pages = new BytePages(this.rows)
  readonly #origins: Origins

  constructor(seed: number) {
    this.#origins = new Origins(seed)
  }

  /** A row with these fields; its hash and links are for those who link it. */
  add(init: RowInit): number {
    const { rows } = this
    const { id } = init.value
    const row = rows.add()
    rows.setKey(row, init.key)
    rows.set(row, Column.IdHigh, highWord(id))
    rows.set(row, Column.IdLow, lowWord(id))
    rows.set(row, Column.Type, typeOf(init.value))
    rows.set(row, Column.Seq, init.value.isEncrypted ? 0 : init.value.seq)
    rows.set(row, Column.Length, init.length)
    rows.set(row, Column.Page, NO_PAGE)
    rows.set(row, Column.Origin, this.#origins.hold(init.from))
    rows.setCreatedAt(row, Math.floor(init.createdAt))
    rows.setExpiresAt(row, init.expiresAt)
    return row
  }

  /** Keeps a copy of the packed value. */
  fill(row: number, bytes: Uint8Array): void {
    this.#pages.store(row, bytes)
  }

  release(row: number): void {
    if (this.rows.get(row, Column.Page) !== NO_PAGE) this.#pages.free(row)
    this.#origins.drop(this.rows.get(row, Column.Origin))
    this.rows.release(row)
  }

  at(row: number): StoredValue {
    return new StoredValue(this, row)
  }

  hasId(row: number, high: number, low: number): boolean {
    return this.rows.get(row, Column.IdLow) === low && this.rows.get(row, Column.IdHigh) === high
  }

  haveSameId(row: number, other: number): boolean {
    const { rows } = this
    return this.hasId(row, rows.get(other, Column.IdHigh), rows.get(other, Column.IdLow))
  }

  /** A view that stays right for ever, but that keeps a whole page alive. */
  bytesOf(row: number): Uint8Array {
    return this.#pages.bytesOf(row)
  }

  /** Those who put from one address and port share the object. */
  fromOf(row: number): SocketAddress | undefined {
    return this.#origins.addressOf(this.rows.get(row, Column.Origin))
  }

  isLocal(row: number): boolean {
    return this.rows.get(row, Column.Origin) === LOCAL_ORIGIN
  }

  isPermanent(row: number): boolean {
    return this.rows.expiresAt(row) === Number.POSITIVE_INFINITY
  }

  /** What the limits of the storage count. */
  costOf(row: number): number {
    return this.rows.get(row, Column.Length) + STORED_VALUE_OVERHEAD_BYTES
  }
}
