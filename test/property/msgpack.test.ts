// SPDX-License-Identifier: MIT
// MessagePack reader and writer against @msgpack/msgpack in both directions, and the reader on
// arbitrary bytes: it throws WireErrors only, in bounded time, and never looks past its end.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decode, ExtData, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { WireError } from '../../src/core/errors.ts'
import { fromUtf8 } from '../../src/core/util/bytes.ts'
import { MsgpackReader } from '../../src/core/wire/msgpack-reader.ts'
import { MsgpackWriter } from '../../src/core/wire/msgpack-writer.ts'

type Item = number | bigint | boolean | string | Uint8Array | Item[] | { [key: string]: Item }

/** Numbers of every magnitude up to 2^bits, many of them at the borders between forms. */
function magnitudes(bits: number): fc.Arbitrary<bigint> {
  const max = 2n ** BigInt(bits) - 1n
  const border = fc
    .tuple(fc.nat(bits), fc.bigInt(-2n, 2n))
    .map(([n, nudge]) => 2n ** BigInt(n) + nudge)
    .map((value) => (value < 0n ? 0n : value > max ? max : value))
  const any = fc.nat(bits).chain((n) => fc.bigInt(0n, 2n ** BigInt(n) - 1n))
  return fc.oneof(border, any)
}

const unsigned = magnitudes(53).map(Number)
const large = magnitudes(64).map((value) => (value < 2n ** 32n ? value + 2n ** 32n : value))
/** Mostly short, now and then around the borders between the forms of strings. */
const length = fc.oneof(
  { arbitrary: fc.nat(40), weight: 20 },
  { arbitrary: fc.nat(300), weight: 10 },
  { arbitrary: fc.integer({ min: 65_500, max: 65_600 }), weight: 1 },
)
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  length.map((count) => 'x'.repeat(count)),
)
const binary = fc.oneof(
  fc.uint8Array(),
  length.map((count) => new Uint8Array(count).fill(7)),
)
const key = fc.stringMatching(/^[a-z][a-z0-9]{0,30}$/)

function tree(leaf: fc.Arbitrary<Item>): fc.Arbitrary<Item> {
  return fc.letrec<{ item: Item }>((tie) => ({
    item: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      leaf,
      fc.array(tie('item'), { maxLength: 20 }),
      fc.dictionary(key, tie('item'), { maxKeys: 20, noNullPrototype: true }),
    ),
  })).item
}

const tame = tree(fc.oneof(unsigned, fc.boolean(), text, binary))
/** Without numbers from 2^32 on, which the oracle writes as doubles when bigints are integers. */
const exact = tree(fc.oneof(magnitudes(32).map(Number), large, fc.boolean(), text, binary))
const wild = tree(fc.oneof(unsigned, large, fc.boolean(), text, binary))
const negative = magnitudes(52).map((value) => -1 - Number(value))
const signed = magnitudes(63).chain((value) => fc.constantFrom(value, -1n - value))

function write(writer: MsgpackWriter, item: Item): void {
  if (typeof item === 'number') writer.unsigned(item)
  else if (typeof item === 'bigint') writer.uint64(item)
  else if (typeof item === 'boolean') writer.boolean(item)
  else if (typeof item === 'string') writer.text(item)
  else if (item instanceof Uint8Array) writer.binary(item)
  else if (Array.isArray(item)) {
    writer.arrayHeader(item.length)
    for (const element of item) write(writer, element)
  } else {
    writer.mapHeader(Object.keys(item).length)
    for (const [name, value] of Object.entries(item)) {
      writer.key(name)
      write(writer, value)
    }
  }
}

function written(item: Item): Uint8Array {
  const writer = new MsgpackWriter(0)
  write(writer, item)
  return writer.take()
}

/** What is next in `reader`, found out by asking it. Integers of 64 bits come out as bigints. */
function read(reader: MsgpackReader): Item {
  if (reader.nextIsArray) return Array.from({ length: reader.arrayHeader() }, () => read(reader))
  if (reader.nextIsMap) {
    const entries = Array.from({ length: reader.mapHeader() }, () => [
      reader.string(fromUtf8),
      read(reader),
    ])
    return Object.fromEntries(entries)
  }
  if (reader.nextIsText) return reader.string(fromUtf8)
  if (reader.nextIsBinary) return reader.looseBytes().slice()
  if (!reader.nextIsInteger) return reader.boolean()
  if (reader.peek() === 0xcf) return reader.uint64()
  return reader.peek() === 0xd3 ? reader.int64() : reader.integer()
}

