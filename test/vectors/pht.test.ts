// SPDX-License-Identifier: MIT
// Keys, prefixes and entries of indexes as the C++ implementation computes them, and a real tree
// of C++ nodes while it grows.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Value } from '../../src/core/value/value.ts'
import { commonBits } from '../../src/pht/bits.ts'
import { indexTypes, packEntry, unpackEntry } from '../../src/pht/index-entry.ts'
import { type FieldLengths, KeySpec } from '../../src/pht/key-spec.ts'
import { Pht } from '../../src/pht/pht.ts'
import { nodeKey, Prefix } from '../../src/pht/prefix.ts'
import { splitDepth } from '../../src/pht/split.ts'
import { MemoryDht } from '../support/memory-dht.ts'
import { misplacedSibling } from '../support/pht-kit.ts'
import { fromHex, loadVectors, toHex } from '../support/vectors.ts'

interface KeyVector {
  label: string
  keyspec: FieldLengths
  key_hex: Record<string, string>
  error?: string
  size_bits: number
  content_hex: string
  full_hash: string
  prefixes: {
    len: number
    content_hex: string
    hash: string
    sibling_content_hex: string
    sibling_hash: string
  }[]
  entry: { value_hash: string; value_id: number; user_type: string; type: number; data_hex: string }
}

interface PureVectors {
  canary_user_type: string
  vectors: KeyVector[]
  prefix_from_infohash: { size: number; hash: string }
  common_bits: { a: string; b: string; result: number }[]
  split_location: { compared: string; entries: string[]; result: number }[]
}

interface StoredValue {
  utype: string
  data: string
  id: string
}

interface LiveVectors {
  name: string
  keyspec: FieldLengths
  inserts: { key: string; target: string; value_id: number }[]
  snapshots: {
    after_inserts: number
    all_keys?: boolean
    nodes: Record<string, { len: number; prefix: string; values: StoredValue[] }>
  }[]
}

for (const version of ['2.4.12', '4.3.1']) {
  const vectors = loadVectors<PureVectors>(`pht/pure-${version}`)
  suite(`indexes of OpenDHT ${version}`, () => {
    for (const vector of vectors.vectors) {
      const spec = new KeySpec(vector.keyspec)
      const key = mapValues(vector.key_hex, fromHex)
      if (vector.error !== undefined) {
        test(`refused: ${vector.label}`, () => {
          assert.throws(() => spec.linearise(key), { message: /^key\b/ })
        })
      } else test(vector.label, () => checkKey(vector, spec, key))
    }

    test('bits that two keys share', () => {
      for (const { a, b, result } of vectors.common_bits) {
        assert.equal(commonBits(fromHex(a), fromHex(b)), result)
      }
    })

    test('where leaves are split', () => {
      for (const { compared, entries, result } of vectors.split_location) {
        const depth = splitDepth(fromHex(compared), entries.map(fromHex))
        const isEqual = entries.every((entry) => entry === compared)
        // C++ nodes split between equal keys, too, at a depth where nobody looks.
        assert.equal(depth, isEqual ? undefined : result)
      }
    })

    test('a hash as a prefix', () => {
      const { size, hash } = vectors.prefix_from_infohash
      const bytes = fromHex('0123456789abcdef0123456789abcdef01234567')
      assert.equal(`${nodeKey(bytes, size)}`, hash)
    })

    test('the user type of canaries', () => {
      assert.equal(indexTypes('foo').canary, vectors.canary_user_type)
    })
  })
}

function checkKey(vector: KeyVector, spec: KeySpec, key: Record<string, Uint8Array>): void {
  const { content, size } = spec.linearise(key)
  assert.deepEqual([toHex(content), size], [vector.content_hex, vector.size_bits])
  assert.equal(`${nodeKey(content, size)}`, vector.full_hash)
  assert.deepEqual(mapValues(spec.fieldsOf(content)!, toHex), vector.key_hex)
  for (const row of vector.prefixes) {
    const prefix = Prefix.of(content, row.len)
    assert.deepEqual([toHex(prefix.bytes), `${prefix.key}`], [row.content_hex, row.hash])
    const sibling = misplacedSibling(prefix)
    assert.equal(toHex(sibling), row.sibling_content_hex)
    assert.equal(`${nodeKey(sibling, row.len)}`, row.sibling_hash)
  }
  const { value_hash, value_id, user_type, type, data_hex } = vector.entry
  const entry = { content, hash: InfoHash.fromHex(value_hash)!, id: BigInt(value_id) }
  const value = packEntry(indexTypes('foo'), entry)
  assert.deepEqual([value.userType, value.type, toHex(value.data)], [user_type, type, data_hex])
  assert.deepEqual(unpackEntry(fromHex(data_hex)), entry)
}

suite('a tree of C++ nodes', () => {
  const live = loadVectors<LiveVectors>('pht/live-2.4.12')
  const { canary, entry } = indexTypes(live.name)

  for (const { after_inserts: count, all_keys: hasAll, nodes } of live.snapshots) {
    const keys = hasAll ? live.inserts : [live.inserts[0]!, live.inserts[count - 1]!]
    const found = keys.slice(0, count)
    test(`after ${count} inserts ${found.length} keys are found`, async () => {
      const dht = new MemoryDht()
      for (const [key, { len, prefix, values }] of Object.entries(nodes)) {
        assert.equal(`${nodeKey(fromHex(prefix), len)}`, key)
        for (const { utype: userType, data, id } of values) {
          assert.ok(userType === canary || userType === entry)
          const value = new Value({ id: BigInt(id), userType, data: fromHex(data) })
          await dht.put(InfoHash.fromHex(key)!, value)
        }
      }
      const pht = new Pht(dht, live.name, live.keyspec)
      for (const { key, target, value_id } of found) {
        const values = await pht.lookup({ k: fromHex(key) })
        assert.deepEqual(values, [{ hash: InfoHash.fromHex(target), id: BigInt(value_id) }])
      }
      const { malformedEntries, misplacedEntries } = pht.stats()
      assert.deepEqual([malformedEntries, misplacedEntries], [0, 0])
    })
  }
})

function mapValues<T, U>(record: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}
