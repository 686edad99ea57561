// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { decode, encode } from '@msgpack/msgpack'
import { WireError } from '../../../../src/core/errors.ts'
import { InfoHash, ZERO_HASH } from '../../../../src/core/id/info-hash.ts'
import {
  FieldValueIndex,
  packFields,
  unpackFields,
} from '../../../../src/core/value/field-value-index.ts'
import { Field, Select } from '../../../../src/core/value/query.ts'
import { parseSelect, parseWhere } from '../../../../src/core/value/query-parser.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { MsgpackReader } from '../../../../src/core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../../../../src/core/wire/msgpack-writer.ts'

const { publicKey } = generateKeyPairSync('ed25519')
const OWNER = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
const ALL = parseSelect('SELECT id,value_type,owner_pk,seq,user_type')
const NOTHING = new Select()

const SIGNED = new Value({
  id: 0x606ad4dc14c0bbbdn,
  type: 3,
  userType: 'é',
  owner: OWNER,
  signature: OWNER,
  seq: 300,
})
const PLAIN = new Value({ id: 2n })
const ENCRYPTED = new Value({ ...SIGNED, cypher: OWNER })

function pack(select: Select, values: Value[], maxBytes?: number): Uint8Array {
  const writer = new MsgpackWriter()
  packFields(writer, select, values, maxBytes)
  return writer.take()
}

function unpack(fields: unknown): FieldValueIndex[] {
  return unpackFields(new MsgpackReader(encode(fields, { useBigInt64: true })))
}

suite('FieldValueIndex', () => {
  test('holds the selected fields, or all of them', () => {
    const some = FieldValueIndex.of(SIGNED, parseSelect('SELECT seq,id'))
    assert.deepEqual([some.id, some.seq, some.type], [SIGNED.id, 300, undefined])
    assert.ok(some.has(Field.Seq) && !some.has(Field.Owner))
    const all = FieldValueIndex.of(SIGNED, NOTHING)
    assert.ok(all.equals(FieldValueIndex.of(SIGNED, ALL)))
    assert.deepEqual(all.owner, InfoHash.get(OWNER))
  })

  test('shows nothing of an encrypted value but its id', () => {
    const index = FieldValueIndex.of(ENCRYPTED, ALL)
    assert.ok(index.equals(FieldValueIndex.of(new Value({ id: SIGNED.id }), ALL)))
    assert.deepEqual(unpackFields(new MsgpackReader(pack(ALL, [ENCRYPTED]))), [index])
  })

  test('compares values, not only the presence of fields', () => {
    const ids = parseSelect('SELECT id')
    const index = FieldValueIndex.of(PLAIN, ids)
    assert.ok(index.equals(FieldValueIndex.of(new Value({ id: 2n, type: 5 }), ids)))
    assert.ok(!index.equals(FieldValueIndex.of(new Value({ id: 3n }), ids)))
    assert.ok(!index.equals(FieldValueIndex.of(PLAIN, ALL)))
    const owners = parseSelect('SELECT owner_pk')
    assert.ok(!FieldValueIndex.of(PLAIN, owners).equals(FieldValueIndex.of(SIGNED, owners)))
    assert.ok(!FieldValueIndex.of(SIGNED, owners).equals(FieldValueIndex.of(PLAIN, owners)))
    assert.ok(FieldValueIndex.of(SIGNED, owners).equals(FieldValueIndex.of(SIGNED, owners)))
  })

  test('is printed with its fields', () => {
    const print = (value: Value, select: Select): string => `${FieldValueIndex.of(value, select)}`
    assert.equal(print(SIGNED, parseSelect('SELECT id')), 'Index[Id:606ad4dc14c0bbbd]')
    assert.equal(print(PLAIN, ALL), `Index[Id:2,ValueType:0,Owner:${ZERO_HASH},Seq:0,UserType:]`)
  })

  test('applies the conditions that did not travel', () => {
    const index = FieldValueIndex.of(SIGNED, parseSelect('SELECT id,seq'))
    for (const [text, expected] of [
      ['WHERE seq=300', true],
      ['WHERE seq=301', false],
      ['WHERE seq=300,value_type=9', true],
      ['WHERE id=1', false],
    ] as const) {
      assert.equal(index.matches(parseWhere(text)), expected)
    }
    const all = FieldValueIndex.of(SIGNED, ALL)
    assert.ok(all.matches(parseWhere(`WHERE owner_pk=${SIGNED.ownerId},user_type=é,value_type=3`)))
    assert.ok(!all.matches(parseWhere('WHERE user_type=e')))
    assert.ok(!FieldValueIndex.of(PLAIN, ALL).matches(parseWhere(`WHERE owner_pk=${ZERO_HASH}`)))
  })
})

