// SPDX-License-Identifier: MIT
// Values of any shape to MessagePack and back, compared with another implementation.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { WireError } from '../../../src/core/errors.ts'
import {
  type MsgpackValue,
  packMsgpackValue,
  unpackMsgpackValue,
} from '../../../src/discovery/msgpack-value.ts'
import { fromHex, toHex } from '../../support/vectors.ts'

/** The other implementation refuses that one; it has a test of its own. */
const KEY = fc.string().filter((key) => key !== '__proto__')

const VALUE = fc.letrec<{ value: MsgpackValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.double({ noNaN: true }).filter((it) => !Number.isInteger(it)),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(KEY, tie('value'), { maxKeys: 20 }),
  ),
})).value

test('values survive the way there and back', () => {
  fc.assert(
    fc.property(VALUE, (value) => {
      assert.deepEqual(plain(unpackMsgpackValue(packMsgpackValue(value))), plain(value))
    }),
  )
})

test('others write the same bytes and read the same values', () => {
  fc.assert(
    fc.property(VALUE, (value) => {
      const packed = packMsgpackValue(value)
      assert.equal(toHex(packed), toHex(encode(value)))
      assert.deepEqual(plain(decode(packed) as MsgpackValue), plain(value))
    }),
  )
})

test('numbers at the borders of their forms', () => {
  const borders = [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]
  const negative = [-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1]
  for (const number of [...borders, ...negative, 0.5, -0, Number.POSITIVE_INFINITY]) {
    assert.ok(Object.is(unpackMsgpackValue(packMsgpackValue(number)), number), `${number}`)
  }
  for (const number of [2n ** 53n, 2n ** 64n - 1n, -(2n ** 63n), -(2n ** 53n)]) {
    assert.equal(unpackMsgpackValue(packMsgpackValue(number)), number)
  }
  assert.equal(unpackMsgpackValue(fromHex('ca3fc00000')), 1.5)
  assert.equal(unpackMsgpackValue(packMsgpackValue(12n)), 12, 'small ones are numbers again')
})

test('maps with other keys than texts are of type Map', () => {
  const value = new Map<MsgpackValue, MsgpackValue>([
    [1, 'one'],
    ['two', 2],
  ])
  assert.deepEqual(unpackMsgpackValue(packMsgpackValue(value)), value)
})

test('a key named __proto__ is a key', () => {
  const packed = packMsgpackValue(new Map([['__proto__', { isAdmin: true }]]))
  const value = unpackMsgpackValue(packed) as Record<string, unknown>
  assert.deepEqual(Object.keys(value), ['__proto__'])
  assert.equal(value['isAdmin'], undefined)
})

test('what has no form is refused by name', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  const wrong: [unknown, RegExp][] = [
    [undefined, /^TypeError: payload must be null, a boolean, .*: got undefined$/],
    [{ a: [new Date()] }, /^TypeError: payload\.a\[0\] must be .*: got Date$/],
    [() => 1, /^TypeError: payload must be .*: got function$/],
    [2n ** 64n, /^RangeError: payload must be -2\^63 to 2\^64-1: got 18446744073709551616$/],
    [cyclic, /^RangeError: payload.* must be nested at most 15 levels deep/],
  ]
  for (const [value, message] of wrong) {
    assert.throws(() => packMsgpackValue(value as MsgpackValue, 'payload'), message)
  }
})

test('fields that are undefined are absent', () => {
  const value = { a: 1, b: undefined } as unknown as MsgpackValue
  assert.deepEqual(unpackMsgpackValue(packMsgpackValue(value)), { a: 1 })
})

test('damaged items are a WireError', () => {
  const deep = `${'91'.repeat(20)}c0`
  for (const hex of ['', 'c1', 'd501ff00', '92c0', 'a3', 'cb00', '81a161', 'dfffffffff', deep]) {
    assert.throws(() => unpackMsgpackValue(fromHex(hex)), WireError, hex)
  }
})

/** Objects without prototypes, as generators make some, count as plain ones. */
function plain(value: MsgpackValue): unknown {
  if (Array.isArray(value)) return (value as readonly MsgpackValue[]).map(plain)
  if (value instanceof Uint8Array) return [...value]
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([key, field]) => [key, plain(field)]))
}
