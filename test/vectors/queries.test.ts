// SPDX-License-Identifier: MIT
// Query texts, their wire form and satisfaction, and the queries and field lists in packets, as the
// C++ implementation has them.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { WireError } from '../../src/core/errors.ts'
import { packFields, unpackFields } from '../../src/core/value/field-value-index.ts'
import { type Field, type Query, Select } from '../../src/core/value/query.ts'
import { packQuery, unpackQuery } from '../../src/core/value/query-codec.ts'
import { parseQuery } from '../../src/core/value/query-parser.ts'
import { Value } from '../../src/core/value/value.ts'
import { MsgpackReader } from '../../src/core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'

interface QueryVectors {
  queries: {
    text: string
    printed?: string
    packed?: string
    pack_error?: boolean
    parse_error?: string
  }[]
  satisfied_by: { query: string; by: string; satisfied: boolean }[]
}

interface PacketVectors {
  packets: { name: string; hex: string }[]
}

interface CaseVectors {
  cases: { name: string; input_hex: string; [version: string]: unknown }[]
}

function packed(query: Query): string {
  const writer = new MsgpackWriter()
  packQuery(writer, query)
  return toHex(writer.take())
}

/** A reader at the value of `path` inside a datagram; undefined when it is not there. */
function readerAt(hex: string, ...path: string[]): MsgpackReader | undefined {
  const reader = new MsgpackReader(fromHex(hex))
  for (const wanted of path) {
    let left = reader.mapHeader()
    for (; left > 0; left--) {
      if (reader.string((bytes) => Buffer.from(bytes).toString()) === wanted) break
      reader.skip()
    }
    if (left === 0) return undefined
  }
  return reader
}

suite('query vectors', () => {
  const { queries, satisfied_by } = loadVectors<QueryVectors>('core/queries')

  test('all of them are here', () => {
    assert.equal(queries.length, 27)
    assert.equal(satisfied_by.length, 36)
  })

  for (const vector of queries) {
    test(`"${vector.text}"`, () => {
      if (vector.parse_error !== undefined) {
        assert.throws(() => parseQuery(vector.text), TypeError)
        return
      }
      const query = parseQuery(vector.text)
      assert.equal(query.toString(), vector.printed)
      // Where upstream cannot write the query, we write what is left of it.
      const expected = vector.pack_error ? '82a17390a17790' : vector.packed!
      assert.equal(packed(query), expected)
      assert.ok(unpackQuery(new MsgpackReader(fromHex(expected))).equals(query.wire))
    })
  }

  for (const { query, by, satisfied } of satisfied_by) {
    test(`"${query}" is ${satisfied ? '' : 'not '}satisfied by "${by}"`, () => {
      assert.equal(parseQuery(query).isSatisfiedBy(parseQuery(by)), satisfied)
    })
  }
})

suite('queries in datagrams', () => {
  const { cases } = loadVectors<CaseVectors>('core/accept-reject')
  const gets = cases.filter(({ name }) => /^get (q|where)/.test(name))

  test('the recorded cases are here', () => assert.equal(gets.length, 10))

  for (const { name, input_hex, ...outcome } of gets) {
    const rejected = outcome['4.3.1'] === 'no answer'
    test(`${name} is ${rejected ? 'rejected' : 'accepted'}`, () => {
      const reader = readerAt(input_hex, 'a', 'q')!
      if (rejected) assert.throws(() => unpackQuery(reader), WireError)
      else assert.doesNotThrow(() => unpackQuery(reader))
    })
  }

  for (const version of ['2.4.12', '4.3.1']) {
    test(`packets of ${version} have queries that pack to the same bytes again`, () => {
      let found = 0
      for (const { hex } of loadVectors<PacketVectors>(`core/packets-${version}`).packets) {
        const reader = readerAt(hex, 'a', 'q')
        if (reader === undefined) continue
        const start = reader.position
        const query = unpackQuery(reader)
        assert.equal(packed(query), toHex(reader.source.subarray(start, reader.position)))
        found++
      }
      assert.ok(found > 0)
    })

    test(`packets of ${version} have field lists that pack to the same bytes again`, () => {
      let found = 0
      for (const { hex } of loadVectors<PacketVectors>(`core/packets-${version}`).packets) {
        const reader = readerAt(hex, 'r', 'fileds')
        if (reader === undefined) continue
        const start = reader.position
        const indexes = unpackFields(reader)
        const select = new Select(([1, 2, 3, 4, 5] as Field[]).filter((f) => indexes[0]!.has(f)))
        const values = indexes.map(({ id, type, userType }) => new Value({ id, type, userType }))
        const writer = new MsgpackWriter()
        packFields(writer, select, values)
        assert.equal(toHex(writer.take()), toHex(reader.source.subarray(start, reader.position)))
        found++
      }
      assert.ok(found > 0)
    })
  }
})
