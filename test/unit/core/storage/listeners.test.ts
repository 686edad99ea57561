// SPDX-License-Identifier: MIT
// Registrations of remote listeners: renewal, end, limits.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { Node } from '../../../../src/core/net/node.ts'
import { type ListenerLimits, Listeners } from '../../../../src/core/storage/listeners.ts'
import { QUERY_ALL, QUERY_IDS } from '../../../../src/core/value/query.ts'
import { address, KEY, OTHER_KEY, plainValue, StorageKit } from '../../../support/storage-kit.ts'

const TEN_MINUTES = 600_000

function nodeAt(host: string, name = host): Node {
  return new Node(InfoHash.get(name), address(host), false)
}

function setUp(
  limits: ListenerLimits = {},
  maxKeys = 100,
): { kit: StorageKit; listeners: Listeners } {
  const kit = new StorageKit({ limits: { maxKeys } })
  return { kit, listeners: new Listeners(kit.storage, kit.wheel, limits) }
}

const terms = (socketId: number) => ({ socketId, query: QUERY_ALL, version: 1 })

describe('a registration', () => {
  it('lives ten minutes after the last listen, and holds its node and key so long', () => {
    const { kit, listeners } = setUp()
    const node = nodeAt('192.0.2.1')
    assert.equal(listeners.add(KEY, node, terms(1), 0), 'added')
    assert.equal(node.references, 1)
    kit.advance(TEN_MINUTES - 1)
    assert.equal(listeners.add(KEY, node, terms(1), kit.now), 'renewed')
    kit.advance(TEN_MINUTES - 1)
    assert.equal(listeners.size, 1)
    assert.equal(kit.storage.keyCount, 1)
    kit.advance(1)
    assert.equal(listeners.size, 0)
    assert.equal(node.references, 0)
    assert.equal(kit.storage.keyCount, 0)
    assert.equal(listeners.stats.expired, 1)
  })

  it('takes over query and version with every listen', () => {
    const { listeners } = setUp()
    const node = nodeAt('192.0.2.1')
    listeners.add(KEY, node, terms(1), 0)
    listeners.add(KEY, node, { socketId: 1, query: QUERY_IDS, version: 0 }, 5)
    const listener = listeners.find(KEY, node, 1)
    assert.equal(listener?.query, QUERY_IDS)
    assert.equal(listener?.version, 0)
    assert.equal(listener?.expiresAt, TEN_MINUTES + 5)
    assert.equal(listeners.of(KEY).length, 1)
  })

  it('is one of its own per key, node and socket id', () => {
    const { listeners } = setUp()
    const [a, b] = [nodeAt('192.0.2.1'), nodeAt('192.0.2.2')]
    for (const [key, node, socketId] of [
      [KEY, a, 1],
      [KEY, a, 2],
      [KEY, b, 1],
      [OTHER_KEY, a, 1],
    ] as const) {
      assert.equal(listeners.add(key, node, terms(socketId), 0), 'added')
    }
    assert.equal(listeners.of(KEY).length, 3)
    assert.equal(a.references, 3)
    listeners.remove(listeners.find(KEY, a, 1)!)
    assert.equal(listeners.find(KEY, a, 1), undefined)
    assert.deepEqual(
      listeners.of(KEY).map(({ node, socketId }) => [node, socketId]),
      [
        [b, 1],
        [a, 2],
      ],
    )
  })

  it('keeps its key while values come and go', () => {
    const { kit, listeners } = setUp()
    listeners.add(KEY, nodeAt('192.0.2.1'), terms(1), 0)
    kit.storage.putLocal(KEY, plainValue(1), { now: 0 })
    const key = kit.storage.find(KEY)
    kit.storage.remove(KEY, 1n, 0)
    assert.equal(kit.storage.find(KEY), key)
    assert.equal(key?.listeners.length, 1)
    kit.advance(TEN_MINUTES)
    assert.equal(kit.storage.find(KEY), undefined)
  })
})