/** The item as the oracle returns it: integers that take 64 bits on the wire are bigints. */
function asDecoded(item: Item): Item {
  if (typeof item === 'number') return Math.abs(item) > 0xffffffff ? BigInt(item) : item
  if (Array.isArray(item)) return item.map(asDecoded)
  if (typeof item !== 'object' || item instanceof Uint8Array) return item
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, asDecoded(value)]))
}

describe('MsgpackWriter', () => {
  it('writes what the oracle reads', () => {
    fc.assert(
      fc.property(wild, (item) => {
        assert.deepEqual(decode(written(item), { useBigInt64: true }), asDecoded(item))
      }),
      { numRuns: 300 },
    )
  })

  it('writes the bytes that the oracle writes, which are the shortest', () => {
    fc.assert(
      fc.property(tame, (item) => {
        assert.deepEqual(written(item), encode(item))
      }),
      { numRuns: 300 },
    )
  })
})

describe('MsgpackReader', () => {
  it('reads what the oracle writes', () => {
    fc.assert(
      fc.property(exact, (item) => {
        const bytes = encode(item, { useBigInt64: true })
        const reader = new MsgpackReader(bytes)
        assert.deepEqual(read(reader), item)
        assert.equal(reader.position, bytes.length)
      }),
      { numRuns: 300 },
    )
  })

  it('reads what the writer writes', () => {
    fc.assert(
      fc.property(wild, (item) => {
        const reader = new MsgpackReader(written(item))
        assert.deepEqual(read(reader), asDecoded(item))
        assert.equal(reader.position, reader.end)
      }),
    )
  })

  it('reads negative numbers and integers of 64 bits', () => {
    fc.assert(
      fc.property(negative, signed, (small, big) => {
        assert.equal(new MsgpackReader(encode(small)).integer(), small)
        assert.equal(new MsgpackReader(encode(small)).int64(), BigInt(small))
        const bytes = encode(big, { useBigInt64: true })
        assert.equal(new MsgpackReader(bytes).int64(), big)
        assert.equal(new MsgpackReader(bytes).integer(), Number(big))
        assert.equal(new MsgpackReader(bytes).nextIsUnsigned, big >= 0n)
        if (big >= 0n) assert.equal(new MsgpackReader(bytes).uint64(), big)
        else assert.throws(() => new MsgpackReader(bytes).uint64(), WireError)
      }),
      { numRuns: 500 },
    )
  })

  it('bounds unsigned numbers as it is told', () => {
    fc.assert(
      fc.property(magnitudes(64), unsigned, (value, max) => {
        const writer = new MsgpackWriter()
        writer.uint64(value)
        const reader = new MsgpackReader(writer.take())
        if (value <= BigInt(max)) assert.equal(reader.unsigned(max), Number(value))
        else assert.throws(() => reader.unsigned(max), WireError)
      }),
      { numRuns: 500 },
    )
  })
})

// Bytes that often make sense: headers with small and absurd counts between random ones.
const headers = [0x80, 0x81, 0x82, 0x8f, 0x90, 0x91, 0x92, 0x9f, 0xa0, 0xa1, 0xa3, 0xbf]
const tag = fc.oneof(fc.constantFrom(...headers), fc.integer({ min: 0xc0, max: 0xff }))
const small = fc.constantFrom(0, 0, 0, 1, 2, 0x7f, 0xff)
const bytes = fc
  .array(fc.oneof({ arbitrary: tag, weight: 3 }, { arbitrary: small, weight: 4 }, fc.nat(255)), {
    maxLength: 200,
    size: 'max',
  })
  .map((all) => Uint8Array.from(all))
const extension = fc
  .tuple(fc.nat(127), fc.uint8Array({ maxLength: 300, size: 'max' }))
  .map(([type, data]) => new ExtData(type, data))
