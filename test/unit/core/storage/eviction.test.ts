// SPDX-License-Identifier: MIT
// Whose values go when the space for remote values is full.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { acceptBySize } from '../../../../src/core/value/policies.ts'
import { Value } from '../../../../src/core/value/value.ts'
import type { ValueType } from '../../../../src/core/value/value-type.ts'
import { address, costOf, KEY, plainValue, StorageKit } from '../../../support/storage-kit.ts'

const UNIT = costOf(plainValue(1))

function kitOf(values: number): StorageKit {
  return new StorageKit({ limits: { maxBytes: values * UNIT } })
}

function put(kit: StorageKit, id: number, host: string, now = 0): string {
  return kit.storage.put(KEY, plainValue(id), { from: address(host), now })
}

describe('a full storage', () => {
  it('drops the value that expires first of the source that uses most', () => {
    const kit = kitOf(4)
    put(kit, 1, '192.0.2.1', 5)
    put(kit, 2, '192.0.2.1', 3)
    put(kit, 3, '192.0.2.1', 4)
    put(kit, 4, '198.51.100.1', 0)
    kit.takeChanges()
    assert.equal(put(kit, 5, '203.0.113.1', 6), 'stored')
    assert.deepEqual(kit.takeChanges(), ['evicted 2', 'stored 5'])
    assert.equal(kit.storage.remoteBytes, 4 * UNIT)
    assert.equal(kit.storage.quota.sourceBytes(address('192.0.2.1')), 2 * UNIT)
  })

  it('looks at whole prefixes first: many small sources of one are one large user', () => {
    const kit = kitOf(6)
    for (let i = 1; i <= 4; i++) put(kit, i, `192.0.2.${i}`, i)
    put(kit, 5, '198.51.100.1', 0)
    put(kit, 6, '198.51.100.1', 0)
    kit.takeChanges()
    assert.equal(put(kit, 7, '203.0.113.1', 9), 'stored')
    assert.match(kit.takeChanges()[0]!, /^evicted [1-4]$/)
  })

  it('treats an IPv6 /48 as one prefix and a /64 as one source', () => {
    const kit = kitOf(5)
    put(kit, 1, '2001:db8:1:1::1', 1)
    put(kit, 2, '2001:db8:1:2::1', 2)
    put(kit, 3, '2001:db8:1:2:ffff::2', 3)
    put(kit, 4, '2001:db8:2:1::1', 0)
    put(kit, 5, '2001:db8:2:2::1', 0)
    kit.takeChanges()
    assert.equal(kit.storage.quota.prefixBytes(address('2001:db8:1:ffff::')), 3 * UNIT)
    assert.equal(put(kit, 6, '2001:db8:3:1::1', 4), 'stored')
    assert.deepEqual(kit.takeChanges(), ['evicted 2', 'stored 6'])
  })

  it('refuses a value that would itself be the first to go, and drops nothing for it', () => {
    const kit = kitOf(4)
    for (let i = 1; i <= 3; i++) put(kit, i, '192.0.2.1', 10)
    put(kit, 4, '198.51.100.1', 0)
    kit.takeChanges()
    assert.equal(put(kit, 5, '192.0.2.1', 5), 'refused')
    assert.equal(kit.storage.stats.refused.quota, 1)
    assert.deepEqual(kit.takeChanges(), [])
    assert.equal(kit.storage.valueCount, 4)
    assert.equal(kit.storage.remoteBytes, 4 * UNIT)
    assert.equal(put(kit, 5, '192.0.2.1', 15), 'stored')
    assert.equal(kit.storage.stats.evicted, 1)
  })

  it('spares all others when a large value turns out to be the victim after some of them', () => {
    const kit = kitOf(10)
    for (let i = 1; i <= 5; i++) put(kit, i, `192.0.2.${i}`, i)
    for (let i = 6; i <= 10; i++) put(kit, i, `198.51.100.${i}`, i)
    kit.takeChanges()
    const large = plainValue(11, 6 * UNIT)
    const result = kit.storage.put(KEY, large, { from: address('203.0.113.1'), now: 0 })
    assert.equal(result, 'refused')
    assert.deepEqual(kit.takeChanges(), [])
    assert.equal(kit.storage.remoteBytes, 10 * UNIT)
    assert.equal(kit.storage.quota.prefixBytes(address('192.0.2.1')), 5 * UNIT)
  })

  it('refuses at once what is larger than all of it', () => {
    const kit = kitOf(2)
    put(kit, 1, '192.0.2.1')
    const large = plainValue(2, 3 * UNIT)
    assert.equal(kit.storage.put(KEY, large, { from: address('192.0.2.2'), now: 0 }), 'refused')
    assert.equal(kit.storage.valueCount, 1)
  })

  it('keeps the old content when there is no room for an edit', () => {
    const type: ValueType = {
      id: 7,
      name: 'editable',
      lifetimeMs: 1000,
      storePolicy: acceptBySize,
      editPolicy: () => true,
    }
    const from = address('192.0.2.1')
    const edit = (length: number): Value =>
      new Value({ id: 1n, type: 7, data: new Uint8Array(length) })
    const limits = { maxBytes: costOf(edit(50)) + UNIT }
    const kit = new StorageKit({ types: [type], limits })
    kit.storage.put(KEY, edit(50), { from, now: 0 })
    kit.storage.put(KEY, plainValue(2), { from: address('198.51.100.1'), now: 0 })
    assert.equal(kit.storage.put(KEY, edit(51), { from, now: 0 }), 'refused')
    assert.equal(kit.storage.find(KEY)?.find(1n)?.value.data.length, 50)
    assert.equal(kit.storage.put(KEY, edit(49), { from, now: 0 }), 'replaced')
    kit.advance(1000)
    assert.equal(kit.storage.remoteBytes, UNIT)
  })

  it('takes the refreshed expiry into account', () => {
    const kit = kitOf(3)
    put(kit, 1, '192.0.2.1', 1)
    put(kit, 2, '192.0.2.1', 2)
    put(kit, 3, '198.51.100.1', 3)
    kit.storage.refresh(KEY, 1n, 5)
    kit.takeChanges()
    put(kit, 4, '203.0.113.1', 6)
    assert.deepEqual(kit.takeChanges(), ['evicted 2', 'stored 4'])
  })

  it('never touches own values', () => {
    const kit = kitOf(1)
    kit.storage.putLocal(KEY, plainValue(1), { now: 0 })
    put(kit, 2, '192.0.2.1', 1)
    put(kit, 3, '198.51.100.1', 2)
    assert.deepEqual(kit.takeChanges(), ['stored 1', 'stored 2', 'evicted 2', 'stored 3'])
  })

  it('lets peers share one address object, and remembers the port of each value', () => {
    const kit = kitOf(9)
    put(kit, 1, '192.0.2.1')
    put(kit, 2, '192.0.2.1')
    const from = address('192.0.2.1', 5000)
    kit.storage.put(KEY, plainValue(3), { from, now: 0 })
    const stored = kit.storage.find(KEY)!
    assert.equal(stored.find(1n)?.from, stored.find(2n)?.from)
    assert.equal(stored.find(3n)?.from?.port, 5000)
    assert.equal(stored.find(1n)?.from?.port, 4222)
    assert.equal(kit.storage.quota.sourceCount, 1)
  })
})