describe('limits of registrations', () => {
  const key = (index: number): InfoHash => InfoHash.get(`key ${index}`)

  it('are kept in all', () => {
    const { listeners } = setUp({ total: 4, perSource: 100 })
    for (let i = 0; i < 6; i++) listeners.add(key(i), nodeAt(`192.0.${i}.1`), terms(1), 0)
    assert.equal(listeners.size, 4)
    assert.equal(listeners.stats.refused.total, 2)
  })

  it('are kept per key', () => {
    const { listeners } = setUp({ perKey: 2 })
    for (let i = 0; i < 3; i++) listeners.add(KEY, nodeAt(`192.0.${i}.1`), terms(1), 0)
    assert.equal(listeners.of(KEY).length, 2)
    assert.equal(listeners.stats.refused.key, 1)
    assert.equal(listeners.add(KEY, nodeAt('192.0.0.1', 'x'), terms(1), 0), 'refused')
  })

  it('are kept per node, and a renewal is not refused', () => {
    const { kit, listeners } = setUp({ perNode: 2 })
    const node = nodeAt('192.0.2.1')
    for (let i = 0; i < 3; i++) listeners.add(key(i), node, terms(1), 0)
    assert.equal(listeners.stats.refused.node, 1)
    assert.equal(listeners.add(key(0), node, terms(1), 0), 'renewed')
    kit.advance(TEN_MINUTES)
    assert.equal(listeners.add(key(2), node, terms(1), kit.now), 'added')
  })

  it('are none per node when there is none in all, as the node of a large proxy needs', () => {
    const { listeners } = setUp({ total: -1 }, 5000)
    const node = nodeAt('192.0.2.1')
    for (let i = 0; i < 5000; i++) listeners.add(key(i), node, terms(1), 0)
    assert.equal(listeners.size, 5000)
  })

  it('are kept per address, since node ids cost nothing', () => {
    const { kit, listeners } = setUp({ total: 64 })
    for (let i = 0; i < 6; i++) listeners.add(key(i), nodeAt('192.0.2.1', `${i}`), terms(1), 0)
    assert.equal(listeners.size, 4)
    assert.equal(listeners.stats.refused.source, 2)
    assert.equal(listeners.add(KEY, nodeAt('192.0.2.2'), terms(1), 0), 'added')
    kit.advance(TEN_MINUTES)
    assert.equal(listeners.add(KEY, nodeAt('192.0.2.1', 'x'), terms(1), kit.now), 'added')
  })

  it('are kept per prefix: a fourth of all', () => {
    const { kit, listeners } = setUp({ total: 64, perSource: 64 })
    for (let i = 0; i < 20; i++) listeners.add(key(i), nodeAt(`192.0.2.${i}`), terms(1), 0)
    assert.equal(listeners.size, 16)
    assert.equal(listeners.stats.refused.prefix, 4)
    assert.equal(listeners.add(KEY, nodeAt('192.0.3.1'), terms(1), 0), 'added')
    kit.advance(TEN_MINUTES)
    assert.equal(listeners.add(KEY, nodeAt('192.0.2.99'), terms(1), kit.now), 'added')
  })

  it('leave half of the places of a key to other prefixes, but not on one host', () => {
    const { listeners } = setUp({ perKey: 16 })
    for (let i = 0; i < 20; i++) listeners.add(KEY, nodeAt(`2001:db8::${i + 1}`), terms(1), 0)
    assert.equal(listeners.of(KEY).length, 8)
    for (let i = 0; i < 8; i++) {
      assert.equal(listeners.add(KEY, nodeAt(`192.0.${i}.1`), terms(1), 0), 'added')
    }
    const local = setUp({ perKey: 16 }).listeners
    for (let i = 0; i < 20; i++) local.add(KEY, nodeAt('127.0.0.1', `${i}`), terms(1), 0)
    assert.equal(local.of(KEY).length, 16)
  })

  it('count keys that only have listeners', () => {
    const { kit, listeners } = setUp({}, 3)
    for (let i = 0; i < 4; i++) listeners.add(key(i), nodeAt('192.0.2.1'), terms(1), 0)
    assert.equal(kit.storage.keyCount, 3)
    assert.equal(listeners.stats.refused.keys, 1)
    const put = kit.storage.put(KEY, plainValue(1), { from: address('192.0.2.1'), now: 0 })
    assert.equal(put, 'refused')
  })
})