/** Well-formed items with every type that the format has, the ones we do not use included. */
const foreign = fc.letrec<{ item: unknown }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 6 },
    fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null), signed, fc.string()),
    fc.oneof(fc.uint8Array(), fc.date({ noInvalidDate: true }), extension),
    fc.array(tie('item'), { maxLength: 20 }),
    fc.dictionary(key, tie('item'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).item

const OPERATIONS: Record<string, (reader: MsgpackReader) => unknown> = {
  skip: (reader) => reader.skip(),
  mapHeader: (reader) => reader.mapHeader(),
  arrayHeader: (reader) => reader.arrayHeader(),
  text: (reader) => reader.text(),
  binary: (reader) => reader.binary(),
  string: (reader) => reader.string(fromUtf8),
  looseBytes: (reader) => Buffer.from(reader.looseBytes()).toString('hex'),
  boolean: (reader) => reader.boolean(),
  unsigned: (reader) => reader.unsigned(Number.MAX_SAFE_INTEGER),
  integer: (reader) => reader.integer(),
  uint64: (reader) => reader.uint64(),
  int64: (reader) => reader.int64(),
  extension: (reader) => reader.extension(),
  next: (r) => [r.nextIsArray, r.nextIsMap, r.nextIsText, r.nextIsBinary, r.nextIsUnsigned],
  nextIsInteger: (reader) => [reader.nextIsInteger, reader.peek()],
}
const operations = fc.array(fc.constantFrom(...Object.keys(OPERATIONS)), { maxLength: 30 })

/** Applies operations; after an error it goes on where the reader stopped. */
function outcomes(reader: MsgpackReader, names: string[]): unknown[] {
  return names.map((name) => {
    let result: unknown
    try {
      result = OPERATIONS[name]!(reader)
    } catch (error) {
      assert(error instanceof WireError, `${name} threw ${error}`)
      result = error.message
    }
    assert(reader.position <= reader.end, `${name} ran past the end`)
    return [name, result, reader.position, reader.offset, reader.length]
  })
}

/** Counts reads of single bytes and refuses those outside of a range. */
function watched(source: Uint8Array, start: number, end: number): [Uint8Array, () => number] {
  let reads = 0
  const proxy = new Proxy(source, {
    get(target, property) {
      const index = Number(property)
      assert(index >= start && index < end, `read at ${String(property)}`)
      reads++
      return target[index]
    },
  })
  return [proxy, () => reads]
}

describe('MsgpackReader on arbitrary bytes', () => {
  it('throws WireErrors only and stays within its range', () => {
    fc.assert(
      fc.property(bytes, operations, (contents, names) => {
        outcomes(new MsgpackReader(contents), names)
      }),
      { numRuns: 2000 },
    )
  })

  it('does not depend on what lies around its range', () => {
    fc.assert(
      fc.property(bytes, operations, fc.nat(9), (contents, names, before) => {
        const seen = [0x00, 0x81, 0xff].map((filler) => {
          const around = new Uint8Array(contents.length + before + 9).fill(filler)
          around.set(contents, before)
          return outcomes(new MsgpackReader(around, before, before + contents.length), names)
        })
        assert.deepEqual(seen[1], seen[0])
        assert.deepEqual(seen[2], seen[0])
      }),
      { numRuns: 500 },
    )
  })

  it('skips with a few reads per byte and none outside of its range', () => {
    fc.assert(
      fc.property(bytes, fc.nat(5), fc.nat(5), (contents, before, after) => {
        const end = Math.max(before, contents.length - after)
        const [source, reads] = watched(contents, before, end)
        try {
          new MsgpackReader(source, before, end).skip()
        } catch (error) {
          assert(error instanceof WireError)
        }
        assert(reads() <= 12 * (end - before))
      }),
      { numRuns: 1000 },
    )
  })

  it('skips exactly one item of any type', () => {
    fc.assert(
      fc.property(foreign, foreign, (first, second) => {
        const one = encode(first, { useBigInt64: true })
        const both = Buffer.concat([one, encode(second, { useBigInt64: true })])
        const reader = new MsgpackReader(both)
        reader.skip()
        assert.equal(reader.position, one.length)
        reader.skip()
        assert.equal(reader.position, both.length)
      }),
      { numRuns: 500 },
    )
  })

  it('skips exactly what the oracle takes for one item and refuses what it refuses', () => {
    fc.assert(
      fc.property(bytes, (contents) => {
        const reader = new MsgpackReader(contents)
        try {
          reader.skip()
        } catch (error) {
          assert(error instanceof WireError)
          // The oracle has no limit of depth.
          if (!error.message.includes('nested')) assert.equal(isOneItem(contents, true), false)
          return
        }
        assert(isOneItem(contents.subarray(0, reader.position), false))
      }),
      { numRuns: 3000 },
    )
  })
})

/** Whether the oracle reads one item and, unless `prefix` is set, nothing after it. */
function isOneItem(contents: Uint8Array, prefix: boolean): boolean {
  const limit = contents.length
  try {
    decode(contents, {
      rawStrings: true,
      mapKeyConverter: () => 'key',
      extensionCodec: { tryToEncode: () => null, decode: () => null },
      maxArrayLength: limit,
      maxMapLength: limit,
    })
    return true
  } catch (error) {
    assert(error instanceof Error)
    return prefix && /^Extra \d+ of/.test(error.message)
  }
}
