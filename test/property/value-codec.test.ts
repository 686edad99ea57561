// SPDX-License-Identifier: MIT
// The value and query codecs against an independent MessagePack implementation, and against bytes
// that nobody meant to send.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { decode, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { WireError } from '../../src/core/errors.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import {
  FieldValueIndex,
  packFields,
  unpackFields,
} from '../../src/core/value/field-value-index.ts'
import { packedValue, toSignBytes } from '../../src/core/value/pack-value.ts'
import { type Condition, Field, Query, Select, Where } from '../../src/core/value/query.ts'
import { packQuery, unpackQuery } from '../../src/core/value/query-codec.ts'
import { unpackValue, unpackValueBytes } from '../../src/core/value/unpack-value.ts'
import { Value, type ValueInit } from '../../src/core/value/value.ts'
import { MsgpackReader } from '../../src/core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'

const OWNERS = [
  generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
  generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
].map((key) => new Uint8Array(key.export({ type: 'spki', format: 'der' })))

const uint16 = fc.integer({ min: 0, max: 0xffff })
const id = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 300n }))
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(255, 256, 65_535, 65_536).map((length) => new Uint8Array(length)),
)
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 300 })
/** No byte order mark at the start: the decoder of text is allowed to drop it. */
const text = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'x'.repeat(31), 'é'.repeat(16)))
  .filter((string) => !string.startsWith('\ufeff'))
const hash = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .filter((hashBytes) => hashBytes.some((byte) => byte !== 0))
  .map((hashBytes) => InfoHash.fromBytes(hashBytes))

const outer = { id, priority: fc.integer({ min: 0, max: 0xffffffff }), pushType: text }
const body = { type: uint16, data: bytes, userType: text }
const init: fc.Arbitrary<ValueInit> = fc.oneof(
  fc.record({ ...outer, ...body }),
  fc.record({
    ...outer,
    ...body,
    seq: uint16,
    owner: fc.constantFrom(...OWNERS),
    recipient: fc.option(hash, { nil: undefined }),
    signature: someBytes,
  }),
  fc.record({ ...outer, cypher: someBytes }),
)

/** The oracle takes integers of up to 32 bits as numbers; a bigint always becomes 64 bits. */
function integer(number: bigint): number | bigint {
  return number < 2n ** 32n ? Number(number) : number
}

function bodyOf(value: Value): Record<string, unknown> {
  const { seq, owner, recipient, type, data, userType } = value
  return {
    ...(owner && { seq, owner, ...(recipient && { to: recipient.toBytes() }) }),
    type,
    data,
    ...(userType && { utype: userType }),
  }
}

function objectOf(value: Value): Record<string, unknown> {
  const { cypher, signature, priority, pushType } = value
  const content = { body: bodyOf(value), ...(value.isSigned && { sig: signature }) }
  return {
    id: integer(value.id),
    dat: value.isEncrypted ? cypher : content,
    ...(priority && { p: priority }),
    ...(pushType && { pt: pushType }),
  }
}

/** `object` with the entries of all its maps in another order. */
function reversed(object: unknown): unknown {
  if (object === null || typeof object !== 'object' || object instanceof Uint8Array) return object
  const entries = Object.entries(object).map(([key, value]) => [key, reversed(value)])
  return Object.fromEntries(entries.reverse())
}

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ field: fc.constant(Field.Id), value: id }),
  fc.record({ field: fc.constant(Field.Type), value: uint16 }),
  fc.record({ field: fc.constant(Field.Owner), value: hash }),
  fc.record({ field: fc.constant(Field.UserType), value: text }),
)
const field = fc.constantFrom(1, 2, 3, 4, 5) as fc.Arbitrary<Field>
const query = fc
  .tuple(fc.array(field, { maxLength: 8 }), fc.array(condition, { maxLength: 5 }))
  .map(([fields, conditions]) => new Query(new Select(fields), new Where(conditions)))

/** Runs a reader over hostile bytes; only WireError may come out. */
function onlyWireErrors(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof WireError, `${error}`)
  }
}

