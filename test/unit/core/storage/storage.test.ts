// SPDX-License-Identifier: MIT
// What the storage accepts, replaces, prolongs and forgets.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { acceptBySize, denyEdit } from '../../../../src/core/value/policies.ts'
import { Value } from '../../../../src/core/value/value.ts'
import type { ValueType } from '../../../../src/core/value/value-type.ts'
import {
  address,
  costOf,
  KEY,
  OTHER_KEY,
  plainValue,
  StorageKit,
} from '../../../support/storage-kit.ts'

const PEER = address('192.0.2.1')
const MINUTE = 60_000

const editable: ValueType = {
  id: 7,
  name: 'editable',
  lifetimeMs: 30 * MINUTE,
  storePolicy: acceptBySize,
  editPolicy: (_key, current, next) => next.data[0]! > current.data[0]!,
}

function typed(id: number, first: number, type = 7): Value {
  return new Value({ id: BigInt(id), type, data: Uint8Array.of(first, 2, 3) })
}

describe('a put of a peer', () => {
  it('is stored, found by key and id, and lives as long as its type says', () => {
    const kit = new StorageKit()
    const value = plainValue(5)
    assert.equal(kit.storage.put(KEY, value, { from: PEER, now: 0 }), 'stored')
    const stored = kit.storage.find(KEY)!.find(5n)!
    assert.ok(stored.value.contentEquals(value))
    assert.equal(stored.id, 5n)
    assert.equal(stored.expiresAt, 10 * MINUTE)
    assert.equal(stored.isLocal, false)
    assert.ok(stored.from?.equals(PEER))
    kit.advance(10 * MINUTE - 1)
    assert.equal(kit.storage.valueCount, 1)
    kit.advance(1)
    assert.equal(kit.storage.find(KEY), undefined)
    assert.deepEqual(kit.takeChanges(), ['stored 5', 'expired 5'])
    assert.equal(kit.storage.remoteBytes, 0)
    assert.equal(kit.storage.keyCount, 0)
  })

  it('counts its life from its creation, and from now when that is in the future', () => {
    const kit = new StorageKit()
    kit.advance(20 * MINUTE)
    const { storage, now } = kit
    storage.put(KEY, plainValue(1), { createdAt: now - 4 * MINUTE, from: PEER, now })
    storage.put(KEY, plainValue(2), { createdAt: now + 4 * MINUTE, from: PEER, now })
    assert.equal(storage.find(KEY)?.find(1n)?.expiresAt, now + 6 * MINUTE)
    assert.equal(storage.find(KEY)?.find(2n)?.expiresAt, now + 10 * MINUTE)
    assert.equal(storage.find(KEY)?.find(2n)?.createdAt, now)
  })

  it('is refused when its life is over', () => {
    const kit = new StorageKit()
    kit.advance(20 * MINUTE)
    const createdAt = kit.now - 10 * MINUTE
    const result = kit.storage.put(KEY, plainValue(1), { createdAt, from: PEER, now: kit.now })
    assert.equal(result, 'refused')
    assert.equal(kit.storage.stats.refused.expired, 1)
    assert.equal(kit.storage.keyCount, 0)
  })

  it('prolongs a value with the same content, whatever creation time it names', () => {
    const kit = new StorageKit()
    kit.storage.put(KEY, plainValue(1), { from: PEER, now: 0 })
    kit.advance(4 * MINUTE)
    const other = address('192.0.2.9')
    const options = { createdAt: -MINUTE, from: other, now: kit.now }
    assert.equal(kit.storage.put(KEY, plainValue(1), options), 'refreshed')
    const stored = kit.storage.find(KEY)?.find(1n)
    assert.equal(stored?.expiresAt, 14 * MINUTE)
    assert.equal(stored?.createdAt, 4 * MINUTE)
    assert.ok(stored?.from?.equals(PEER), 'the quota stays with whoever put it')
    assert.deepEqual(kit.takeChanges(), ['stored 1', 'refreshed 1'])
  })

  it('with other content is up to the edit policy of the type that is there', () => {
    const kit = new StorageKit({ types: [editable] })
    const { storage } = kit
    storage.put(KEY, typed(1, 5), { from: PEER, now: 0 })
    assert.equal(storage.put(KEY, typed(1, 4), { from: PEER, now: 0 }), 'refused')
    assert.equal(storage.put(KEY, typed(1, 6, 0), { from: PEER, now: 0 }), 'replaced')
    assert.equal(storage.find(KEY)?.find(1n)?.type, 0)
    assert.equal(storage.find(KEY)?.find(1n)?.expiresAt, 10 * MINUTE)
    assert.equal(storage.put(KEY, typed(1, 7), { from: PEER, now: 0 }), 'refused')
    assert.equal(storage.stats.refused.edit, 2)
    assert.equal(storage.valueCount, 1)
    assert.equal(storage.remoteBytes, costOf(typed(1, 6, 0)))
    assert.deepEqual(kit.takeChanges(), ['stored 1', 'replaced 1'])
  })

  it('is stored as the store policy rewrites it', () => {
    const rewriting: ValueType = {
      ...editable,
      storePolicy: (_key, value, from) =>
        new Value({ id: value.id, type: 7, data: Uint8Array.of(from.port >> 8, from.port) }),
    }
    const kit = new StorageKit({ types: [rewriting] })
    kit.storage.put(KEY, typed(1, 5), { from: PEER, now: 0 })
    assert.deepEqual([...kit.storage.find(KEY)!.find(1n)!.value.data], [4222 >> 8, 4222 & 255])
  })

  it('is refused when the policy says so, or makes something unreadable of it', () => {
    const results: (Value | undefined)[] = [
      undefined,
      typed(2, 1),
      new Value({ id: 1n, owner: Uint8Array.of(1) }),
    ]
    const strange: ValueType = { ...editable, storePolicy: () => results.shift() }
    const { storage } = new StorageKit({ types: [strange] })
    for (let i = 0; i < 3; i++) {
      assert.equal(storage.put(KEY, typed(1, 5), { from: PEER, now: 0 }), 'refused')
    }
    assert.equal(storage.stats.refused.policy, 1)
    assert.equal(storage.stats.refused.invalid, 2)
    assert.equal(storage.keyCount, 0)
  })

  it('is refused without an id, and when it is too large', () => {
    const lenient: ValueType = { ...editable, storePolicy: (_key, value) => value }
    const { storage } = new StorageKit({ types: [lenient] })
    assert.equal(storage.put(KEY, plainValue(0), { from: PEER, now: 0 }), 'refused')
    const large = new Value({ id: 1n, type: 7, data: new Uint8Array(65_540) })
    assert.equal(storage.put(KEY, large, { from: PEER, now: 0 }), 'refused')
    assert.equal(storage.stats.refused.size, 1)
  })

  it('lives at most a year, whatever its type says', () => {
    const eternal = { ...editable, lifetimeMs: Number.POSITIVE_INFINITY, editPolicy: denyEdit }
    const { storage } = new StorageKit({ types: [eternal] })
    storage.put(KEY, typed(1, 5), { from: PEER, now: 0 })
    const stored = storage.find(KEY)?.find(1n)
    assert.equal(stored?.isPermanent, false)
    assert.equal(stored?.expiresAt, 365 * 24 * 60 * MINUTE)
  })
})

