// SPDX-License-Identifier: MIT
// Points in time as stored records hold them: the timestamp extension of MessagePack, or a signed
// 64-bit integer. Nanoseconds, as bigint, because peers write all of them.

import { WireError } from '../errors.ts'
import type { MsgpackReader } from '../wire/msgpack-reader.ts'
import type { MsgpackWriter } from '../wire/msgpack-writer.ts'

const NS_PER_SECOND = 1_000_000_000n
const EXTENSION_TYPE = -1

const NOT_A_TIMESTAMP = new WireError('Extension is not a timestamp')

const scratch = new Uint8Array(12)
const view = new DataView(scratch.buffer)

/**
 * Appends a timestamp in the shortest of the three layouts: 4 bytes of seconds; 30 bits of
 * nanoseconds and 34 of seconds; 4 bytes of nanoseconds and 8 of signed seconds.
 */
export function writeTimestamp(writer: MsgpackWriter, time: bigint): void {
  const remainder = time % NS_PER_SECOND
  const ns = remainder < 0n ? remainder + NS_PER_SECOND : remainder
  const seconds = (time - ns) / NS_PER_SECOND
  if (seconds >> 34n !== 0n) {
    view.setUint32(0, Number(ns))
    view.setBigInt64(4, seconds)
    append(writer, [0xc7, 12, 0xff], 12)
  } else if (ns !== 0n || seconds >> 32n !== 0n) {
    view.setBigUint64(0, (ns << 34n) | seconds)
    append(writer, [0xd7, 0xff], 8)
  } else {
    view.setUint32(0, Number(seconds))
    append(writer, [0xd6, 0xff], 4)
  }
}

/** Reads a timestamp of any layout. Throws WireError for other items. */
export function readTimestamp(reader: MsgpackReader): bigint {
  const type = reader.extension()
  const { source, offset, length } = reader
  if (type !== EXTENSION_TYPE || (length !== 4 && length !== 8 && length !== 12)) {
    throw NOT_A_TIMESTAMP
  }
  scratch.set(source.subarray(offset, offset + length))
  if (length === 4) return BigInt(view.getUint32(0)) * NS_PER_SECOND
  if (length === 12) return view.getBigInt64(4) * NS_PER_SECOND + BigInt(view.getUint32(0))
  const both = view.getBigUint64(0)
  return (both & 0x3_ffff_ffffn) * NS_PER_SECOND + (both >> 34n)
}

/** Appends an integer of -2^63 … 2^63-1 in its shortest form, or in nine bytes when negative. */
export function writeInt64(writer: MsgpackWriter, value: bigint): void {
  if (value >= 0n) return writer.uint64(value)
  view.setBigInt64(0, value)
  append(writer, [0xd3], 8)
}

function append(writer: MsgpackWriter, header: readonly number[], length: number): void {
  writer.raw(Uint8Array.from(header))
  writer.raw(scratch.subarray(0, length))
}
