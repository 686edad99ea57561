// SPDX-License-Identifier: MIT
// SipHash-2-4 against the published vectors: key 00 01 .. 0f, message 00 01 .. of every length.
// Ours takes whole words, so every fourth of them applies.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SipHash } from '../../../../src/core/util/siphash.ts'

/** Results in little-endian byte order, for messages of 0, 4, 8 .. 60 bytes. */
const PUBLISHED = [
  '310e0edd47db6f72',
  'b7877127e09427cf',
  '6224939a79f5f593',
  'fbe50e86bc8f1e75',
  'db9bc2577fcc2a3f',
  '98eea21af25cd6be',
  '94af49f6c650adb8',
  'a5c91da7acaa4dde',
  'ce7cf2722f512771',
  'b4a31508beff4d31',
  'd0a704536ba93e0e',
  'f21df2e41d4535f9',
  '51a9cb9ecba312e6',
  'b274cb8ebf87870a',
  'bd838d3aafbf8db7',
  'e1915f5cb1eca46c',
]

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i)

function littleEndian(out: Int32Array): string {
  const bytes = Buffer.alloc(8)
  bytes.writeInt32LE(out[0]!, 0)
  bytes.writeInt32LE(out[1]!, 4)
  return bytes.toString('hex')
}

function counting(words: number): Int32Array {
  const bytes = Buffer.from(Array.from({ length: 4 * words }, (_, i) => i))
  return Int32Array.from({ length: words }, (_, i) => bytes.readInt32LE(4 * i))
}

describe('SipHash', () => {
  it('gives the published results', () => {
    const hasher = new SipHash(KEY)
    const out = new Int32Array(2)
    for (const [words, expected] of PUBLISHED.entries()) {
      hasher.hash(counting(words), words, out)
      assert.equal(littleEndian(out), expected, `${4 * words} bytes`)
    }
  })

  it('ignores the words after the count', () => {
    const out = new Int32Array(2)
    for (const [words, expected] of PUBLISHED.entries()) {
      const longer = new Int32Array(20).fill(-1)
      longer.set(counting(words))
      new SipHash(KEY).hash(longer, words, out)
      assert.equal(littleEndian(out), expected)
    }
  })

  it('takes the key once and does not look at it again', () => {
    const key = KEY.slice()
    const hasher = new SipHash(key)
    key.fill(0)
    const out = new Int32Array(2)
    hasher.hash(counting(2), 2, out)
    assert.equal(littleEndian(out), PUBLISHED[2])
  })

  it('leaves its input alone', () => {
    const words = counting(7)
    new SipHash(KEY).hash(words, 7, new Int32Array(2))
    assert.deepEqual(words, counting(7))
  })

  it('depends on every byte of the key', () => {
    const seen = new Set<string>()
    const out = new Int32Array(2)
    for (let i = 0; i < 16; i++) {
      const key = KEY.slice()
      key[i]! ^= 0x80
      new SipHash(key).hash(counting(3), 3, out)
      seen.add(littleEndian(out))
    }
    assert.equal(seen.size, 16)
  })

  it('tells messages of zeros of different lengths apart', () => {
    const seen = new Set<string>()
    const out = new Int32Array(2)
    for (let count = 0; count < 16; count++) {
      new SipHash(KEY).hash(new Int32Array(16), count, out)
      seen.add(littleEndian(out))
    }
    assert.equal(seen.size, 16)
  })

  it('refuses keys of another size', () => {
    for (const length of [0, 15, 17, 32]) {
      assert.throws(() => new SipHash(new Uint8Array(length)), RangeError)
    }
  })
})
