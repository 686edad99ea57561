// SPDX-License-Identifier: MIT
// One value in the storage: its packed bytes, kept once, and the few fields that filtering, expiry
// and quotas need. It is the deadline of its own expiry. A node holds a hundred thousand of them,
// so every field counts; the parsed value is made anew for whoever asks.

import { STORED_VALUE_OVERHEAD_BYTES } from '../constants.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { Deadline } from '../util/timer-wheel.ts'
import { Field, type Query } from '../value/query.ts'
import { unpackValueBytes } from '../value/unpack-value.ts'
import type { Value, ValueId } from '../value/value.ts'
import { bytesOf, type Page, type PageItem } from './byte-pages.ts'
import type { KeyStorage } from './key-storage.ts'
import type { Source } from './quota.ts'

const TYPE_MASK = 0xffff
const LOCAL = 0x10000
const PERMANENT = 0x20000

export interface StoredValueInit {
  readonly key: KeyStorage
  readonly value: Value
  /** Length of the packed value in bytes. */
  readonly length: number
  readonly createdAt: number
  /** Whole milliseconds; infinite for a permanent value. */
  readonly expiresAt: number
  /** The peer that put it; undefined for a value of our own. */
  readonly from: SocketAddress | undefined
}

export class StoredValue extends Deadline implements PageItem {
  readonly key: KeyStorage
  /** Halves of the value id as signed words. */
  readonly idHigh: number
  readonly idLow: number
  /**
   * When it was put or last refreshed; engine clock, so negative for what is older than the engine.
   */
  createdAt: number
  /** The peer that put it; undefined for a value of our own. */
  from: SocketAddress | undefined
  /** Bytes in `page` at `offset`; owned by the pages. */
  page: Page | undefined = undefined
  offset = 0
  readonly length: number
  /** Quota that it counts in, and place among the values of it; owned by the quota. */
  source: Source | undefined = undefined
  heapIndex = -1
  readonly #bits: number

  constructor(init: StoredValueInit) {
    super()
    this.key = init.key
    this.idHigh = highWord(init.value.id)
    this.idLow = lowWord(init.value.id)
    this.createdAt = Math.floor(init.createdAt)
    this.from = init.from
    this.length = init.length
    const isPermanent = init.expiresAt === Number.POSITIVE_INFINITY
    // Never stored as such: one fraction or infinity would turn the field into a boxed number in
    // all.
    if (!isPermanent) this.at = init.expiresAt
    this.#bits =
      typeOf(init.value) | (init.from === undefined ? LOCAL : 0) | (isPermanent ? PERMANENT : 0)
  }

  get id(): ValueId {
    return (BigInt(this.idHigh >>> 0) << 32n) | BigInt(this.idLow >>> 0)
  }

  /** Of an encrypted value: 0. */
  get type(): number {
    return this.#bits & TYPE_MASK
  }

  /** Put by this node: outside the quota of remote values. */
  get isLocal(): boolean {
    return (this.#bits & LOCAL) !== 0
  }

  get isPermanent(): boolean {
    return (this.#bits & PERMANENT) !== 0
  }

  /** Milliseconds on the engine's clock; infinite for a permanent value. */
  get expiresAt(): number {
    return this.isPermanent ? Number.POSITIVE_INFINITY : this.at
  }

  /** What the limits of the storage count. */
  get cost(): number {
    return this.length + STORED_VALUE_OVERHEAD_BYTES
  }

  /** The wire form. A view that stays right for ever, but that keeps 16 KiB alive. */
  get packed(): Uint8Array {
    return bytesOf(this)
  }

  /** Parsed anew with every use. */
  get value(): Value {
    return unpackValueBytes(this.packed)
  }

  /** Whether the conditions of `query` hold. Parses only for those on owner, seq and user type. */
  matches(query: Query): boolean {
    const { conditions, valueId } = query.where
    if (conditions.length === 0) return true
    if (valueId !== undefined && !this.hasId(highWord(valueId), lowWord(valueId))) return false
    for (const condition of conditions) {
      if (condition.field === Field.Id && condition.value === valueId) continue
      if (condition.field === Field.Type) {
        if (condition.value !== this.type) return false
        continue
      }
      return query.matches(this.value)
    }
    return true
  }

  hasId(high: number, low: number): boolean {
    return this.idLow === low && this.idHigh === high
  }

  fire(now: number): void {
    this.key.owner.expire(this, now)
  }
}

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
