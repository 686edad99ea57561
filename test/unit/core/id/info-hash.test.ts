// SPDX-License-Identifier: MIT
// InfoHash: text and byte forms, single bits, and the XOR metric on literals. The hashing of texts
// is checked against recorded vectors elsewhere.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash, ZERO_HASH } from '../../../../src/core/id/info-hash.ts'
import type { Random } from '../../../../src/core/ports.ts'

const TEXT = '0123456789abcdef0123456789abcdef89abcdef'
const ONES = 'f'.repeat(40)

function hex(text: string): InfoHash {
  const hash = InfoHash.fromHex(text)
  assert(hash !== undefined, `not an InfoHash: ${text}`)
  return hash
}

/** The hash whose only set bit is `index`. */
function single(index: number): InfoHash {
  return ZERO_HASH.withBit(index, 1)
}

describe('InfoHash text', () => {
  it('reads 40 digits and prints them again', () => {
    assert.equal(hex(TEXT).toString(), TEXT)
    assert.equal(hex(ONES).toString(), ONES)
    assert.equal(ZERO_HASH.toString(), '0'.repeat(40))
  })

  it('reads either case and prints lower case', () => {
    assert.equal(hex(TEXT.toUpperCase()).toString(), TEXT)
  })

  it('takes the first 40 characters of a longer text', () => {
    assert.equal(hex(`${TEXT}zz`).toString(), TEXT)
    assert.equal(hex(`${TEXT}\n`).toString(), TEXT)
  })

  it('refuses texts that do not begin with 40 digits', () => {
    const bad = ['', TEXT.slice(1), ` ${TEXT}`, `0x${TEXT}`, `${TEXT.slice(0, 39)}g`, `-${TEXT}`]
    for (const text of bad) assert.equal(InfoHash.fromHex(text), undefined, text)
  })

  it('refuses signs, spaces and exponents inside of a word', () => {
    for (const mark of ['+', '-', ' ', '.', '_', '\0', 'é']) {
      assert.equal(InfoHash.fromHex(`${TEXT.slice(0, 8)}${mark}${TEXT.slice(9)}`), undefined, mark)
    }
  })

  it('is its text in JSON', () => {
    assert.equal(JSON.stringify({ id: hex(TEXT) }), `{"id":"${TEXT}"}`)
  })
})

describe('InfoHash bytes', () => {
  const bytes = Uint8Array.from({ length: 24 }, (_, i) => 0xf0 + i)

  it('reads 20 bytes at an offset', () => {
    const hash = InfoHash.fromBytes(bytes, 3)
    assert.deepEqual(hash.toBytes(), bytes.slice(3, 23))
    assert.equal(hash.toString(), Buffer.from(bytes.subarray(3, 23)).toString('hex'))
  })

  it('ignores bytes after the 20th', () => {
    assert.deepEqual(InfoHash.fromBytes(bytes).toBytes(), bytes.slice(0, 20))
  })

  it('refuses fewer than 20 bytes', () => {
    assert.throws(() => InfoHash.fromBytes(new Uint8Array(19)), RangeError)
    assert.throws(() => InfoHash.fromBytes(new Uint8Array(0)), RangeError)
    assert.throws(() => InfoHash.fromBytes(bytes, 5), RangeError)
    assert.throws(() => InfoHash.fromBytes(bytes, 30), /got 0/)
  })

  it('writes 20 bytes at an offset and no others', () => {
    const target = new Uint8Array(23).fill(7)
    hex(TEXT).writeTo(target, 2)
    assert.equal(Buffer.from(target).toString('hex'), `0707${TEXT}07`)
  })

  it('keeps a clone apart from a scratch object that is loaded again', () => {
    const scratch = hex(TEXT)
    const kept = scratch.clone()
    scratch.load(new Uint8Array(20).fill(0xff), 0)
    assert.equal(scratch.toString(), ONES)
    assert.equal(kept.toString(), TEXT)
  })

  it('takes words of either sign', () => {
    const unsigned = new InfoHash(0xffffffff, 0x80000000, 0xf0000000, 0x90000000, 0xfffffffe)
    const signed = new InfoHash(-1, -0x80000000, -0x10000000, -0x70000000, -2)
    assert(unsigned.equals(signed))
    assert.equal(ZERO_HASH.compareDistance(unsigned, signed), 0)
    assert.equal(unsigned.commonBits(signed), 160)
  })

  it('draws every word of a random id', () => {
    let drawn = 0
    const random: Random = {
      uint32: () => 0xf0000000 + ++drawn,
      fill: () => assert.fail('not asked for'),
      fork: () => random,
    }
    assert.equal(InfoHash.random(random).toString(), 'f0000001f0000002f0000003f0000004f0000005')
  })
})

