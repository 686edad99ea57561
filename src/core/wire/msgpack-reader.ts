// SPDX-License-Identifier: MIT
// Bounded MessagePack reader over a byte range (msgpack specification, 2013 edition: str and bin
// are distinct). Zero copy: byte strings are reported as offset and length in the source. Throws
// WireError on truncation, on a wrong type, and past MAX_DEPTH; the thrown objects are
// preallocated, so that a flood of garbage costs no stack traces.

import { WireError } from '../errors.ts'
import { readWord } from '../util/bytes.ts'

const MAX_DEPTH = 16

const TRUNCATED = new WireError('Message ends in the middle of an item')
const WRONG_TYPE = new WireError('Item is not of the expected type')
const TOO_DEEP = new WireError(`Items are nested deeper than ${MAX_DEPTH} levels`)
const OUT_OF_RANGE = new WireError('Integer is out of range')

/** Scratch for integers of 64 bits: to put them together of two halves takes four more objects. */
const WORDS = new DataView(new ArrayBuffer(8))

export class MsgpackReader {
  source: Uint8Array
  position: number
  end: number
  /** Set by `bytes` and `text`: where the last byte string lies in `source`. */
  offset = 0
  length = 0

  constructor(source: Uint8Array, start = 0, end = source.length) {
    this.source = source
    this.position = start
    this.end = end
  }

  /** Starts over on another range, so that one reader serves every packet. */
  reset(source: Uint8Array, start: number, end: number): void {
    this.source = source
    this.position = start
    this.end = end
  }

  /** First byte of the next item, without consuming it; -1 at the end. */
  peek(): number {
    return this.position < this.end ? this.source[this.position]! : -1
  }

  /** Number of entries of a map. */
  mapHeader(): number {
    const tag = this.#byte()
    if (tag >= 0x80 && tag <= 0x8f) return this.#count(tag & 15, 2)
    if (tag === 0xde) return this.#count(this.#uint16(), 2)
    if (tag === 0xdf) return this.#count(this.#uint32(), 2)
    throw WRONG_TYPE
  }

  arrayHeader(): number {
    const tag = this.#byte()
    if (tag >= 0x90 && tag <= 0x9f) return this.#count(tag & 15, 1)
    if (tag === 0xdc) return this.#count(this.#uint16(), 1)
    if (tag === 0xdd) return this.#count(this.#uint32(), 1)
    throw WRONG_TYPE
  }

  get nextIsArray(): boolean {
    const tag = this.peek()
    return (tag >= 0x90 && tag <= 0x9f) || tag === 0xdc || tag === 0xdd
  }

  get nextIsMap(): boolean {
    const tag = this.peek()
    return (tag >= 0x80 && tag <= 0x8f) || tag === 0xde || tag === 0xdf
  }

  get nextIsText(): boolean {
    const tag = this.peek()
    return (tag >= 0xa0 && tag <= 0xbf) || (tag >= 0xd9 && tag <= 0xdb)
  }

  get nextIsBinary(): boolean {
    const tag = this.peek()
    return tag >= 0xc4 && tag <= 0xc6
  }

  /** Non-negative in any of the integer forms. */
  get nextIsUnsigned(): boolean {
    const tag = this.peek()
    if (tag < 0x80) return tag >= 0
    if (tag >= 0xcc && tag <= 0xcf) return true
    if (tag < 0xd0 || tag > 0xd3 || this.position + 1 >= this.end) return false
    return this.source[this.position + 1]! < 0x80
  }

  get nextIsInteger(): boolean {
    const tag = this.peek()
    return (tag >= 0 && tag < 0x80) || tag >= 0xe0 || (tag >= 0xcc && tag <= 0xd3)
  }

  /** A str; afterwards `offset` and `length` say where. */
  text(): void {
    const tag = this.#byte()
    if (tag >= 0xa0 && tag <= 0xbf) this.#span(tag & 31)
    else if (tag === 0xd9) this.#span(this.#byte())
    else if (tag === 0xda) this.#span(this.#uint16())
    else if (tag === 0xdb) this.#span(this.#uint32())
    else throw WRONG_TYPE
  }

  /** A bin; afterwards `offset` and `length` say where. */
  binary(): void {
    const tag = this.#byte()
    if (tag === 0xc4) this.#span(this.#byte())
    else if (tag === 0xc5) this.#span(this.#uint16())
    else if (tag === 0xc6) this.#span(this.#uint32())
    else throw WRONG_TYPE
  }

  /** Text as a string: for cold paths. */
  string(decode: (bytes: Uint8Array) => string): string {
    this.text()
    return decode(this.source.subarray(this.offset, this.offset + this.length))
  }

  /**
   * The loose byte string of the protocol: bin, str, or an array of small integers (spec wire,
   * section 1). A view into the source for the first two, a copy for the last.
   */
  looseBytes(): Uint8Array {
    if (this.nextIsArray) return this.#bytesFromArray()
    if (this.nextIsText) this.text()
    else this.binary()
    return this.source.subarray(this.offset, this.offset + this.length)
  }

