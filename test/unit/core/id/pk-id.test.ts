// SPDX-License-Identifier: MIT
// PkId: text and byte forms. The hashing of keys is checked against recorded vectors elsewhere.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PkId } from '../../../../src/core/id/pk-id.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const TEXT = '00112233445566778899aabbccddeeff'.repeat(2)

test('64 digits of either case are read and printed again', () => {
  assert.equal(PkId.fromHex(TEXT)?.toString(), TEXT)
  assert.equal(PkId.fromHex(`${TEXT.toUpperCase()} and more`)?.toString(), TEXT)
  assert.equal(JSON.stringify({ id: PkId.fromHex(TEXT) }), `{"id":"${TEXT}"}`)
})

test('anything else is no id', () => {
  for (const text of ['', TEXT.slice(1), `g${TEXT.slice(1)}`, `0x${TEXT.slice(3)}`]) {
    assert.equal(PkId.fromHex(text), undefined)
  }
})

test('bytes are copied in and out', () => {
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => i)
  const id = PkId.fromBytes(bytes, 5)
  bytes.fill(0)
  assert.equal(id.toBytes()[0], 5)
  id.toBytes().fill(0)
  assert.equal(id.toBytes()[31], 36)
  assert.throws(() => PkId.fromBytes(bytes, 9), { name: 'RangeError', message: /32 bytes: got 31/ })
})

test('ids are equal when all their bytes are', () => {
  const id = PkId.get('key')
  assert.ok(id.equals(PkId.get(new TextEncoder().encode('key'))))
  assert.ok(!id.equals(PkId.get('another key')))
  const last = id.toBytes()
  last[31]! ^= 1
  assert.ok(!id.equals(PkId.fromBytes(last)))
})

test('only zero is zero, and random ids are neither zero nor equal', () => {
  assert.ok(PkId.fromBytes(new Uint8Array(32)).isZero)
  const random = new SeededRandom(1)
  const [first, second] = [PkId.random(random), PkId.random(random)]
  assert.ok(!first.isZero)
  assert.ok(!first.equals(second))
})
