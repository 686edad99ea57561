// SPDX-License-Identifier: MIT
// A node of the trie, named by the first bits of all keys below it, and where it is in the network.
// All indexes of a network share these keys: the user type of a value says whose it is.

import { InfoHash } from '../core/id/info-hash.ts'
import { bitAt, commonBits, setBit } from './bits.ts'

export class Prefix {
  /** Number of bits: the depth of the node. */
  readonly size: number
  /** These bits; what is left of the last byte is 0. */
  readonly bytes: Uint8Array

  private constructor(bytes: Uint8Array, size: number) {
    this.bytes = bytes
    this.size = size
  }

  /** The first `size` bits of `content`, which has more of them: C++ nodes never take all. */
  static of(content: Uint8Array, size: number): Prefix {
    if (!Number.isInteger(size) || size < 0 || size >= 8 * content.length) {
      throw new RangeError(`size must be 0 to ${8 * content.length - 1}: got ${size}`)
    }
    const bytes = new Uint8Array(content.subarray(0, (size + 7) >> 3))
    if (size % 8 !== 0) bytes[bytes.length - 1]! &= 0xff << (8 - (size % 8))
    return new Prefix(bytes, size)
  }

  static readonly ROOT: Prefix = new Prefix(new Uint8Array(0), 0)

  /** The node one level down with this bit. */
  child(bit: 0 | 1): Prefix {
    const bytes = new Uint8Array((this.size >> 3) + 1)
    bytes.set(this.bytes)
    if (bit === 1) setBit(bytes, this.size)
    return new Prefix(bytes, this.size + 1)
  }

  /** The other child of the parent. Not for the root, which is alone. */
  get twin(): Prefix {
    const last = this.size - 1
    const other = bitAt(this.bytes, last) === 1 ? 0 : 1
    return Prefix.of(new Uint8Array([...this.bytes, 0]), last).child(other)
  }

  /** Whether keys with this content belong below the node; of a shorter content, what there is. */
  covers(content: Uint8Array): boolean {
    return commonBits(this.bytes, content) >= Math.min(this.size, 8 * content.length)
  }

  /** In the network: SHA-1 of the bytes and of one byte with the size (spec PHT, section 3). */
  get key(): InfoHash {
    return nodeKey(this.bytes, this.size)
  }
}

/** Of `size`, its last eight bits count. */
export function nodeKey(bytes: Uint8Array, size: number): InfoHash {
  const input = new Uint8Array(bytes.length + 1)
  input.set(bytes)
  input[bytes.length] = size
  return InfoHash.get(input)
}