suite('value codec', () => {
  test('another implementation reads what we write', () => {
    fc.assert(
      fc.property(init, (fields) => {
        const value = new Value(fields)
        const options = { useBigInt64: true }
        const decoded = decode(packedValue(value), options)
        const expected = decode(encode(objectOf(value), options), options)
        assert.deepEqual(decoded, expected)
      }),
    )
  })

  test('we write the same bytes as another implementation', () => {
    fc.assert(
      fc.property(init, (fields) => {
        const value = new Value(fields)
        assert.deepEqual(packedValue(value), encode(objectOf(value), { useBigInt64: true }))
        if (!value.isEncrypted) assert.deepEqual(toSignBytes(value), encode(bodyOf(value)))
      }),
    )
  })

  test('we read what another implementation writes, in any order', () => {
    fc.assert(
      fc.property(init, fc.boolean(), (fields, reverse) => {
        const value = new Value(fields)
        const object = reverse ? reversed(objectOf(value)) : objectOf(value)
        const options = { useBigInt64: true }
        assert.deepEqual(unpackValueBytes(encode(object, options)), value)
        const longId = { ...(object as object), id: value.id }
        assert.deepEqual(unpackValueBytes(encode(longId, options)), value)
      }),
    )
  })

  test('a round trip keeps everything', () => {
    fc.assert(
      fc.property(init, (fields) => {
        const value = new Value(fields)
        const packed = packedValue(value)
        const reader = new MsgpackReader(packed)
        const read = unpackValue(reader)
        assert.deepEqual(read, value)
        assert.ok(read.contentEquals(value))
        assert.equal(read.size, value.size)
        assert.equal(reader.position, packed.length)
      }),
    )
  })

  test('arbitrary bytes give a value or a WireError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        onlyWireErrors(() => unpackValueBytes(garbage))
      }),
      { numRuns: 2000 },
    )
  })

  test('mutated values give a value that can be packed, or a WireError', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(
        init,
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (fields, changes, cut) => {
          const packed = packedValue(new Value(fields))
          for (const [at, byte] of changes) packed[at % packed.length] = byte
          const part = packed.subarray(0, cut % 4 === 0 ? cut % packed.length : packed.length)
          onlyWireErrors(() => {
            const value = unpackValueBytes(part)
            assert.deepEqual(unpackValueBytes(packedValue(value)), value)
          })
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('arbitrary well-formed items give a value or a WireError', () => {
    const key = fc.constantFrom(
      'id',
      'dat',
      'body',
      'type',
      'data',
      'sig',
      'owner',
      'seq',
      'to',
      'utype',
    )
    const { item } = fc.letrec((tie) => ({
      item: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('map'), tie('map')),
      leaf: fc.oneof(uint16, fc.uint8Array({ maxLength: 25 }), fc.string(), fc.constant(null)),
      map: fc.dictionary(key, tie('item'), { maxKeys: 6 }),
    }))
    fc.assert(
      fc.property(item, (object) => onlyWireErrors(() => unpackValueBytes(encode(object)))),
      { numRuns: 2000 },
    )
  })
})

suite('query codec', () => {
  function pack(packed: Query): Uint8Array {
    const writer = new MsgpackWriter()
    packQuery(writer, packed)
    return writer.take()
  }

  test('a round trip keeps the meaning', () => {
    fc.assert(
      fc.property(query, (written) => {
        const packed = pack(written)
        const reader = new MsgpackReader(packed)
        const read = unpackQuery(reader)
        assert.equal(reader.position, packed.length)
        assert.ok(read.isSatisfiedBy(written) && written.isSatisfiedBy(read))
      }),
    )
  })

  test('another implementation reads what we write', () => {
    fc.assert(
      fc.property(query, (written) => {
        const decoded = decode(pack(written), { useBigInt64: false })
        assert.deepEqual((decoded as { s: unknown }).s, written.select.fields)
        const w = written.where.conditions.map((c) => {
          if (c.field === Field.UserType) return { f: 5, v: new TextEncoder().encode(c.value) }
          if (c.field === Field.Owner) return { f: 3, v: c.value.toBytes() }
          return { f: c.field, v: Number(c.value) }
        })
        assert.deepEqual((decoded as { w: unknown }).w, w)
      }),
    )
  })

  test('arbitrary and mutated bytes give a query or a WireError', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.uint8Array(), query, fc.array(change), (garbage, written, changes) => {
        onlyWireErrors(() => unpackQuery(new MsgpackReader(garbage)))
        const packed = pack(written)
        for (const [at, byte] of changes) packed[at % packed.length] = byte
        onlyWireErrors(() => unpackQuery(new MsgpackReader(packed)))
      }),
      { numRuns: 2000 },
    )
  })
})

suite('field list codec', () => {
  const values = fc.array(init, { maxLength: 5 }).map((list) => list.map((each) => new Value(each)))
  const select = fc.array(field, { minLength: 1 }).map((fields) => new Select(fields))

  test('a round trip keeps the selected fields', () => {
    fc.assert(
      fc.property(select, values, (fields, list) => {
        const writer = new MsgpackWriter()
        assert.equal(packFields(writer, fields, list), list.length)
        const expected = list.map((value) => FieldValueIndex.of(value, fields))
        assert.deepEqual(unpackFields(new MsgpackReader(writer.take())), expected)
      }),
    )
  })

  test('arbitrary and mutated bytes give a list or a WireError', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.uint8Array(), values, fc.array(change), (garbage, list, changes) => {
        onlyWireErrors(() => unpackFields(new MsgpackReader(garbage)))
        const writer = new MsgpackWriter()
        packFields(writer, new Select([1, 2, 3, 4, 5]), list)
        const packed = writer.take()
        for (const [at, byte] of changes) packed[at % packed.length] = byte
        onlyWireErrors(() => unpackFields(new MsgpackReader(packed)))
      }),
      { numRuns: 1000 },
    )
  })
})
