// SPDX-License-Identifier: MIT
// SipHash-2-4 (Aumasson, Bernstein: SipHash, a fast short-input PRF, 2012) over 32-bit words: the
// keyed hash behind write tokens. JavaScript has no 64-bit integers without allocation, so each of
// the four state words lives in two local variables, and 64-bit sums carry by hand.

export const SIPHASH_KEY_BYTES = 16

/** A pseudo-random function; whoever does not know the key can neither predict nor collide it. */
export class SipHash {
  /** The key as little-endian words. */
  readonly #key0: number
  readonly #key1: number
  readonly #key2: number
  readonly #key3: number

  /** `key` is 16 secret bytes; they are copied. */
  constructor(key: Uint8Array) {
    if (key.length !== SIPHASH_KEY_BYTES) {
      throw new RangeError(`A SipHash key needs ${SIPHASH_KEY_BYTES} bytes: got ${key.length}`)
    }
    this.#key0 = littleEndianWord(key, 0)
    this.#key1 = littleEndianWord(key, 4)
    this.#key2 = littleEndianWord(key, 8)
    this.#key3 = littleEndianWord(key, 12)
  }

  /**
   * Hashes the first `count` of `words`, taken as 4 * `count` bytes in little-endian order. The low
   * half of the result goes to `out[0]`, the high half to `out[1]`. Allocates nothing.
   */
  hash(words: Int32Array, count: number, out: Int32Array): void {
    let low0 = this.#key0 ^ 0x70736575
    let high0 = this.#key1 ^ 0x736f6d65
    let low1 = this.#key2 ^ 0x6e646f6d
    let high1 = this.#key3 ^ 0x646f7261
    let low2 = this.#key0 ^ 0x6e657261
    let high2 = this.#key1 ^ 0x6c796765
    let low3 = this.#key2 ^ 0x79746573
    let high3 = this.#key3 ^ 0x74656462
    // Blocks of two words; then the odd word with the length in the top byte; then finalization,
    // which is a block of zeros with more rounds.
    const last = count >>> 1
    for (let block = 0; block <= last + 1; block++) {
      const low = 2 * block < count ? words[2 * block]! : 0
      let high = 2 * block + 1 < count ? words[2 * block + 1]! : 0
      if (block === last) high = (4 * count) << 24
      else if (block > last) low2 ^= 0xff
      low3 ^= low
      high3 ^= high
      for (let rounds = block > last ? 4 : 2; rounds > 0; rounds--) {
        // v0 += v1; v1 = v0 ^ (v1 <<< 13); v0 <<<= 32
        low0 = (low0 + low1) | 0
        high0 = (high0 + high1 + Number(low0 >>> 0 < low1 >>> 0)) | 0
        let other = low1
        low1 = low0 ^ ((low1 << 13) | (high1 >>> 19))
        high1 = high0 ^ ((high1 << 13) | (other >>> 19))
        other = low0
        low0 = high0
        high0 = other
        // v2 += v3; v3 = v2 ^ (v3 <<< 16)
        low2 = (low2 + low3) | 0
        high2 = (high2 + high3 + Number(low2 >>> 0 < low3 >>> 0)) | 0
        other = low3
        low3 = low2 ^ ((low3 << 16) | (high3 >>> 16))
        high3 = high2 ^ ((high3 << 16) | (other >>> 16))
        // v0 += v3; v3 = v0 ^ (v3 <<< 21)
        low0 = (low0 + low3) | 0
        high0 = (high0 + high3 + Number(low0 >>> 0 < low3 >>> 0)) | 0
        other = low3
        low3 = low0 ^ ((low3 << 21) | (high3 >>> 11))
        high3 = high0 ^ ((high3 << 21) | (other >>> 11))
        // v2 += v1; v1 = v2 ^ (v1 <<< 17); v2 <<<= 32
        low2 = (low2 + low1) | 0
        high2 = (high2 + high1 + Number(low2 >>> 0 < low1 >>> 0)) | 0
        other = low1
        low1 = low2 ^ ((low1 << 17) | (high1 >>> 15))
        high1 = high2 ^ ((high1 << 17) | (other >>> 15))
        other = low2
        low2 = high2
        high2 = other
      }
      low0 ^= low
      high0 ^= high
    }
    out[0] = low0 ^ low1 ^ low2 ^ low3
    out[1] = high0 ^ high1 ^ high2 ^ high3
  }
}

function littleEndianWord(bytes: Uint8Array, offset: number): number {
  return (
    bytes[offset]! |
    (bytes[offset + 1]! << 8) |
    (bytes[offset + 2]! << 16) |
    (bytes[offset + 3]! << 24)
  )
}