describe('limits of the storage', () => {
  it('refuse a key too many, and let a known key go on', () => {
    const kit = new StorageKit({ limits: { maxKeys: 2 } })
    const keys = ['a', 'b', 'c'].map((text) => InfoHash.get(text))
    const put = (key: InfoHash, id: number): string =>
      kit.storage.put(key, plainValue(id), { from: PEER, now: 0 })
    assert.deepEqual(
      keys.map((key) => put(key, 1)),
      ['stored', 'stored', 'refused'],
    )
    assert.equal(kit.storage.stats.refused.keys, 1)
    assert.equal(put(keys[0]!, 2), 'stored')
    assert.equal(kit.storage.putLocal(keys[2]!, plainValue(1), { now: 0 }), 'stored')
    assert.equal(kit.storage.keyCount, 3)
  })

  it('refuse a value too many under one key before any policy is asked', () => {
    let asked = 0
    const counting: ValueType = {
      ...editable,
      storePolicy: (_key, value) => {
        asked++
        return value
      },
    }
    const { storage } = new StorageKit({ limits: { maxValuesPerKey: 3 }, types: [counting] })
    for (let id = 1; id <= 4; id++) storage.put(KEY, typed(id, 1), { from: PEER, now: 0 })
    assert.equal(storage.find(KEY)?.valueCount, 3)
    assert.equal(storage.stats.refused.values, 1)
    assert.equal(asked, 3)
    assert.equal(storage.put(KEY, typed(1, 2), { from: PEER, now: 0 }), 'replaced')
  })
})

