// SPDX-License-Identifier: MIT
// What the storage says to its users: results, changes, counters; and what it is told: limits.

import type { KeyStorage } from './key-storage.ts'
import type { StoredValue } from './stored-value.ts'

/** `refreshed`: the same content was there, and lives on. */
export type PutResult = 'stored' | 'replaced' | 'refreshed' | 'refused'

/** At the end of its life, to make room, or by a cancelled put. */
export type RemovalReason = 'expired' | 'evicted' | 'cancelled'

/** Hears of every change, after it was made. Must not change the storage itself. */
export interface StorageObserver {
  /** `isNew` is false when the value replaced another content of its id. */
  onStored(key: KeyStorage, value: StoredValue, isNew: boolean, now: number): void
  onRefreshed(key: KeyStorage, value: StoredValue, now: number): void
  /** The bytes of `value` can still be read. */
  onRemoved(key: KeyStorage, value: StoredValue, reason: RemovalReason, now: number): void
}

/** Limits; -1 for none. The cost of a value is its packed size and the overhead of storing it. */
export interface StorageLimits {
  /** Cost of all values that peers put. Default 64 MiB. */
  readonly maxBytes?: number | undefined
  /** Cost of all own values. Default none. */
  readonly maxLocalBytes?: number | undefined
  /** Keys with values or listeners. Own values are stored beyond it. Default 2^20. */
  readonly maxKeys?: number | undefined
  /** Values under one key. Own values are stored beyond it. Default 65,536. */
  readonly maxValuesPerKey?: number | undefined
}

/** Why a value was not stored. */
export type Refusal =
  /** No id, or not a value that peers could read. */
  | 'invalid'
  | 'size'
  /** More signed values came from its source, or from all, than are checked in a second. */
  | 'checks'
  /** Its life was over when it came. */
  | 'expired'
  /** The store policy of its type. */
  | 'policy'
  /** The edit policy of the type of the value that is there. */
  | 'edit'
  /** Too many values under the key. */
  | 'values'
  /** Too many keys. */
  | 'keys'
  /** The space for remote values is full, and its source uses more than others. */
  | 'quota'
  /** The space for own values is full. */
  | 'local'

export type StorageStats = Record<Exclude<PutResult, 'refused'> | RemovalReason, number> & {
  readonly refused: Record<Refusal, number>
}

export function newStorageStats(): StorageStats {
  return {
    stored: 0,
    replaced: 0,
    refreshed: 0,
    expired: 0,
    evicted: 0,
    cancelled: 0,
    refused: {
      invalid: 0,
      size: 0,
      checks: 0,
      expired: 0,
      policy: 0,
      edit: 0,
      values: 0,
      keys: 0,
      quota: 0,
      local: 0,
    },
  }
}
