// SPDX-License-Identifier: MIT
// SipHash against the algorithm of the paper written down with 64-bit BigInts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SipHash } from '../../src/core/util/siphash.ts'

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)
const rotate = (value: bigint, by: bigint): bigint => u64(value << by) | (value >> (64n - by))

/** SipHash-c-d of a byte string, as section 2 of the paper defines it. */
function oracle(key: Uint8Array, message: Uint8Array, c = 2, d = 4): bigint {
  const load = (bytes: Uint8Array, at: number): bigint => Buffer.from(bytes).readBigUInt64LE(at)
  const k0 = load(key, 0)
  const k1 = load(key, 8)
  let v0 = k0 ^ 0x736f6d6570736575n
  let v1 = k1 ^ 0x646f72616e646f6dn
  let v2 = k0 ^ 0x6c7967656e657261n
  let v3 = k1 ^ 0x7465646279746573n
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = u64(v0 + v1)
      v2 = u64(v2 + v3)
      v1 = rotate(v1, 13n) ^ v0
      v3 = rotate(v3, 16n) ^ v2
      v0 = rotate(v0, 32n)
      v2 = u64(v2 + v1)
      v0 = u64(v0 + v3)
      v1 = rotate(v1, 17n) ^ v2
      v3 = rotate(v3, 21n) ^ v0
      v2 = rotate(v2, 32n)
    }
  }
  const padded = new Uint8Array(8 * Math.floor(message.length / 8 + 1))
  padded.set(message)
  padded[padded.length - 1] = message.length
  for (let at = 0; at < padded.length; at += 8) {
    const block = load(padded, at)
    v3 ^= block
    rounds(c)
    v0 ^= block
  }
  v2 ^= 0xffn
  rounds(d)
  return v0 ^ v1 ^ v2 ^ v3
}

const anyKey = fc.uint8Array({ minLength: 16, maxLength: 16 })
const word = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, -0x80000000, 0x7fffffff))
const anyWords = fc.array(word, { maxLength: 80, size: 'max' })

describe('SipHash', () => {
  it('agrees with the paper for any key and words', () => {
    fc.assert(
      fc.property(anyKey, anyWords, (key, words) => {
        const message = Buffer.alloc(4 * words.length)
        for (const [i, value] of words.entries()) message.writeInt32LE(value, 4 * i)
        const out = new Int32Array(2)
        new SipHash(key).hash(Int32Array.from(words), words.length, out)
        const result = (BigInt(out[1]! >>> 0) << 32n) | BigInt(out[0]! >>> 0)
        assert.equal(result, oracle(key, message))
      }),
      { numRuns: 500 },
    )
  })

  it('has an oracle that gives a published result', () => {
    const counting = Uint8Array.from({ length: 16 }, (_, i) => i)
    assert.equal(oracle(counting, counting.subarray(0, 15)), 0xa129ca6149be45e5n)
  })
})
