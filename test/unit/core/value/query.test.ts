// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encode } from '@msgpack/msgpack'
import { WireError } from '../../../../src/core/errors.ts'
import { InfoHash, ZERO_HASH } from '../../../../src/core/id/info-hash.ts'
import {
  Field,
  QUERY_ALL,
  QUERY_IDS,
  QUERY_IDS_SEQ,
  Query,
  Select,
  Where,
} from '../../../../src/core/value/query.ts'
import { packQuery, unpackQuery } from '../../../../src/core/value/query-codec.ts'
import { parseQuery, parseSelect, parseWhere } from '../../../../src/core/value/query-parser.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { MsgpackReader } from '../../../../src/core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../../../../src/core/wire/msgpack-writer.ts'

const OWNER = new Uint8Array([1, 2, 3])
const OWNER_ID = InfoHash.get(OWNER)

function pack(query: Query): Uint8Array {
  const writer = new MsgpackWriter()
  packQuery(writer, query)
  return writer.take()
}

function unpack(query: unknown): Query {
  return unpackQuery(new MsgpackReader(encode(query, { useBigInt64: true })))
}

suite('Where', () => {
  const value = new Value({
    id: 7n,
    type: 3,
    userType: 'text/plain',
    owner: OWNER,
    signature: OWNER,
    seq: 2,
  })

  test('matches a value that satisfies every condition', () => {
    const owner = `owner_pk=${OWNER_ID}`
    for (const [text, expected] of [
      ['', true],
      ['WHERE id=7', true],
      ['WHERE id=8', false],
      ['WHERE value_type=3', true],
      ['WHERE value_type=0', false],
      ['WHERE user_type=text/plain', true],
      ['WHERE user_type=text', false],
      ['WHERE user_type=TEXT/PLAIN', false],
      ['WHERE seq=2', true],
      ['WHERE seq=3', false],
      [`WHERE ${owner}`, true],
      [`WHERE owner_pk=${InfoHash.get('other')}`, false],
      [`WHERE id=7,seq=2,value_type=3,user_type=text/plain,${owner}`, true],
      [`WHERE id=7,seq=2,value_type=4,user_type=text/plain,${owner}`, false],
    ] as const) {
      assert.equal(parseWhere(text).matches(value), expected, text)
      assert.equal(parseQuery(text).matches(value), expected, text)
    }
  })

  test('sees nothing of an encrypted value, nor an owner where there is none', () => {
    const cypher = new Uint8Array(1)
    const encrypted = new Value({ ...value, id: 7n, cypher })
    assert.ok(parseWhere('WHERE id=7,value_type=0,user_type="",seq=0').matches(encrypted))
    assert.ok(!parseWhere('WHERE value_type=3').matches(encrypted))
    assert.ok(!parseWhere(`WHERE owner_pk=${OWNER_ID}`).matches(encrypted))
    const nobody = new Where([{ field: Field.Owner, value: ZERO_HASH }])
    assert.ok(!nobody.matches(new Value({ id: 1n })))
  })

  test('tells the only value id that can match', () => {
    assert.equal(parseWhere('WHERE value_type=1,id=9').valueId, 9n)
    assert.equal(parseWhere('WHERE value_type=1').valueId, undefined)
  })

  test('keeps conditions on seq to itself', () => {
    const where = parseWhere('WHERE seq=5,id=1')
    assert.equal(`${where.wire}`, 'WHERE id=1')
    assert.equal(where.wire.wire, where.wire)
    assert.equal(`${parseQuery('SELECT id WHERE seq=5').wire}`, 'Query[SELECT id,seq ]')
    assert.equal(`${parseQuery('WHERE seq=5').wire}`, 'Query[SELECT * ]')
  })
})

suite('Query', () => {
  test('compares by meaning, not by order', () => {
    const query = parseQuery('SELECT id,seq WHERE id=1,value_type=2')
    assert.ok(query.equals(parseQuery('SELECT seq,id WHERE value_type=2,id=1')))
    assert.ok(!query.equals(parseQuery('SELECT seq,id WHERE value_type=2')))
    assert.ok(!query.equals(parseQuery('SELECT id WHERE id=1,value_type=2')))
  })

  test('is satisfied by a query with fewer conditions, told apart by their values', () => {
    const owner = (text: string): Query =>
      new Query(new Select(), new Where([{ field: Field.Owner, value: InfoHash.get(text) }]))
    assert.ok(owner('a').isSatisfiedBy(owner('a')))
    assert.ok(!owner('a').isSatisfiedBy(owner('b')))
    assert.ok(owner('a').isSatisfiedBy(QUERY_ALL))
    assert.ok(!QUERY_ALL.isSatisfiedBy(owner('a')))
  })
})

