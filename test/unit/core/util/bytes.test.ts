// SPDX-License-Identifier: MIT
// Byte string helpers and the assertion helper.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assert as invariant } from '../../../../src/core/util/assert.ts'
import {
  EMPTY_BYTES,
  equalBytes,
  fromUtf8,
  isByteText,
  parseHex,
  readWord,
  toByteText,
  toHex,
  utf8,
  writeWord,
} from '../../../../src/core/util/bytes.ts'

describe('hexadecimal text', () => {
  it('shows every byte as two lower-case digits', () => {
    assert.equal(toHex(Uint8Array.of(0, 1, 0x0f, 0x10, 0xab, 0xff)), '00010f10abff')
    assert.equal(toHex(EMPTY_BYTES), '')
  })

  it('reads what it shows, and upper case', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    assert.deepEqual(parseHex(toHex(all)), all)
    assert.deepEqual(parseHex(toHex(all).toUpperCase()), all)
    assert.deepEqual(parseHex(''), EMPTY_BYTES)
  })

  it('refuses anything but pairs of digits', () => {
    for (const text of ['0', '000', 'zz', '0x', ' 00', '00 ', '+1', '-1', '1.', '00\n', '٠٠']) {
      assert.equal(parseHex(text), undefined, text)
    }
  })
})

describe('UTF-8 text', () => {
  it('survives a round trip', () => {
    for (const text of ['', 'abc', 'é', '日本', '𝄞', '\0', '\ufeffmarked', '\ufeff']) {
      assert.equal(fromUtf8(utf8(text)), text)
    }
  })

  it('replaces malformed sequences instead of throwing', () => {
    assert.equal(fromUtf8(Uint8Array.of(0x61, 0xff, 0x62)), 'a\ufffdb')
    assert.equal(fromUtf8(Uint8Array.of(0xe2, 0x82)), '\ufffd')
    assert.equal(fromUtf8(Uint8Array.of(0xc0, 0x80)), '\ufffd\ufffd')
  })

  it('encodes a lone surrogate as the replacement character', () => {
    assert.deepEqual(utf8('\ud800'), Uint8Array.of(0xef, 0xbf, 0xbd))
  })
})

describe('byte comparison', () => {
  it('compares length and content', () => {
    assert(equalBytes(EMPTY_BYTES, new Uint8Array(0)))
    assert(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)))
    assert(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)))
    assert(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)))
    assert(!equalBytes(Uint8Array.of(0), EMPTY_BYTES))
  })
})

describe('byte text', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)

  it('has one character for every byte', () => {
    const text = toByteText(all)
    assert.equal(text.length, 256)
    assert.deepEqual(
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
      all,
    )
    assert.equal(toByteText(EMPTY_BYTES), '')
  })

  it('is compared with bytes in length and content', () => {
    const text = toByteText(all)
    assert(isByteText(text, all))
    assert(!isByteText(text, all.subarray(1)))
    assert(!isByteText(text, all.toReversed()))
  })
})

describe('big-endian words', () => {
  it('reads signed words at any offset', () => {
    const bytes = Uint8Array.of(9, 0xff, 0xff, 0xff, 0xfe, 0x01)
    assert.equal(readWord(bytes, 1), -2)
    assert.equal(readWord(bytes, 2), -0x1ff | 0)
    assert.equal(readWord(Uint8Array.of(0x80, 0, 0, 0), 0), -0x80000000)
    assert.equal(readWord(Uint8Array.of(0x7f, 0xff, 0xff, 0xff), 0), 0x7fffffff)
  })

  it('writes signed and unsigned words alike, four bytes of them', () => {
    for (const word of [-2, 0xfffffffe]) {
      const bytes = new Uint8Array(6)
      writeWord(bytes, 1, word)
      assert.deepEqual(bytes, Uint8Array.of(0, 0xff, 0xff, 0xff, 0xfe, 0))
    }
  })
})

describe('invariants', () => {
  it('throw with their text when they are broken and only then', () => {
    invariant(true, 'never shown')
    assert.throws(() => invariant(false, 'buckets are sorted'), {
      name: 'Error',
      message: 'Broken invariant: buckets are sorted',
    })
  })
})
