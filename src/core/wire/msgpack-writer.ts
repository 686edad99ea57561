// SPDX-License-Identifier: MIT
// MessagePack writer into a growable byte array, shortest forms only (spec wire, section 1). The
// outbox writes datagrams with it in place; values and state files use one of their own.

import type { InfoHash } from '../id/info-hash.ts'
import { HASH_BYTES } from '../id/info-hash.ts'
import { utf8, writeWord } from '../util/bytes.ts'

/** Below this, a loop is faster than asking the runtime to copy. */
const COPIED_IN_PLACE = 48

export class MsgpackWriter {
  /** Replaced by a larger copy when it is full. */
  target: Uint8Array
  /** Where the next byte goes. */
  position = 0

  constructor(capacity = 256) {
    this.target = new Uint8Array(capacity)
  }

  /** Copy of everything written so far. */
  take(): Uint8Array {
    return this.target.slice(0, this.position)
  }

  mapHeader(count: number): void {
    this.#header(count, 0x80, 15, 0xde)
  }

  arrayHeader(count: number): void {
    this.#header(count, 0x90, 15, 0xdc)
  }

  /** Non-negative integer below 2^53. */
  unsigned(value: number): void {
    this.reserve(9)
    if (value < 0x80) this.#byte(value)
    else if (value < 0x100) this.#two(0xcc, value)
    else if (value < 0x10000) this.#tagged16(0xcd, value)
    else if (value < 0x1_0000_0000) this.#tagged32(0xce, value)
    else {
      this.#tagged32(0xcf, Math.floor(value / 0x1_0000_0000))
      this.#word(value % 0x1_0000_0000)
    }
  }

  /** 0 … 2^64-1. */
  uint64(value: bigint): void {
    if (value < 0x1_0000_0000n) return this.unsigned(Number(value))
    this.reserve(9)
    this.#tagged32(0xcf, Number(value >> 32n))
    this.#word(Number(value & 0xffffffffn))
  }

  boolean(value: boolean): void {
    this.reserve(1)
    this.#byte(value ? 0xc3 : 0xc2)
  }

  /** Text of ASCII characters, at most 31: keys and names of the protocol. */
  key(text: string): void {
    this.reserve(1 + text.length)
    this.#byte(0xa0 | text.length)
    for (let i = 0; i < text.length; i++) this.#byte(text.charCodeAt(i))
  }

  text(text: string): void {
    const bytes = utf8(text)
    this.reserve(5)
    if (bytes.length < 32) this.#byte(0xa0 | bytes.length)
    else if (bytes.length < 0x100) this.#two(0xd9, bytes.length)
    else if (bytes.length < 0x10000) this.#tagged16(0xda, bytes.length)
    else this.#tagged32(0xdb, bytes.length)
    this.raw(bytes)
  }

  binary(bytes: Uint8Array): void {
    this.binaryHeader(bytes.length)
    this.raw(bytes)
  }

  /** A byte string whose bytes are the characters of `text`. */
  byteText(text: string): void {
    this.binaryHeader(text.length)
    for (let i = 0; i < text.length; i++) this.target[this.position + i] = text.charCodeAt(i)
    this.position += text.length
  }

  /** For contents that the caller writes next, exactly `length` bytes of them. */
  binaryHeader(length: number): void {
    this.reserve(5 + length)
    if (length < 0x100) this.#two(0xc4, length)
    else if (length < 0x10000) this.#tagged16(0xc5, length)
    else this.#tagged32(0xc6, length)
  }

  hash(hash: InfoHash): void {
    this.binaryHeader(HASH_BYTES)
    hash.writeTo(this.target, this.position)
    this.position += HASH_BYTES
  }

  /** Bytes as they are: an item that is packed already. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes
    this.reserve(length)
    const { target, position } = this
    if (length > COPIED_IN_PLACE) target.set(bytes, position)
    else for (let i = 0; i < length; i++) target[position + i] = bytes[i]!
    this.position = position + length
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.position + count
    if (needed <= this.target.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.target.length))
    larger.set(this.target.subarray(0, this.position))
    this.target = larger
  }

  #header(count: number, fix: number, fixMax: number, tag16: number): void {
    this.reserve(5)
    if (count <= fixMax) this.#byte(fix | count)
    else if (count < 0x10000) this.#tagged16(tag16, count)
    else this.#tagged32(tag16 + 1, count)
  }

  #byte(value: number): void {
    this.target[this.position++] = value
  }

  #two(tag: number, value: number): void {
    this.#byte(tag)
    this.#byte(value)
  }

  #tagged16(tag: number, value: number): void {
    this.#byte(tag)
    this.#byte(value >>> 8)
    this.#byte(value)
  }

  #tagged32(tag: number, value: number): void {
    this.#byte(tag)
    this.#word(value)
  }

  #word(value: number): void {
    writeWord(this.target, this.position, value)
    this.position += 4
  }
}