suite('packFields()', () => {
  test('writes ascending fields, keys of owners, and zeros for none', () => {
    assert.deepEqual(
      decode(pack(parseSelect('SELECT seq,owner_pk,id'), [SIGNED, PLAIN]), {
        useBigInt64: true,
      }),
      {
        f: [1, 3, 4],
        v: [SIGNED.id, OWNER, 300, 2, new Uint8Array(20), 0],
      },
    )
  })

  test('refuses to write no fields', () => {
    assert.throws(() => pack(NOTHING, [PLAIN]), /invariant/)
  })

  test('stops at the first value that does not fit', () => {
    const values = Array.from({ length: 1000 }, (_, i) => SIGNED.withId(BigInt(i) << 40n))
    for (const maxBytes of [0, 50, 500, 5000]) {
      const writer = new MsgpackWriter()
      const count = packFields(writer, ALL, values, maxBytes)
      assert.ok(writer.position <= Math.max(maxBytes, 16))
      assert.ok(count === 0 || writer.position > 0.75 * maxBytes)
      assert.equal(unpackFields(new MsgpackReader(writer.take())).length, count)
    }
    assert.equal(packFields(new MsgpackWriter(), ALL, values), 1000)
  })
})

suite('unpackFields()', () => {
  test('reads what packFields() wrote', () => {
    const reader = new MsgpackReader(pack(ALL, [SIGNED, PLAIN]))
    const expected = [SIGNED, PLAIN].map((value) => FieldValueIndex.of(value, ALL))
    assert.deepEqual(unpackFields(reader), expected)
    assert.equal(reader.position, reader.end)
  })

  test('takes an owner as key or as id, zero for none', () => {
    const owners = [OWNER, InfoHash.get(OWNER).toBytes(), new Uint8Array(20)]
    assert.deepEqual(
      unpack({ v: owners, f: [3] }).map(({ owner }) => owner?.toString()),
      [`${InfoHash.get(OWNER)}`, `${InfoHash.get(OWNER)}`, undefined],
    )
    assert.ok(unpack({ f: [3], v: [new Uint8Array(20)] })[0]!.has(Field.Owner))
    assert.throws(() => unpack({ f: [3], v: [new Uint8Array(19)] }), WireError)
  })

  test('takes fields in any order', () => {
    const [index] = unpack({ f: [4, 1], v: [7, 8] })
    assert.deepEqual([index!.seq, index!.id], [7, 8n])
    assert.deepEqual(unpack({ f: [1], v: [] }), [])
  })

  test('refuses lists that do not add up', () => {
    for (const list of [
      { f: [], v: [] },
      { f: [], v: [1] },
      { f: [1] },
      { v: [1] },
      { f: [1, 4], v: [1, 2, 3] },
      { f: [1, 1], v: [1, 1] },
      { f: [0], v: [1] },
      { f: [6], v: [1] },
      { f: [1], v: ['x'] },
      { f: [1], v: [-1] },
      { f: [2], v: [65_536] },
      { f: [4], v: [65_536] },
      { f: 1, v: [1] },
      { f: [1], v: { a: 1 } },
    ]) {
      assert.throws(() => unpack(list), WireError)
    }
  })
})
