// SPDX-License-Identifier: MIT
// Takes the values of a storage out as records, and back in (spec node behaviour, section 11).
// Knows about clocks: records of the new format are in wall time, the engine's clock is steady.

import { WireError } from '../errors.ts'
import type { InfoHash } from '../id/info-hash.ts'
import { unpackValueBytes } from '../value/unpack-value.ts'
import { MsgpackWriter } from '../wire/msgpack-writer.ts'
import type { KeyStorage } from './key-storage.ts'
import type { ValuesExport } from './state.ts'
import type { Storage } from './storage.ts'
import type { StoredValue } from './stored-value.ts'
import {
  FOREVER_NS,
  packRecords,
  type RecordFormat,
  type RecordTime,
  unpackRecords,
  type ValueRecord,
} from './value-records.ts'

export interface ExportOptions {
  /** Wall clock minus engine clock, in milliseconds. */
  readonly wallOffsetMs: number
  /** Default new. */
  readonly format?: RecordFormat | undefined
}

export interface ImportOptions {
  readonly wallOffsetMs: number
  readonly now: number
}

/** What became of values that were imported. */
export interface ImportResult {
  imported: number
  /** Could not be read, are over, or had no place. */
  skipped: number
}

const NS_PER_MS = 1_000_000n

/** The values of all keys, in the order of the keys. */
export function exportValues(storage: Storage, options: ExportOptions): ValuesExport[] {
  const keys = [...storage].filter((key) => key.valueCount > 0)
  keys.sort((a, b) => a.id.compare(b.id))
  const writer = new MsgpackWriter(4096)
  return keys.map((key) => ({ key: key.id, data: exportKey(writer, key, options) }))
}

/**
 * Puts exported values back. They come in as not permanent, live no longer than their type allows,
 * and count for the peers that put them. Never throws for what the data holds.
 */
export function importValues(
  storage: Storage,
  exports: readonly ValuesExport[],
  options: ImportOptions,
): ImportResult {
  const result: ImportResult = { imported: 0, skipped: 0 }
  for (const { key, data } of exports) {
    const { records, skipped } = unpackRecords(data)
    result.skipped += skipped
    for (const record of records) {
      const isImported = !key.isZero && importRecord(storage, key, record, options)
      if (isImported) result.imported++
      else result.skipped++
    }
  }
  return result
}

function exportKey(writer: MsgpackWriter, key: KeyStorage, options: ExportOptions): Uint8Array {
  const { format = 'new', wallOffsetMs } = options
  const clock = format === 'old' ? 'steady' : 'wall'
  const time = (ms: number): RecordTime => {
    if (ms === Number.POSITIVE_INFINITY) return { clock, ns: FOREVER_NS }
    return { clock, ns: BigInt(Math.round(format === 'old' ? ms : ms + wallOffsetMs)) * NS_PER_MS }
  }
  const record = (stored: StoredValue): ValueRecord => ({
    created: time(stored.createdAt),
    value: stored.packed,
    from: stored.from,
    expires: time(stored.expiresAt),
  })
  writer.position = 0
  packRecords(writer, key.values.map(record), format)
  return writer.take()
}

function importRecord(
  storage: Storage,
  key: InfoHash,
  record: ValueRecord,
  { wallOffsetMs, now }: ImportOptions,
): boolean {
  const engineTime = ({ clock, ns }: RecordTime): number => {
    const ms = Number(ns / NS_PER_MS)
    return clock === 'wall' ? Math.round(ms - wallOffsetMs) : ms
  }
  try {
    const result = storage.restore(key, unpackValueBytes(record.value), {
      createdAt: engineTime(record.created),
      expiresAt: record.expires ? engineTime(record.expires) : Number.POSITIVE_INFINITY,
      from: record.from,
      now,
    })
    return result !== 'refused'
  } catch (error) {
    if (error instanceof WireError) return false
    throw error
  }
}
