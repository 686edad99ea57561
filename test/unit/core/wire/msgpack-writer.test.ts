// SPDX-License-Identifier: MIT
// MessagePack writer on literal bytes: every item that the protocol knows, at the borders between
// its forms, and the growth of the buffer.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { MsgpackWriter } from '../../../../src/core/wire/msgpack-writer.ts'

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

function written(write: (writer: MsgpackWriter) => void, capacity = 0): string {
  const writer = new MsgpackWriter(capacity)
  write(writer)
  return Buffer.from(writer.take()).toString('hex')
}

function writes(hex: string, write: (writer: MsgpackWriter) => void): void {
  assert.equal(written(write), hex)
}

describe('MsgpackWriter', () => {
  it('writes integers in their shortest form', () => {
    const forms: [number, string][] = [
      [0, '00'],
      [127, '7f'],
      [128, 'cc80'],
      [255, 'ccff'],
      [256, 'cd0100'],
      [65535, 'cdffff'],
      [65536, 'ce00010000'],
      [0x80000000, 'ce80000000'],
      [0xffffffff, 'ceffffffff'],
      [0x100000000, 'cf0000000100000000'],
      [0x1ffffffff, 'cf00000001ffffffff'],
      [Number.MAX_SAFE_INTEGER, 'cf001fffffffffffff'],
    ]
    for (const [value, hex] of forms) {
      writes(hex, (w) => w.unsigned(value))
      writes(hex, (w) => w.uint64(BigInt(value)))
    }
    writes('cf0020000000000000', (w) => w.uint64(2n ** 53n))
    writes('cf8000000000000000', (w) => w.uint64(2n ** 63n))
    writes('cfffffffffffffffff', (w) => w.uint64(2n ** 64n - 1n))
  })

  it('writes headers in their shortest form', () => {
    const counts: [number, string, string][] = [
      [0, '80', '90'],
      [15, '8f', '9f'],
      [16, 'de0010', 'dc0010'],
      [65535, 'deffff', 'dcffff'],
      [65536, 'df00010000', 'dd00010000'],
      [0xffffffff, 'dfffffffff', 'ddffffffff'],
    ]
    for (const [count, map, array] of counts) {
      writes(map, (w) => w.mapHeader(count))
      writes(array, (w) => w.arrayHeader(count))
    }
  })

  it('writes byte strings and texts in their shortest form', () => {
    const lengths: [number, string, string][] = [
      [0, 'c400', 'a0'],
      [31, 'c41f', 'bf'],
      [32, 'c420', 'd920'],
      [255, 'c4ff', 'd9ff'],
      [256, 'c50100', 'da0100'],
      [65535, 'c5ffff', 'daffff'],
      [65536, 'c600010000', 'db00010000'],
    ]
    for (const [length, binary, text] of lengths) {
      const contents = '61'.repeat(length)
      writes(binary + contents, (w) => w.binary(new Uint8Array(length).fill(0x61)))
      writes(binary + contents, (w) => w.byteText('a'.repeat(length)))
      writes(text + contents, (w) => w.text('a'.repeat(length)))
    }
    writes('c40400ff80c3', (w) => w.byteText('\u0000\u00ff\u0080\u00c3'))
  })

  it('counts a text in bytes, not in characters', () => {
    writes(`be${'c3a9'.repeat(15)}`, (w) => w.text('é'.repeat(15)))
    writes(`d920${'c3a9'.repeat(16)}`, (w) => w.text('é'.repeat(16)))
  })

  it('writes keys, booleans and hashes', () => {
    writes('a0', (w) => w.key(''))
    writes('a666696c656473', (w) => w.key('fileds'))
    writes(`bf${'6b'.repeat(31)}`, (w) => w.key('k'.repeat(31)))
    writes('c3', (w) => w.boolean(true))
    writes('c2', (w) => w.boolean(false))
    const hash = InfoHash.fromHex('0123456789abcdef0123456789abcdef89abcdef')!
    writes(`c414${hash}`, (w) => w.hash(hash))
  })

  it('leaves room for contents that are written in place', () => {
    const writer = new MsgpackWriter(0)
    writer.binaryHeader(3)
    const start = writer.position
    assert(writer.target.length >= start + 3)
    writer.target.set([1, 2, 3], start)
    writer.position += 3
    writer.unsigned(4)
    assert.equal(Buffer.from(writer.take()).toString('hex'), 'c40301020304')
  })

  it('keeps what is written when it grows', () => {
    for (let capacity = 0; capacity < 40; capacity++) {
      const hex = written((w) => {
        w.mapHeader(2)
        w.key('id')
        w.hash(new InfoHash(1, 2, 3, 4, 5))
        w.key('v')
        w.raw(bytes('93010203'))
      }, capacity)
      assert.equal(
        hex,
        '82a26964c4140000000100000002000000030000000400000005a17693010203',
        `capacity ${capacity}`,
      )
    }
  })

  it('hands out copies', () => {
    const writer = new MsgpackWriter()
    writer.unsigned(1)
    const taken = writer.take()
    writer.position = 0
    writer.unsigned(2)
    assert.deepEqual(taken, Uint8Array.of(1))
  })
})