suite('parseQuery()', () => {
  test('names the unknown field and the allowed ones', () => {
    assert.throws(() => parseWhere('WHERE id=1,colour=red'), {
      name: 'TypeError',
      message: /unknown field "colour".*id, value_type, owner_pk, seq, user_type/,
    })
    assert.throws(() => parseQuery('WHERE ID=1'), TypeError)
  })

  test('cuts at the first WHERE, wherever it is', () => {
    assert.equal(`${parseQuery('SELECT id,somewhere id=3')}`, 'Query[SELECT id WHERE id=3]')
    assert.equal(`${parseQuery('Select id Where id=3')}`, 'Query[SELECT * ]')
    assert.equal(`${parseSelect('  SELECT  id,id,*,bogus,seq  WHERE id=1')}`, 'SELECT id,seq')
    assert.equal(`${parseWhere('id=1')}`, '')
  })

  test('reads numbers the way C does', () => {
    for (const [text, id] of [
      ['18446744073709551615', 2n ** 64n - 1n],
      ['18446744073709551616', 2n ** 64n - 1n],
      ['-99999999999999999999999', 2n ** 64n - 1n],
      ['-5', 2n ** 64n - 5n],
      ['+5', 5n],
      ['12abc', 12n],
      ['"12"', 12n],
      ['abc', 0n],
    ] as const) {
      assert.equal(parseWhere(`WHERE id=${text}`).valueId, id)
    }
    assert.equal(`${parseWhere('WHERE seq=65537')}`, 'WHERE seq=1')
  })

  test('reads bad hex as the zero hash', () => {
    assert.equal(`${parseWhere('WHERE owner_pk=xyz')}`, `WHERE owner_pk_hash=${ZERO_HASH}`)
  })

  test('takes a lone quote as it is', () => {
    assert.equal(`${parseWhere('WHERE user_type="')}`, 'WHERE user_type="')
    assert.equal(`${parseWhere('WHERE user_type="a,b"')}`, 'WHERE user_type="a')
  })
})

suite('unpackQuery()', () => {
  test('returns shared queries when there are no conditions', () => {
    assert.equal(unpack({ s: [], w: [] }), QUERY_ALL)
    assert.equal(unpack({ w: [], s: [1], x: 1 }), QUERY_IDS)
    assert.equal(unpack({ s: [4, 1, 4], w: [] }), QUERY_IDS_SEQ)
    for (let bits = 0; bits < 32; bits++) {
      const s = [1, 2, 3, 4, 5].filter((field) => (bits & (1 << (field - 1))) !== 0)
      assert.deepEqual(unpack({ s, w: [] }).select.fields, s)
      assert.deepEqual(pack(unpack({ s, w: [] })), encode({ s, w: [] }))
    }
  })

  test('ignores unknown fields in s', () => {
    assert.equal(unpack({ s: [1, 0, 9, 2n ** 64n - 1n], w: [] }), QUERY_IDS)
    assert.throws(() => unpack({ s: [-1], w: [] }), WireError)
    assert.throws(() => unpack({ s: ['id'], w: [] }), WireError)
  })

  test('reads every kind of condition, its entries in any order', () => {
    const query = unpack({
      s: [],
      w: [
        { f: 1, v: 2n ** 40n },
        { v: 70_000, f: 2 },
        { f: 3, v: OWNER_ID.toBytes() },
        { f: 5, v: 'a' },
        { f: 5, v: new TextEncoder().encode('b') },
      ],
    })
    assert.equal(
      `${query.where}`,
      `WHERE id=${2n ** 40n},value_type=4464,owner_pk_hash=${OWNER_ID},user_type=a,user_type=b`,
    )
    assert.ok(unpackQuery(new MsgpackReader(pack(query))).equals(query))
  })

  test('refuses conditions that it does not understand', () => {
    for (const condition of [
      { f: 0, v: 1 },
      { f: 4, v: 1 },
      { f: 6, v: 1 },
      { f: 1 },
      { v: 1 },
      { f: 1, v: -1 },
      { f: 1, v: 'x' },
      { f: 3, v: new Uint8Array(19) },
      { f: 3, v: 'x'.repeat(20) },
      { f: 5, v: 1 },
      [],
      1,
    ]) {
      assert.throws(() => unpack({ s: [], w: [condition] }), WireError)
    }
  })

  test('bounds what a peer makes us keep', () => {
    const conditions = (count: number, text = ''): unknown =>
      Array.from({ length: count }, (_, i) => ({ f: 5, v: `${text}${i}` }))
    assert.equal(unpack({ s: [], w: conditions(64) }).where.conditions.length, 64)
    assert.throws(() => unpack({ s: [], w: conditions(65) }), WireError)
    assert.throws(() => unpack({ s: [], w: conditions(1, 'x'.repeat(5000)) }), WireError)
    assert.throws(() => unpack({ s: new Array(65).fill(1), w: [] }), WireError)
  })
})
