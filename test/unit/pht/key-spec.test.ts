// SPDX-License-Identifier: MIT
// Key specs, keys and prefixes: what is refused, and with which words.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { commonBits } from '../../../src/pht/bits.ts'
import { indexTypes, toIndexValue, unpackEntry } from '../../../src/pht/index-entry.ts'
import { type FieldLengths, type IndexKey, KeySpec } from '../../../src/pht/key-spec.ts'
import { Prefix } from '../../../src/pht/prefix.ts'

const refuses = (action: () => unknown, name: string, message: RegExp): void =>
  assert.throws(action, { name, message })

describe('a key spec', () => {
  test('names the field that is wrong', () => {
    const make = (lengths: unknown) => () => new KeySpec(lengths as FieldLengths)
    refuses(make(undefined), 'TypeError', /^spec must be an object .*: got undefined$/)
    refuses(make(['a']), 'TypeError', /^spec must be an object/)
    refuses(make({}), 'RangeError', /^spec must have 1 to 32 fields: got 0$/)
    refuses(make({ a: '1' }), 'TypeError', /^spec\.a must be a number: got string$/)
    refuses(
      make({ a: 1.5 }),
      'RangeError',
      /^spec\.a must be a whole number of 0 to 1023: got 1\.5$/,
    )
    refuses(make({ a: 1024 }), 'RangeError', /^spec\.a /)
    refuses(make({ a: 600, b: 1 }), 'RangeError', /^spec must need <= 1024 bytes.*: got 1202$/)
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i}`, 1]))
    refuses(make(many), 'RangeError', /got 33$/)
  })

  test('names what does not fit in a key', () => {
    const spec = new KeySpec({ name: 4, year: 2 })
    const read = (key: unknown) => () => spec.linearise(key as IndexKey)
    refuses(read('ann'), 'TypeError', /^key must be an object .*"name", "year": got string$/)
    refuses(read({ name: 'ann' }), 'TypeError', /^key must have the field "year"$/)
    refuses(read({ name: 'ann', jear: '1' }), 'TypeError', /^key has a field "jear", but .*"year"$/)
    refuses(read({ name: 5, year: '' }), 'TypeError', /^key\.name must be a string or a Uint8Array/)
    refuses(
      read({ name: 'ännä', year: '' }),
      'RangeError',
      /^key\.name must have <= 4 bytes: got 6$/,
    )
    const inherited = Object.create({ name: 'a', year: 'b' })
    refuses(read(inherited), 'TypeError', /^key must have the field "name"$/)
  })

  test('takes text for its UTF-8 bytes, and copies bytes', () => {
    const spec = new KeySpec({ k: 4 })
    const bytes = Uint8Array.of(0xc3, 0xa4)
    const { content } = spec.linearise({ k: bytes })
    bytes.fill(0)
    assert.deepEqual(content, spec.linearise({ k: 'ä' }).content)
  })

  test('orders fields by the bytes of their names', () => {
    const spec = new KeySpec({ b: 1, ä: 1, B: 1, 10: 1, 9: 1 })
    assert.deepEqual(
      spec.fields.map(({ name }) => name),
      ['10', '9', 'B', 'b', 'ä'],
    )
  })

  test('takes no content that is none of its keys', () => {
    const spec = new KeySpec({ k: 2 })
    const contents = [[], [0x61, 0x80], [0, 0, 0], [0x61, 0x62, 0x81], [0x61, 0x62, 0x63, 0x80]]
    for (const bytes of contents) assert.equal(spec.fieldsOf(Uint8Array.from(bytes)), undefined)
    assert.deepEqual(spec.fieldsOf(Uint8Array.of(0x80, 0x80, 0)), { k: Uint8Array.of(0x80) })
    assert.equal(new KeySpec({ a: 1, b: 3 }).fieldsOf(new Uint8Array(8).fill(0xff)), undefined)
  })
})

describe('a prefix', () => {
  const content = Uint8Array.of(0b1010_0101, 0b1111_0000)

  test('has children, a twin, and covers what begins with it', () => {
    const prefix = Prefix.of(content, 6)
    assert.deepEqual([...prefix.bytes], [0b1010_0100])
    assert.deepEqual(prefix.child(0), Prefix.of(content, 7))
    assert.deepEqual([...prefix.child(1).bytes], [0b1010_0110])
    assert.deepEqual(prefix.child(1).twin, prefix.child(0))
    assert.deepEqual(Prefix.of(content, 9).twin, Prefix.of(content, 8).child(0))
    assert.ok(prefix.covers(content))
    assert.ok(!prefix.child(1).covers(content))
    assert.ok(Prefix.of(content, 10).covers(content.subarray(0, 1)))
    assert.ok(Prefix.ROOT.covers(content))
  })

  test('is shorter than its content', () => {
    for (const size of [-1, 16, 1.5]) {
      refuses(() => Prefix.of(content, size), 'RangeError', /^size must be 0 to 15: got /)
    }
  })

  test('bits that are shared end with the shorter one', () => {
    assert.equal(commonBits(content, content.subarray(0, 1)), 8)
    assert.equal(commonBits(content, content), 16)
    assert.equal(commonBits(content, new Uint8Array(0)), 0)
  })
})

describe('an entry', () => {
  test('has a name that C++ nodes tell from canaries', () => {
    refuses(() => indexTypes(''), 'RangeError', /^name must have 1 to 200 characters: got 0$/)
    refuses(() => indexTypes('a.canary'), 'RangeError', /^name must not end with "\.canary"/)
    refuses(() => indexTypes(5 as unknown as string), 'TypeError', /^name must be a string/)
  })

  test('leads to a hash and an id', () => {
    const hash = InfoHash.get('x')
    assert.deepEqual(toIndexValue({ hash }), { hash, id: 0n })
    const read = (value: unknown) => () => toIndexValue(value as { hash: InfoHash })
    refuses(read(undefined), 'TypeError', /^value must be an object/)
    refuses(read({ hash: 'x' }), 'TypeError', /^value\.hash must be an InfoHash: got string$/)
    refuses(read({ hash, id: 1 }), 'TypeError', /^value\.id must be a bigint: got number$/)
    refuses(read({ hash, id: -1n }), 'RangeError', /^value\.id must be 0 to 2\^64-1: got -1$/)
  })

  test('is none when its bytes are not those of an entry', () => {
    const hash = [0xc4, 20, ...InfoHash.get('x').toBytes()]
    const prefix = [0xa6, ...Buffer.from('prefix'), 0xc4, 1, 0x80]
    const value = (...pair: number[]) => [0xa5, ...Buffer.from('value'), ...pair]
    const read = (...bytes: number[]) => unpackEntry(Uint8Array.from(bytes))
    assert.ok(read(0x82, ...value(0x92, ...hash, 1), ...prefix), 'in any order')
    assert.ok(read(0x83, ...value(0x92, ...hash, 1), 0xa1, 0x78, 0x90, ...prefix), 'and more')
    const wrong = [
      [],
      [0x80],
      [0x81, ...prefix],
      [0x82, ...prefix, ...value(0x92, ...hash)],
      [0x82, ...prefix, ...value(0x91, ...hash)],
      [0x82, ...prefix, ...value(0x92, 0xc4, 1, 0, 1)],
      [0x82, ...prefix, ...value(0x92, ...hash, 0xff)],
      [0x82, 0xa6, ...Buffer.from('prefix'), 0xc4, 0, ...value(0x92, ...hash, 1)],
      [0x9f],
      [0x82, 1, 1, 1, 1],
      Array(1200).fill(0x80),
    ]
    for (const bytes of wrong) assert.equal(read(...bytes), undefined, bytes.join())
  })
})
