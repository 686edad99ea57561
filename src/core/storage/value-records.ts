// SPDX-License-Identifier: MIT
// The records in which stored values survive a restart or move to another node (spec node
// behaviour, section 11). One key's values are one blob, an array of records:
//
//   old   [created, value]                          time: integer, nanoseconds of a steady clock
//   new   [created, value, address, expiration]     times: timestamp extension, wall clock
//   3.x   four elements with integer times
//
// Files may be damaged or hostile: what cannot be read is skipped, alone as far as possible.

import { WireError } from '../errors.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { EMPTY_BYTES } from '../util/bytes.ts'
import { packSockaddr, readSockaddr } from '../value/sockaddr.ts'
import { MsgpackReader } from '../wire/msgpack-reader.ts'
import type { MsgpackWriter } from '../wire/msgpack-writer.ts'
import { readTimestamp, writeInt64, writeTimestamp } from './timestamp.ts'

export type RecordFormat = 'old' | 'new'

/**
 * A point in time in nanoseconds: on the wall clock, or on the steady clock of whoever wrote it.
 */
export interface RecordTime {
  readonly clock: 'wall' | 'steady'
  readonly ns: bigint
}

export interface ValueRecord {
  readonly created: RecordTime
  /** The wire form of the value; a view of what was read. */
  readonly value: Uint8Array
  /** The peer that put it; undefined for an own value, and in the old format. */
  readonly from: SocketAddress | undefined
  /** Undefined in the old format. */
  readonly expires: RecordTime | undefined
}

/** End of the 64-bit nanosecond clock: "for ever". */
export const FOREVER_NS = 0x7fff_ffff_ffff_ffffn

const MAX_SOCKADDR_BYTES = 128

const BAD_RECORD = new WireError('Record of a stored value is malformed')

/** Appends a blob. Times are written as they are, so they have to be on the clock of the format. */
export function packRecords(
  writer: MsgpackWriter,
  records: readonly ValueRecord[],
  format: RecordFormat,
): void {
  writer.arrayHeader(records.length)
  for (const { created, value, from, expires } of records) {
    writer.arrayHeader(format === 'old' ? 2 : 4)
    if (format === 'old') writeInt64(writer, created.ns)
    else writeTimestamp(writer, created.ns)
    writer.raw(value)
    if (format === 'old') continue
    writer.binary(from === undefined ? EMPTY_BYTES : packSockaddr(from))
    writeTimestamp(writer, expires?.ns ?? FOREVER_NS)
  }
}

/** Reads a blob of any format. `skipped` counts the records that could not be read. */
export function unpackRecords(blob: Uint8Array): { records: ValueRecord[]; skipped: number } {
  const records: ValueRecord[] = []
  const skipped = eachItem(new MsgpackReader(blob), (item) => records.push(readRecord(item)))
  return { records, skipped }
}

/**
 * Reads an array item by item, each with a reader of its own range. An item that throws WireError
 * is skipped; where the array itself breaks off, the rest counts as one. Returns the number
 * skipped.
 */
export function eachItem(reader: MsgpackReader, read: (item: MsgpackReader) => void): number {
  let skipped = 0
  try {
    for (let left = reader.arrayHeader(); left > 0; left--) {
      const start = reader.position
      reader.skip()
      if (!succeeds(() => read(new MsgpackReader(reader.source, start, reader.position)))) skipped++
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    skipped++
  }
  return skipped
}

function succeeds(read: () => void): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof WireError) return false
    throw error
  }
}

function readRecord(reader: MsgpackReader): ValueRecord {
  const count = reader.arrayHeader()
  if (count < 2) throw BAD_RECORD
  const created = readTime(reader)
  const start = reader.position
  reader.skip()
  const value = reader.source.subarray(start, reader.position)
  const from = count > 2 ? readAddress(reader) : undefined
  const expires = count > 3 ? readTime(reader) : undefined
  return { created, value, from, expires }
}

function readAddress(reader: MsgpackReader): SocketAddress | undefined {
  reader.binary()
  if (reader.length === 0) return undefined
  const end = reader.offset + reader.length
  const address =
    reader.length <= MAX_SOCKADDR_BYTES
      ? readSockaddr(reader.source.subarray(reader.offset, end))
      : undefined
  // Without its address it would pass for an own value, which no quota limits.
  if (address === undefined) throw BAD_RECORD
  return address
}

function readTime(reader: MsgpackReader): RecordTime {
  if (reader.nextIsInteger) return { clock: 'steady', ns: reader.int64() }
  return { clock: 'wall', ns: readTimestamp(reader) }
}
