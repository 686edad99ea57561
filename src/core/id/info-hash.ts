// SPDX-License-Identifier: MIT
// The 160-bit identifier of nodes and keys, and the XOR metric over it (Kademlia paper, section
// 2.1). Five 32-bit words instead of a byte array: 72 bytes instead of 232, and distances without a
// loop.

import { sha1 } from '@noble/hashes/legacy.js'
import type { Random } from '../ports.ts'
import { readWord, utf8, writeWord } from '../util/bytes.ts'

export const HASH_BYTES = 20
export const HASH_BITS = 160

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

export class InfoHash {
  /** Big-endian words as signed integers; `w0` is the most significant. */
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number
  readonly w4: number

  constructor(w0 = 0, w1 = 0, w2 = 0, w3 = 0, w4 = 0) {
    this.w0 = w0 | 0
    this.w1 = w1 | 0
    this.w2 = w2 | 0
    this.w3 = w3 | 0
    this.w4 = w4 | 0
  }

  /** SHA-1 of bytes, of the UTF-8 form of a text, or of another hash's bytes. */
  static get(data: string | Uint8Array | InfoHash): InfoHash {
    const bytes = typeof data === 'string' ? utf8(data) : data
    return InfoHash.fromBytes(sha1(bytes instanceof InfoHash ? bytes.toBytes() : bytes))
  }

  /** Reads 20 bytes at `offset`. Throws RangeError when there are fewer. */
  static fromBytes(bytes: Uint8Array, offset = 0): InfoHash {
    if (bytes.length - offset < HASH_BYTES) {
      throw new RangeError(
        `An InfoHash needs ${HASH_BYTES} bytes: got ${Math.max(0, bytes.length - offset)}`,
      )
    }
    const hash = new InfoHash()
    hash.load(bytes, offset)
    return hash
  }

  /** First 40 characters of `text`, either case; undefined when they are not 40 hex digits. */
  static fromHex(text: string): InfoHash | undefined {
    if (!/^[0-9a-fA-F]{40}/.test(text)) return undefined
    const word = (i: number): number => Number.parseInt(text.slice(8 * i, 8 * i + 8), 16) | 0
    return new InfoHash(word(0), word(1), word(2), word(3), word(4))
  }

  /** One that nobody else has. */
  static random(random: Random): InfoHash {
    const word = (): number => random.uint32() | 0
    return new InfoHash(word(), word(), word(), word(), word())
  }

  /**
   * Overwrites this hash. Only for scratch objects that the decoder owns and reuses per packet; a
   * hash that anything keeps is a `clone`.
   */
  load(bytes: Uint8Array, offset: number): void {
    const self = this as Mutable<InfoHash>
    self.w0 = readWord(bytes, offset)
    self.w1 = readWord(bytes, offset + 4)
    self.w2 = readWord(bytes, offset + 8)
    self.w3 = readWord(bytes, offset + 12)
    self.w4 = readWord(bytes, offset + 16)
  }

  /** Makes this the zero hash; for scratch objects like `load`. */
  clear(): void {
    const self = this as Mutable<InfoHash>
    self.w0 = 0
    self.w1 = 0
    self.w2 = 0
    self.w3 = 0
    self.w4 = 0
  }

  clone(): InfoHash {
    return new InfoHash(this.w0, this.w1, this.w2, this.w3, this.w4)
  }

  get isZero(): boolean {
    return (this.w0 | this.w1 | this.w2 | this.w3 | this.w4) === 0
  }

  equals(other: InfoHash): boolean {
    return (
      this.w0 === other.w0 &&
      this.w1 === other.w1 &&
      this.w2 === other.w2 &&
      this.w3 === other.w3 &&
      this.w4 === other.w4
    )
  }

  /** 32 of the 160 bits, as a signed integer: word 0 has the highest ones. */
  word(index: number): number {
    switch (index) {
      case 0:
        return this.w0
      case 1:
        return this.w1
      case 2:
        return this.w2
      case 3:
        return this.w3
      default:
        return this.w4
    }
  }

  /** Bit `index`, 0 being the most significant one. */
  bit(index: number): 0 | 1 {
    return ((this.word(index >> 5) >>> (31 - (index & 31))) & 1) as 0 | 1
  }

  /** A copy of which one bit is `bit`; 0 is the first and highest. */
  withBit(index: number, bit: 0 | 1): InfoHash {
    const copy = this.clone() as Mutable<InfoHash>
    const mask = 1 << (31 - (index & 31))
    const word = bit === 1 ? this.word(index >> 5) | mask : this.word(index >> 5) & ~mask
    copy[`w${index >> 5}` as 'w0'] = word
    return copy as InfoHash
  }

  /** Length of the common prefix in bits; 160 when equal. */
  commonBits(other: InfoHash): number {
    for (let i = 0; i < 5; i++) {
      const difference = this.word(i) ^ other.word(i)
      if (difference !== 0) return 32 * i + Math.clz32(difference)
    }
    return HASH_BITS
  }

  /** Index of the last set bit counted from the most significant one, -1 for zero. */
  get lowbit(): number {
    for (let i = 4; i >= 0; i--) {
      const word = this.word(i)
      if (word !== 0) return 32 * i + Math.clz32(word & -word)
    }
    return -1
  }

  /** XOR order: negative when `a` is nearer to this hash than `b`, positive when `b` is, else 0. */
  compareDistance(a: InfoHash, b: InfoHash): number {
    let t = this.w0
    let x = a.w0
    let y = b.w0
    if (x === y) {
      t = this.w1
      x = a.w1
      y = b.w1
      if (x === y) {
        t = this.w2
        x = a.w2
        y = b.w2
        if (x === y) {
          t = this.w3
          x = a.w3
          y = b.w3
          if (x === y) {
            t = this.w4
            x = a.w4
            y = b.w4
            if (x === y) return 0
          }
        }
      }
    }
    return (x ^ t) >>> 0 < (y ^ t) >>> 0 ? -1 : 1
  }

  /** Order as 160-bit big-endian numbers. */
  compare(other: InfoHash): number {
    return ZERO_HASH.compareDistance(this, other)
  }

  /** The distance of the two. */
  xor(other: InfoHash): InfoHash {
    return new InfoHash(
      this.w0 ^ other.w0,
      this.w1 ^ other.w1,
      this.w2 ^ other.w2,
      this.w3 ^ other.w3,
      this.w4 ^ other.w4,
    )
  }

  /** Writes 20 bytes at `offset`. */
  writeTo(bytes: Uint8Array, offset: number): void {
    writeWord(bytes, offset, this.w0)
    writeWord(bytes, offset + 4, this.w1)
    writeWord(bytes, offset + 8, this.w2)
    writeWord(bytes, offset + 12, this.w3)
    writeWord(bytes, offset + 16, this.w4)
  }

  /** A copy. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(HASH_BYTES)
    this.writeTo(bytes, 0)
    return bytes
  }

  /** 40 lower-case hexadecimal digits. */
  toString(): string {
    let text = ''
    for (let i = 0; i < 5; i++) text += (this.word(i) >>> 0).toString(16).padStart(8, '0')
    return text
  }

  toJSON(): string {
    return this.toString()
  }

  /** For `console.log` of Node.js. */
  [INSPECT](): string {
    return `InfoHash(${this})`
  }
}

export const ZERO_HASH: InfoHash = new InfoHash()