describe('InfoHash bits', () => {
  it('counts from the most significant bit of the first byte', () => {
    const hash = hex(`8000000180000001${'0'.repeat(23)}1`)
    const set = Array.from({ length: 160 }, (_, i) => i).filter((i) => hash.bit(i) === 1)
    assert.deepEqual(set, [0, 31, 32, 63, 159])
  })

  it('sets one bit and no other', () => {
    for (let i = 0; i < 160; i++) {
      const hash = single(i)
      assert.equal(BigInt(`0x${hash}`), 1n << BigInt(159 - i))
      assert.equal(hash.bit(i), 1)
    }
  })

  it('clears one bit and no other', () => {
    for (let i = 0; i < 160; i++) {
      const hash = hex(ONES).withBit(i, 0)
      assert.equal(BigInt(`0x${hash}`), (1n << 160n) - 1n - (1n << BigInt(159 - i)))
      assert.equal(hash.bit(i), 0)
    }
  })

  it('returns an equal copy when the bit has that value already', () => {
    const hash = hex(TEXT)
    for (let i = 0; i < 160; i++) assert(hash.withBit(i, hash.bit(i)).equals(hash))
  })

  it('leaves the original alone', () => {
    single(0).withBit(159, 1)
    assert(ZERO_HASH.isZero)
    assert.equal(ZERO_HASH.toString(), '0'.repeat(40))
  })

  it('finds the last set bit', () => {
    assert.equal(ZERO_HASH.lowbit, -1)
    assert.equal(hex(ONES).lowbit, 159)
    for (let i = 0; i < 160; i++) {
      assert.equal(single(i).lowbit, i)
      assert.equal(single(0).withBit(i, 1).lowbit, i)
    }
  })

  it('knows zero from everything else', () => {
    assert(ZERO_HASH.isZero)
    for (let i = 0; i < 160; i++) assert(!single(i).isZero)
  })
})

describe('InfoHash metric', () => {
  it('measures the common prefix', () => {
    const hash = hex(TEXT)
    assert.equal(hash.commonBits(hash.clone()), 160)
    assert.equal(ZERO_HASH.commonBits(hex(ONES)), 0)
    for (let i = 0; i < 160; i++) {
      const other = hash.xor(single(i))
      assert.equal(hash.commonBits(other), i)
      assert.equal(hash.commonBits(i < 159 ? other.xor(single(159)) : other), i)
    }
  })

  it('compares distances as unsigned numbers', () => {
    const near = hex('7fffffff'.padEnd(40, '0'))
    const far = hex('80000000'.padEnd(40, '0'))
    assert.equal(ZERO_HASH.compareDistance(near, far), -1)
    assert.equal(ZERO_HASH.compareDistance(far, near), 1)
    assert.equal(hex(ONES).compareDistance(near, far), 1)
  })

  it('decides by the first word that differs', () => {
    for (let word = 0; word < 5; word++) {
      const near = hex(TEXT).xor(single(32 * word + 31))
      const far = hex(TEXT).xor(single(32 * word))
      assert.equal(hex(TEXT).compareDistance(near, far), -1, `word ${word}`)
      assert.equal(hex(TEXT).compareDistance(far, near), 1, `word ${word}`)
    }
  })

  it('finds nothing nearer than the hash itself', () => {
    assert.equal(hex(TEXT).compareDistance(hex(TEXT), hex(TEXT)), 0)
    for (let i = 0; i < 160; i++) {
      assert.equal(hex(TEXT).compareDistance(hex(TEXT), hex(TEXT).xor(single(i))), -1)
    }
  })

  it('orders by value, the first byte first', () => {
    const sorted = [ZERO_HASH, single(159), single(128), hex(TEXT), single(0), hex(ONES)]
    const mixed = [3, 5, 0, 4, 2, 1].map((i) => sorted[i]!)
    assert.deepEqual(mixed.sort((a, b) => a.compare(b)).map(String), sorted.map(String))
    assert.equal(single(3).compare(single(3)), 0)
  })

  it('tells hashes apart that differ in one word only', () => {
    for (let word = 0; word < 5; word++) {
      assert(!hex(TEXT).equals(hex(TEXT).xor(single(32 * word + 7))))
    }
    assert(hex(TEXT).equals(hex(TEXT)))
  })

  it('gives its words by number', () => {
    const words = [0, 1, 2, 3, 4].map((i) => (hex(TEXT).word(i) >>> 0).toString(16))
    assert.deepEqual(words, ['1234567', '89abcdef', '1234567', '89abcdef', '89abcdef'])
  })
})
