// SPDX-License-Identifier: MIT
// One value in the storage, for those who look at it: a row of the value store and what can be made
// of it. Made anew for every look, and the parsed value with every use of it.

import type { SocketAddress } from '../id/socket-address.ts'
import { Field, type Query } from '../value/query.ts'
import { unpackValueBytes } from '../value/unpack-value.ts'
import type { Value, ValueId } from '../value/value.ts'
import { Column } from './value-rows.ts'
import type { ValueStore } from './value-store.ts'

/** Valid until the next change of the storage. */
export class StoredValue {
  readonly row: number
  readonly #store: ValueStore

  constructor(store: ValueStore, row: number) {
    this.#store = store
    this.row = row
  }

  get id(): ValueId {
    const high = BigInt(this.#store.rows.get(this.row, Column.IdHigh) >>> 0)
    return (high << 32n) | BigInt(this.#store.rows.get(this.row, Column.IdLow) >>> 0)
  }

  /** Of an encrypted value: 0. */
  get type(): number {
    return this.#store.rows.get(this.row, Column.Type)
  }

  /** Of an encrypted value: 0. */
  get seq(): number {
    return this.#store.rows.get(this.row, Column.Seq)
  }

  /** Of the packed value, in bytes. */
  get length(): number {
    return this.#store.rows.get(this.row, Column.Length)
  }

  /**
   * When it was put or last refreshed; engine clock, so negative for what is older than the engine.
   */
  get createdAt(): number {
    return this.#store.rows.createdAt(this.row)
  }

  /** Milliseconds on the engine's clock; infinite for a permanent value. */
  get expiresAt(): number {
    return this.#store.rows.expiresAt(this.row)
  }

  /** The peer that put it; undefined for a value of our own. */
  get from(): SocketAddress | undefined {
    return this.#store.fromOf(this.row)
  }

  /** Put by this node: outside the quota of remote values. */
  get isLocal(): boolean {
    return this.#store.isLocal(this.row)
  }

  get isPermanent(): boolean {
    return this.#store.isPermanent(this.row)
  }

  /** What the limits of the storage count. */
  get cost(): number {
    return this.#store.costOf(this.row)
  }

  /** The wire form. A view that stays right for ever, but that keeps 16 KiB alive. */
  get packed(): Uint8Array {
    return this.#store.bytesOf(this.row)
  }

  /** Parsed anew with every use. */
  get value(): Value {
    return unpackValueBytes(this.packed)
  }

  /** Whether the conditions of `query` hold. Parses only for those on owner and user type. */
  matches(query: Query): boolean {
    const { conditions, valueId } = query.where
    if (conditions.length === 0) return true
    if (valueId !== undefined && !this.#hasId(valueId)) return false
    for (const condition of conditions) {
      if (condition.field === Field.Id && condition.value === valueId) continue
      if (condition.field === Field.Type || condition.field === Field.Seq) {
        const own = condition.field === Field.Type ? this.type : this.seq
        if (condition.value !== own) return false
        continue
      }
      return query.matches(this.value)
    }
    return true
  }

  #hasId(id: ValueId): boolean {
    return this.#store.hasId(this.row, highWord(id), lowWord(id))
  }
}

/** The halves of a value id as signed words. */
export function highWord(id: ValueId): number {
  return Number(BigInt.asIntN(32, id >> 32n))
}

export function lowWord(id: ValueId): number {
  return Number(BigInt.asIntN(32, id))
}

/** The type by which a value is stored: what an encrypted one really is does not travel. */
export function typeOf(value: Value): number {
  return value.isEncrypted ? 0 : value.type
}
