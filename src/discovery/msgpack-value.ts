// SPDX-License-Identifier: MIT
// MessagePack items of any shape as JavaScript values and back: what applications tell each other
// on the local network. The protocol of nodes does not use this, it knows its fields beforehand.

import { WireError } from '../core/errors.ts'
import { fromUtf8 } from '../core/util/bytes.ts'
import { MsgpackReader } from '../core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../core/wire/msgpack-writer.ts'

/**
 * What can be sent. Numbers without a fraction travel as integers, others as doubles. What comes
 * is of the same kinds: integers beyond 2^53 are bigint, maps are objects when all their keys are
 * texts, and of type Map otherwise. Extension items are not supported.
 */
export type MsgpackValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly MsgpackValue[]
  | ReadonlyMap<MsgpackValue, MsgpackValue>
  | { readonly [key: string]: MsgpackValue }

/** Deepest nesting in either direction; the reader passes over nothing deeper. */
const MAX_DEPTH = 15
const MIN_INT64 = -(2n ** 63n)
const MAX_UINT64 = 2n ** 64n - 1n

/** Throws TypeError or RangeError, naming `name`, for what has no form in MessagePack. */
export function packMsgpackValue(value: MsgpackValue, name = 'value'): Uint8Array {
  const writer = new MsgpackWriter()
  write(writer, value, name, 0)
  return writer.take()
}

/** The first item in the bytes, which stay the caller's. Throws WireError when there is none. */
export function unpackMsgpackValue(bytes: Uint8Array): MsgpackValue {
  return read(new MsgpackReader(bytes), 0)
}

function write(writer: MsgpackWriter, value: unknown, name: string, depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new RangeError(`${name} must be nested at most ${MAX_DEPTH} levels deep, without cycles`)
  }
  if (value === null) writer.raw(NIL)
  else if (typeof value === 'boolean') writer.boolean(value)
  else if (typeof value === 'number') writeNumber(writer, value)
  else if (typeof value === 'bigint') writeBigint(writer, value, name)
  else if (typeof value === 'string') writer.text(value)
  else if (value instanceof Uint8Array) writer.binary(value)
  else if (Array.isArray(value)) {
    writer.arrayHeader(value.length)
    for (const [i, item] of value.entries()) write(writer, item, `${name}[${i}]`, depth + 1)
  } else if (value instanceof Map) writeEntries(writer, value, name, depth)
  else if (isPlainObject(value)) writeEntries(writer, entriesOf(value), name, depth)
  else {
    throw new TypeError(
      `${name} must be null, a boolean, number, bigint, string, Uint8Array, array, Map or plain ` +
        `object: got ${typeof value === 'object' ? value.constructor.name : typeof value}`,
    )
  }
}

function writeNumber(writer: MsgpackWriter, value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) writer.raw(packed(0xcb, 8, value))
  else if (value >= 0) writer.unsigned(value)
  else writeNegative(writer, BigInt(value))
}

function writeBigint(writer: MsgpackWriter, value: bigint, name: string): void {
  if (value < MIN_INT64 || value > MAX_UINT64) {
    throw new RangeError(`${name} must be -2^63 to 2^64-1: got ${value}`)
  }
  if (value >= 0n) writer.uint64(value)
  else writeNegative(writer, value)
}

/** In the shortest form. */
function writeNegative(writer: MsgpackWriter, value: bigint): void {
  const number = Number(value)
  if (value >= -32n) writer.raw(Uint8Array.of(number & 0xff))
  else if (value >= -0x80n) writer.raw(Uint8Array.of(0xd0, number & 0xff))
  else if (value >= -0x8000n) writer.raw(Uint8Array.of(0xd1, number >> 8, number))
  else if (value >= -0x8000_0000n) writer.raw(packed(0xd2, 4, number))
  else writer.raw(packed(0xd3, 8, value))
}

/** A tag, and behind it a 32-bit integer, a double, or a 64-bit integer. */
function packed(tag: number, length: 4 | 8, value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(1 + length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, tag)
  if (typeof value === 'bigint') view.setBigInt64(1, value)
  else if (length === 4) view.setInt32(1, value)
  else view.setFloat64(1, value)
  return bytes
}

function writeEntries(
  writer: MsgpackWriter,
  entries: ReadonlyMap<unknown, unknown>,
  name: string,
  depth: number,
): void {
  writer.mapHeader(entries.size)
  for (const [key, value] of entries) {
    write(writer, key, `a key of ${name}`, depth + 1)
    write(writer, value, typeof key === 'string' ? `${name}.${key}` : name, depth + 1)
  }
}

/** Fields that are undefined count as absent, as in JSON. */
function entriesOf(value: object): Map<string, unknown> {
  return new Map(Object.entries(value).filter(([, field]) => field !== undefined))
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function read(reader: MsgpackReader, depth: number): MsgpackValue {
  if (depth > MAX_DEPTH) throw TOO_DEEP
  const tag = reader.peek()
  if (reader.nextIsMap) return readMap(reader, depth)
  if (reader.nextIsArray) {
    const items: MsgpackValue[] = []
    for (let left = reader.arrayHeader(); left > 0; left--) items.push(read(reader, depth + 1))
    return items
  }
  if (reader.nextIsText) return reader.string(fromUtf8)
  if (reader.nextIsBinary) {
    reader.binary()
    return new Uint8Array(reader.source.subarray(reader.offset, reader.offset + reader.length))
  }
  if (reader.nextIsInteger) return readInteger(reader)
  if (tag === 0xca || tag === 0xcb) return readFloat(reader)
  if (tag !== 0xc0) return reader.boolean()
  reader.skip()
  return null
}

function readMap(reader: MsgpackReader, depth: number): MsgpackValue {
  const entries: [MsgpackValue, MsgpackValue][] = []
  for (let left = reader.mapHeader(); left > 0; left--) {
    entries.push([read(reader, depth + 1), read(reader, depth + 1)])
  }
  if (!entries.every(([key]) => typeof key === 'string')) return new Map(entries)
  // Defines fields instead of assigning them, so that a key `__proto__` is one like any other.
  return Object.fromEntries(entries) as { readonly [key: string]: MsgpackValue }
}

function readInteger(reader: MsgpackReader): number | bigint {
  const value = reader.int64()
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : value
}

function readFloat(reader: MsgpackReader): number {
  const start = reader.position
  const { source } = reader
  reader.skip()
  const view = new DataView(source.buffer, source.byteOffset + start, reader.position - start)
  return view.byteLength === 5 ? view.getFloat32(1) : view.getFloat64(1)
}

const NIL = Uint8Array.of(0xc0)
const TOO_DEEP = new WireError(`Items are nested deeper than ${MAX_DEPTH} levels`)
