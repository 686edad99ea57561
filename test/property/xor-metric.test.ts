// SPDX-License-Identifier: MIT
// InfoHash as a metric space (Kademlia paper, section 2.1), with 160-bit integers as the oracle.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InfoHash, ZERO_HASH } from '../../src/core/id/info-hash.ts'

const word = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, -0x80000000, 0x7fffffff))
const anyHash = fc.tuple(word, word, word, word, word).map((words) => new InfoHash(...words))
/** Two hashes that often share a long prefix. */
const pair = fc.oneof(
  fc.tuple(anyHash, anyHash),
  fc
    .tuple(anyHash, fc.nat(159), fc.nat(159))
    .map(([hash, i, j]): [InfoHash, InfoHash] => [hash, flip(flip(hash, i), j)]),
)

function flip(hash: InfoHash, index: number): InfoHash {
  return hash.withBit(index, hash.bit(index) === 1 ? 0 : 1)
}

function big(hash: InfoHash): bigint {
  return BigInt(`0x${hash}`)
}

function distance(a: InfoHash, b: InfoHash): bigint {
  return big(a) ^ big(b)
}

function sign(difference: bigint): number {
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

describe('the XOR metric', () => {
  it('has distance zero between equal hashes only', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        assert(a.xor(a).isZero)
        assert.equal(a.xor(b).isZero, big(a) === big(b))
        assert.equal(a.equals(b), big(a) === big(b))
      }),
    )
  })

  it('is symmetric', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        assert(a.xor(b).equals(b.xor(a)))
        assert.equal(big(a.xor(b)), distance(a, b))
        assert.equal(a.commonBits(b), b.commonBits(a))
      }),
    )
  })

  it('obeys the triangle inequality', () => {
    fc.assert(
      fc.property(anyHash, pair, (a, [b, c]) => {
        assert(big(a.xor(c)) <= big(a.xor(b)) + big(b.xor(c)))
        assert(a.xor(c).equals(a.xor(b).xor(b.xor(c))))
      }),
    )
  })

  it('is unidirectional: one point for each distance from a given one', () => {
    fc.assert(
      fc.property(anyHash, anyHash, (a, away) => {
        const b = a.xor(away)
        assert(a.xor(b).equals(away))
        assert.equal(big(b), big(a) ^ big(away))
      }),
    )
  })

  it('compares as the oracle does', () => {
    fc.assert(
      fc.property(anyHash, pair, (from, [a, b]) => {
        const expected = sign(distance(from, a) - distance(from, b))
        assert.equal(Math.sign(from.compareDistance(a, b)), expected)
        assert.equal(Math.sign(from.compareDistance(b, a)), -expected || 0)
        assert.equal(Math.sign(a.compareDistance(a, b)), sign(-distance(a, b)))
        assert.equal(Math.sign(a.compare(b)), sign(big(a) - big(b)))
      }),
      { numRuns: 500 },
    )
  })

  it('counts common bits as the oracle does', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const apart = distance(a, b)
        assert.equal(a.commonBits(b), apart === 0n ? 160 : 160 - apart.toString(2).length)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the forms of a hash', () => {
  it('survive text and bytes', () => {
    fc.assert(
      fc.property(anyHash, fc.nat(40), (hash, offset) => {
        assert(InfoHash.fromHex(hash.toString())!.equals(hash))
        assert(InfoHash.fromHex(hash.toString().toUpperCase())!.equals(hash))
        const bytes = new Uint8Array(offset + 20)
        hash.writeTo(bytes, offset)
        assert(InfoHash.fromBytes(bytes, offset).equals(hash))
        assert.equal(Buffer.from(hash.toBytes()).toString('hex'), hash.toString())
        assert(hash.clone().equals(hash))
      }),
    )
  })

  it('has the bits of its number', () => {
    fc.assert(
      fc.property(anyHash, fc.nat(159), fc.constantFrom<0 | 1>(0, 1), (hash, index, bit) => {
        const digits = big(hash).toString(2).padStart(160, '0')
        assert.equal(hash.bit(index), Number(digits[index]))
        assert.equal(hash.lowbit, digits.lastIndexOf('1'))
        assert.equal(hash.isZero, hash.equals(ZERO_HASH))
        const changed = digits.slice(0, index) + bit + digits.slice(index + 1)
        assert.equal(big(hash.withBit(index, bit)), BigInt(`0b${changed}`))
      }),
    )
  })

  it('reads no text that is not 40 digits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 45 }), (text) => {
        assert.equal(InfoHash.fromHex(text) !== undefined, /^[\da-f]{40}/i.test(text))
      }),
    )
  })
})