describe('an own value', () => {
  it('is stored without policy, outside the space of the others', () => {
    const kit = new StorageKit({ limits: { maxBytes: 0 }, types: [] })
    assert.equal(kit.storage.put(KEY, plainValue(1), { from: PEER, now: 0 }), 'refused')
    assert.equal(kit.storage.putLocal(KEY, plainValue(1), { now: 0 }), 'stored')
    assert.equal(kit.storage.find(KEY)?.find(1n)?.isLocal, true)
    assert.equal(kit.storage.remoteBytes, 0)
    assert.equal(kit.storage.localBytes, costOf(plainValue(1)))
    kit.advance(10 * MINUTE)
    assert.equal(kit.storage.localBytes, 0)
  })

  it('stays for ever when it is permanent, until it is removed', () => {
    const kit = new StorageKit()
    kit.storage.putLocal(KEY, plainValue(1), { permanent: true, now: 0 })
    assert.equal(kit.storage.find(KEY)?.find(1n)?.expiresAt, Number.POSITIVE_INFINITY)
    kit.advance(1e9)
    assert.equal(kit.storage.refresh(KEY, 1n, kit.now), true)
    kit.advance(1e9)
    assert.equal(kit.storage.remove(KEY, 1n, kit.now), true)
    assert.equal(kit.storage.remove(KEY, 1n, kit.now), false)
    assert.deepEqual(kit.takeChanges(), ['stored 1', 'refreshed 1', 'cancelled 1'])
    assert.equal(kit.storage.localBytes, 0)
  })

  it('takes the place of a value with its id, whoever put that', () => {
    const kit = new StorageKit()
    kit.storage.put(KEY, plainValue(1, 5), { from: PEER, now: 0 })
    assert.equal(kit.storage.putLocal(KEY, plainValue(1, 9), { now: 0 }), 'replaced')
    assert.equal(
      kit.storage.putLocal(KEY, plainValue(1, 9), { permanent: true, now: 0 }),
      'refreshed',
    )
    assert.equal(kit.storage.find(KEY)?.find(1n)?.isPermanent, true)
    assert.equal(kit.storage.remoteBytes, 0)
    assert.equal(kit.storage.localBytes, costOf(plainValue(1, 9)))
    assert.equal(kit.storage.valueCount, 1)
    kit.advance(20 * MINUTE)
    assert.deepEqual(kit.takeChanges(), ['stored 1', 'replaced 1', 'refreshed 1'])
  })

  it('has a limit of its own, which counts what it replaces as free', () => {
    const limits = { maxLocalBytes: costOf(plainValue(1, 100)) }
    const { storage } = new StorageKit({ limits })
    assert.equal(storage.putLocal(KEY, plainValue(1, 100), { now: 0 }), 'stored')
    assert.equal(storage.putLocal(OTHER_KEY, plainValue(2), { now: 0 }), 'refused')
    assert.equal(storage.putLocal(KEY, plainValue(1, 101), { now: 0 }), 'refused')
    assert.equal(storage.putLocal(KEY, plainValue(1, 99), { now: 0 }), 'replaced')
    assert.equal(storage.stats.refused.local, 2)
    assert.equal(storage.keyCount, 1)
    assert.equal(storage.localBytes, costOf(plainValue(1, 99)))
  })

  it('that is encrypted counts as type 0, whatever is inside', () => {
    const { storage } = new StorageKit({ types: [editable] })
    const value = new Value({ id: 1n, type: 7, cypher: new Uint8Array(300) })
    storage.putLocal(KEY, value, { now: 0 })
    assert.equal(storage.find(KEY)?.find(1n)?.type, 0)
    assert.equal(storage.find(KEY)?.find(1n)?.expiresAt, 10 * MINUTE)
  })

  it('is refused when peers could not read it', () => {
    const { storage } = new StorageKit()
    const unsigned = new Value({ id: 1n, owner: Uint8Array.of(1, 2, 3) })
    assert.equal(storage.putLocal(KEY, unsigned, { now: 0 }), 'refused')
    assert.equal(storage.putLocal(KEY, plainValue(0), { now: 0 }), 'refused')
    assert.equal(storage.stats.refused.invalid, 2)
  })

  it('that a peer may edit counts for the peer from then on', () => {
    const { storage } = new StorageKit({ types: [editable] })
    storage.putLocal(KEY, typed(1, 1), { permanent: true, now: 0 })
    assert.equal(storage.put(KEY, typed(1, 2), { from: PEER, now: 0 }), 'replaced')
    assert.equal(storage.localBytes, 0)
    assert.equal(storage.remoteBytes, costOf(typed(1, 2)))
    assert.equal(storage.find(KEY)?.find(1n)?.isPermanent, false)
  })
})

describe('refresh', () => {
  it('gives a value its whole lifetime again, and never shortens it', () => {
    const kit = new StorageKit()
    kit.storage.put(KEY, plainValue(1), { from: PEER, now: 0 })
    kit.advance(9 * MINUTE)
    assert.equal(kit.storage.refresh(KEY, 1n, kit.now), true)
    assert.equal(kit.storage.refresh(KEY, 2n, kit.now), false)
    assert.equal(kit.storage.refresh(OTHER_KEY, 1n, kit.now), false)
    kit.advance(10 * MINUTE - 1)
    assert.equal(kit.storage.valueCount, 1)
    kit.advance(1)
    assert.equal(kit.storage.valueCount, 0)
  })
})