  boolean(): boolean {
    const tag = this.#byte()
    if (tag === 0xc2) return false
    if (tag === 0xc3) return true
    throw WRONG_TYPE
  }

  /** An integer of 0 … `max`, where `max` is at most 2^53-1. */
  unsigned(max: number): number {
    const tag = this.#byte()
    let value: number
    if (tag < 0x80) value = tag
    else if (tag === 0xcc) value = this.#byte()
    else if (tag === 0xcd) value = this.#uint16()
    else if (tag === 0xce) value = this.#uint32()
    else if (tag === 0xcf) value = this.#uint64()
    else value = this.#negative(tag)
    if (value < 0 || value > max) throw OUT_OF_RANGE
    return value
  }

  /** Any integer that a double holds exactly; larger ones are rounded. */
  integer(): number {
    if (this.nextIsUnsigned) return this.unsigned(Number.MAX_VALUE)
    return this.#negative(this.#byte())
  }

  /** 0 … 2^64-1. */
  uint64(): bigint {
    const tag = this.peek()
    if (tag !== 0xcf && tag !== 0xd3) return BigInt(this.unsigned(0xffffffff))
    this.position++
    const high = this.#uint32()
    if (tag === 0xd3 && high > 0x7fffffff) throw OUT_OF_RANGE
    WORDS.setUint32(0, high)
    WORDS.setUint32(4, this.#uint32())
    return WORDS.getBigUint64(0)
  }

  /** Any integer of 64 bits, with its sign. */
  int64(): bigint {
    const tag = this.peek()
    if (tag !== 0xd3) return tag === 0xcf ? this.uint64() : BigInt(this.integer())
    this.position++
    WORDS.setUint32(0, this.#uint32())
    WORDS.setUint32(4, this.#uint32())
    return WORDS.getBigInt64(0)
  }

  /** An extension item: its type; afterwards `offset` and `length` say where the data lies. */
  extension(): number {
    const tag = this.#byte()
    let length: number
    if (tag >= 0xd4 && tag <= 0xd8) length = 1 << (tag - 0xd4)
    else if (tag === 0xc7) length = this.#byte()
    else if (tag === 0xc8) length = this.#uint16()
    else if (tag === 0xc9) length = this.#uint32()
    else throw WRONG_TYPE
    const type = (this.#byte() << 24) >> 24
    this.#span(length)
    return type
  }

  /** Passes over one item, whatever it is. */
  skip(depth = 0): void {
    if (depth >= MAX_DEPTH) throw TOO_DEEP
    const tag = this.peek()
    if (this.nextIsMap) {
      for (let left = 2 * this.mapHeader(); left > 0; left--) this.skip(depth + 1)
    } else if (this.nextIsArray) {
      for (let left = this.arrayHeader(); left > 0; left--) this.skip(depth + 1)
    } else if (this.nextIsText) this.text()
    else if (this.nextIsBinary) this.binary()
    else if (tag < 0x80 || tag >= 0xe0 || tag === 0xc0 || tag === 0xc2 || tag === 0xc3) this.#byte()
    else this.#skipSized(tag)
  }

  #skipSized(tag: number): void {
    if (tag === 0xca) this.#advance(5)
    else if (tag === 0xcb) this.#advance(9)
    else if (tag >= 0xcc && tag <= 0xd3) this.#advance(1 + (1 << (tag & 3)))
    else this.extension()
  }

  #negative(tag: number): number {
    if (tag >= 0xe0) return tag - 0x100
    if (tag === 0xd0) return (this.#byte() << 24) >> 24
    if (tag === 0xd1) return (this.#uint16() << 16) >> 16
    if (tag === 0xd2) return this.#uint32() | 0
    if (tag !== 0xd3) throw WRONG_TYPE
    const high = this.#uint32() | 0
    return high * 0x1_0000_0000 + this.#uint32()
  }

  #bytesFromArray(): Uint8Array {
    const bytes = new Uint8Array(this.arrayHeader())
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.unsigned(255)
    return bytes
  }

  /** Refuses a count that cannot fit in what is left, before anyone loops or allocates by it. */
  #count(count: number, itemsEach: number): number {
    if (count * itemsEach > this.end - this.position) throw TRUNCATED
    return count
  }

  #span(length: number): void {
    this.offset = this.position
    this.length = length
    this.#advance(length)
  }

  #advance(length: number): void {
    if (length > this.end - this.position) throw TRUNCATED
    this.position += length
  }

  #byte(): number {
    if (this.position >= this.end) throw TRUNCATED
    return this.source[this.position++]!
  }

  #uint16(): number {
    const at = this.position
    this.#advance(2)
    return (this.source[at]! << 8) | this.source[at + 1]!
  }

  #uint32(): number {
    const at = this.position
    this.#advance(4)
    return readWord(this.source, at) >>> 0
  }

  #uint64(): number {
    const high = this.#uint32()
    return high * 0x1_0000_0000 + this.#uint32()
  }
}
