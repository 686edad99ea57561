// SPDX-License-Identifier: MIT
// Values under one key: found by id however many there are, selected by query.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  Field,
  QUERY_ALL,
  QUERY_IDS,
  Query,
  Select,
  Where,
} from '../../../../src/core/value/query.ts'
import { Value } from '../../../../src/core/value/value.ts'
import {
  address,
  KEY,
  OTHER_KEY,
  PlainRandom,
  plainValue,
  StorageKit,
} from '../../../support/storage-kit.ts'

const PEER = address('192.0.2.1')

function where(...conditions: ConstructorParameters<typeof Where>[0] & unknown[]): Query {
  return new Query(new Select(), new Where(conditions))
}

describe('values under one key', () => {
  for (const count of [1, 2, 8, 9, 40, 1000]) {
    it(`are found and removed one by one, ${count} of them`, () => {
      const kit = new StorageKit()
      const random = new PlainRandom(count)
      const ids = Array.from(
        { length: count },
        () => (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()),
      )
      for (const id of ids) kit.storage.put(KEY, plainValue(id), { from: PEER, now: 0 })
      const key = kit.storage.find(KEY)!
      assert.equal(key.valueCount, count)
      for (const id of ids) assert.equal(key.find(id)?.id, id)
      assert.equal(key.find(12345n), undefined)
      const left = new Set(ids)
      for (const id of ids.toSorted((a, b) => (a < b ? -1 : 1))) {
        kit.storage.remove(KEY, id, 0)
        left.delete(id)
        const now = kit.storage.find(KEY)
        assert.equal(now?.find(id), undefined)
        assert.deepEqual(new Set(now?.values.map((value) => value.id)), left)
        if (count <= 40) for (const other of left) assert.equal(now?.find(other)?.id, other)
      }
      assert.equal(kit.storage.find(KEY), undefined)
      assert.equal(kit.storage.keyCount, 0)
    })
  }

  it('are found while their number goes up and down across all ways of keeping them', () => {
    const kit = new StorageKit()
    const random = new PlainRandom(7)
    const present = new Set<bigint>()
    for (let target = 0, i = 0; i < 4000; i++) {
      if (i % 40 === 0) target = random.uint32() % [3, 12, 40][(i / 40) % 3]!
      const id = BigInt(1 + (random.uint32() % 60))
      if (present.size < target) {
        kit.storage.put(KEY, plainValue(id), { from: PEER, now: 0 })
        present.add(id)
      } else if (kit.storage.remove(KEY, id, 0)) present.delete(id)
      const key = kit.storage.find(KEY)
      assert.equal(key?.valueCount ?? 0, present.size)
      for (const it of present) assert.equal(key?.find(it)?.id, it)
    }
  })

  it('have an order that depends on the calls alone', () => {
    const orders = [1, 2, 3].map((seed) => {
      const kit = new StorageKit({ seed })
      for (let id = 1; id <= 100; id++) kit.storage.put(KEY, plainValue(id), { from: PEER, now: 0 })
      for (let id = 3; id <= 100; id += 3) kit.storage.remove(KEY, BigInt(id), 0)
      return kit.storage.find(KEY)!.values.map(({ id }) => id)
    })
    assert.deepEqual(orders[0], orders[1])
    assert.deepEqual(orders[0], orders[2])
  })

  it('are told apart by both halves of the id', () => {
    const kit = new StorageKit()
    const ids = [1n, 1n << 32n, (1n << 32n) + 1n, 0xffff_ffff_ffff_ffffn, 0xffff_ffffn]
    for (const id of ids) kit.storage.put(KEY, plainValue(id), { from: PEER, now: 0 })
    const key = kit.storage.find(KEY)!
    for (const id of ids) assert.equal(key.find(id)?.id, id)
  })
})

describe('a selection', () => {
  const kit = new StorageKit()
  const owner = undefined
  const values = [
    plainValue(1),
    new Value({ id: 2n, type: 3, userType: 'text/plain', owner }),
    new Value({ id: 3n, cypher: new Uint8Array(30) }),
  ]
  for (const value of values) kit.storage.put(KEY, value, { from: PEER, now: 0 })
  kit.storage.put(OTHER_KEY, plainValue(9), { from: PEER, now: 0 })
  const ids = (query: Query, limit?: number): number[] =>
    kit.storage
      .find(KEY)!
      .select(query, limit)
      .map(({ id }) => Number(id))

  it('of everything takes all of the key, up to the limit', () => {
    assert.deepEqual(ids(QUERY_ALL), [1, 2, 3])
    assert.deepEqual(ids(QUERY_IDS), [1, 2, 3])
    assert.deepEqual(ids(QUERY_ALL, 2), [1, 2])
  })

  it('by id takes that one', () => {
    assert.deepEqual(ids(where({ field: Field.Id, value: 2n })), [2])
    assert.deepEqual(ids(where({ field: Field.Id, value: 4n })), [])
    const twoIds = where({ field: Field.Id, value: 2n }, { field: Field.Id, value: 1n })
    assert.deepEqual(ids(twoIds), [])
  })

  it('by type sees type 0 in an encrypted value', () => {
    assert.deepEqual(ids(where({ field: Field.Type, value: 3 })), [2])
    assert.deepEqual(ids(where({ field: Field.Type, value: 0 })), [1, 3])
    const typeOfOne = where({ field: Field.Id, value: 3n }, { field: Field.Type, value: 3 })
    assert.deepEqual(ids(typeOfOne), [])
  })

  it('by user type looks into the values', () => {
    assert.deepEqual(ids(where({ field: Field.UserType, value: 'text/plain' })), [2])
    assert.deepEqual(ids(where({ field: Field.UserType, value: '' })), [1, 3])
    const both = where({ field: Field.Type, value: 3 }, { field: Field.UserType, value: 'x' })
    assert.deepEqual(ids(both), [])
  })
})

describe('packed bytes', () => {
  it('stay right for whoever holds them, while others come and go', () => {
    const kit = new StorageKit()
    const held = new Map<bigint, Uint8Array>()
    const copies = new Map<bigint, Uint8Array>()
    for (let id = 1; id <= 2000; id++) {
      const value = plainValue(id, id % 300, id & 255)
      kit.storage.put(KEY, value, { from: PEER, now: 0 })
      const { packed } = kit.storage.find(KEY)!.find(BigInt(id))!
      held.set(BigInt(id), packed)
      copies.set(BigInt(id), packed.slice())
    }
    for (let id = 1; id <= 2000; id++) {
      if (id % 5 !== 0) kit.storage.remove(KEY, BigInt(id), 0)
    }
    for (const [id, packed] of held) assert.deepEqual(packed, copies.get(id))
    for (const stored of kit.storage.find(KEY)!.values) {
      assert.deepEqual(stored.packed, copies.get(stored.id))
      assert.equal(stored.value.id, stored.id)
    }
  })
})
