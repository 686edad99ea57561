// SPDX-License-Identifier: MIT
// The 256-bit identifier of a public key, which OpenDHT calls the long id: SHA-256 of the encoded
// key. There are few of them and no distances between them, so the bytes are kept as they are.

import { sha256 } from '@noble/hashes/sha2.js'
import type { Random } from '../ports.ts'
import { parseHex, toHex, utf8 } from '../util/bytes.ts'

/** Bytes of a long id of a key: SHA-256. */
export const PK_ID_BYTES = 32

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

export class PkId {
  readonly #bytes: Uint8Array

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** SHA-256 of bytes, or of the UTF-8 form of a text. */
  static get(data: string | Uint8Array): PkId {
    return new PkId(sha256(typeof data === 'string' ? utf8(data) : data))
  }

  /** Reads 32 bytes at `offset`. Throws RangeError when there are fewer. */
  static fromBytes(bytes: Uint8Array, offset = 0): PkId {
    if (bytes.length - offset < PK_ID_BYTES) {
      throw new RangeError(
        `A PkId needs ${PK_ID_BYTES} bytes: got ${Math.max(0, bytes.length - offset)}`,
      )
    }
    return new PkId(Uint8Array.from(bytes.subarray(offset, offset + PK_ID_BYTES)))
  }

  /** First 64 characters of `text`, either case; undefined when they are not 64 hex digits. */
  static fromHex(text: string): PkId | undefined {
    const bytes = parseHex(text.slice(0, 2 * PK_ID_BYTES))
    return bytes?.length === PK_ID_BYTES ? new PkId(bytes) : undefined
  }

  static random(random: Random): PkId {
    const bytes = new Uint8Array(PK_ID_BYTES)
    random.fill(bytes)
    return new PkId(bytes)
  }

  get isZero(): boolean {
    return this.#bytes.every((byte) => byte === 0)
  }

  equals(other: PkId): boolean {
    return this.#bytes.every((byte, index) => byte === other.#bytes[index])
  }

  /** A copy. */
  toBytes(): Uint8Array {
    return this.#bytes.slice()
  }

  /** 64 lower-case hexadecimal digits. */
  toString(): string {
    return toHex(this.#bytes)
  }

  toJSON(): string {
    return this.toString()
  }

  /** For `console.log` of Node.js. */
  [INSPECT](): string {
    return `PkId(${this})`
  }
}
