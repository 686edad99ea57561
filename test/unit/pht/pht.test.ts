// SPDX-License-Identifier: MIT
// Inserts, splits, moves and lookups of an index over a network in a map.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { Value } from '../../../src/core/value/value.ts'
import { indexTypes, packEntry } from '../../../src/pht/index-entry.ts'
import { type FieldLengths, type IndexKey, KeySpec } from '../../../src/pht/key-spec.ts'
import { Pht } from '../../../src/pht/pht.ts'
import { nodeKey, Prefix } from '../../../src/pht/prefix.ts'
import { MAX_DEPTH, MAX_NODE_VALUES } from '../../../src/pht/trie-reader.ts'
import { MemoryDht } from '../../support/memory-dht.ts'
import { indexed, ManualClock, misplacedSibling } from '../../support/pht-kit.ts'

const MINUTE = 60_000
const TYPES = indexTypes('test')
const ROOT = Prefix.ROOT.key

function setUp(spec: FieldLengths = { k: 4 }) {
  const dht = new MemoryDht()
  const clock = new ManualClock()
  const open = () => new Pht(dht, 'test', spec, { clock })
  return { dht, clock, open, pht: open() }
}

const randomKey = (i: number) => ({ k: InfoHash.get(`key ${i}`).toBytes().slice(0, 4) })
/** Lets everything happen that is under way: nothing in these tests takes time. */
const settle = () => new Promise((resolve) => setImmediate(resolve))
const settleAll = async () => {
  for (let i = 0; i < 20; i++) await settle()
}
const entriesAt = (dht: MemoryDht, key: InfoHash) =>
  dht.at(key).filter(({ userType }) => userType === TYPES.entry)
const canariesAt = (dht: MemoryDht, key: InfoHash) =>
  dht.at(key).filter(({ userType }) => userType === TYPES.canary)

describe('an index', () => {
  test('finds what was inserted under a key, each once', async () => {
    const { dht, pht, open } = setUp()
    assert.deepEqual(await pht.lookup({ k: 'a' }), [])
    await pht.insert({ k: 'a' }, indexed(1))
    await pht.insert({ k: 'a' }, indexed(2))
    await pht.insert({ k: 'a' }, indexed(1))
    await open().insert({ k: 'a' }, indexed(2))
    await pht.insert({ k: 'b' }, indexed(3))
    assert.deepEqual(await open().lookup({ k: 'a' }), [indexed(1), indexed(2)])
    assert.deepEqual(await pht.lookup({ k: 'a\0' }), [], 'another key')
    // Again by the same index is the same value; another one has its own.
    assert.equal(entriesAt(dht, ROOT).length, 4)
    assert.equal(canariesAt(dht, ROOT).length, 2)
  })

  test('splits a full leaf where keys differ, and moves its own entries there', async () => {
    const { dht, pht } = setUp()
    for (let i = 0; i < 17; i++)
      await pht.insert({ k: `aa${String.fromCharCode(65 + i)}` }, indexed(i))
    await settleAll()
    assert.equal(pht.stats().splits, 1)
    // 'Q', 0x51, is the first that differs from 'A' in its bit 3.
    const { content } = new KeySpec({ k: 4 }).linearise({ k: 'aaQ' })
    const leaf = Prefix.of(content, 20)
    for (let size = 0; size <= 20; size++) {
      assert.ok(canariesAt(dht, Prefix.of(content, size).key).length > 0, `canary at ${size}`)
      const twin = size > 0 ? canariesAt(dht, Prefix.of(content, size).twin.key) : []
      assert.equal(twin.length, 0, 'C++ nodes would look there')
    }
    assert.equal(entriesAt(dht, leaf.key).length, 2, '"P" has followed')
    const other = Prefix.of(content, 19)
    assert.equal(entriesAt(dht, other.key).length, 15, 'whose leaf is above')
    for (let i = 0; i < 17; i++) {
      const key = { k: `aa${String.fromCharCode(65 + i)}` }
      assert.deepEqual(await pht.lookup(key), [indexed(i)])
    }
    const leaves: [Uint8Array, number][] = []
    const onLeaf = (bits: Uint8Array, depth: number): void => void leaves.push([bits, depth])
    await pht.lookup({ k: 'aaQ' }, { onLeaf })
    await pht.lookup({ k: '' }, { onLeaf })
    assert.deepEqual(leaves[0], [leaf.bytes, 20])
    assert.deepEqual(leaves[1]![0].length, Math.ceil(leaves[1]![1] / 8))
  })

  test('moves an entry with its time of creation when somebody else splits its leaf', async () => {
    const { dht, clock, open } = setUp()
    const [first, second] = [open(), open()]
    await first.insert(randomKey(0), indexed(0))
    const created = clock.wallNow
    clock.advance(MINUTE)
    for (let i = 1; i < 40; i++) await second.insert(randomKey(i), indexed(i))
    await settleAll()
    const moves = dht.puts.filter(
      ({ key, value }) =>
        value.userType === TYPES.entry &&
        value.id === dht.puts.find((put) => put.value.userType === TYPES.entry)!.value.id &&
        key !== `${ROOT}`,
    )
    assert.ok(moves.length > 0)
    assert.deepEqual(moves[0]!.created, created)
    assert.equal(first.stats().moves, moves.length)
    for (let i = 0; i < 40; i++) assert.deepEqual(await first.lookup(randomKey(i)), [indexed(i)])
  })

  test('keeps equal keys together, however many', async () => {
    const { pht } = setUp()
    for (let i = 0; i < 40; i++) await pht.insert({ k: 'same' }, indexed(i))
    assert.equal(pht.stats().splits, 0)
    assert.equal((await pht.lookup({ k: 'same' })).length, 40)
    await pht.insert({ k: 'else' }, indexed(40))
    assert.equal(pht.stats().splits, 1)
    assert.deepEqual(await pht.lookup({ k: 'else' }), [indexed(40)])
    assert.equal((await pht.lookup({ k: 'same' })).length, 40)
  })

  test('works with keys of all lengths, the empty one too', async () => {
    const { pht } = setUp()
    const keyOf = (i: number) => ({ k: 'x'.repeat(i % 5) })
    for (let i = 0; i < 100; i++) await pht.insert(keyOf(i), indexed(i))
    await settleAll()
    for (let i = 0; i < 5; i++) assert.equal((await pht.lookup(keyOf(i))).length, 20, `${i}`)
  })

  test('works with long keys that begin alike, down to its deepest node', async () => {
    const { dht, pht, open } = setUp({ k: 300 })
    for (const [start, shared] of [20, 126, 200].entries()) {
      const keyOf = (i: number) => ({ k: `${start}${'x'.repeat(shared)}${i}` })
      for (let i = 0; i < 20; i++) await pht.insert(keyOf(i), indexed(i))
      await settleAll()
      for (let i = 0; i < 20; i++) assert.deepEqual(await open().lookup(keyOf(i)), [indexed(i)])
    }
    const { content } = new KeySpec({ k: 300 }).linearise({ k: `2${'x'.repeat(200)}` })
    assert.ok(entriesAt(dht, Prefix.of(content, MAX_DEPTH - 1).key).length > 0)
    assert.deepEqual(canariesAt(dht, Prefix.of(content, MAX_DEPTH).key), [])
  })

  test('shares the network with other indexes', async () => {
    const { dht, pht } = setUp()
    const longer = new Pht(dht, 'test more', { k: 4 })
    await longer.insert({ k: 'a' }, indexed(1))
    await pht.insert({ k: 'a' }, indexed(2))
    assert.deepEqual(await pht.lookup({ k: 'a' }), [indexed(2)])
    assert.equal(pht.stats().malformedEntries, 0)
  })

  test('finds entries above their leaf, and beyond gaps', async () => {
    const { dht, pht, open } = setUp()
    for (let i = 0; i < 60; i++) await pht.insert(randomKey(i), indexed(i))
    await settleAll()
    pht.close()
    // Entries that nobody moved, and canaries that expired.
    const { content } = new KeySpec({ k: 4 }).linearise({ k: 'lost' })
    const entry = packEntry(TYPES, { content, ...indexed(99) }).withId(99n)
    await dht.put(ROOT, entry)
    dht.forget(ROOT, ({ userType }) => userType === TYPES.canary)
    for (const bit of [0, 1] as const) dht.forget(Prefix.ROOT.child(bit).key)
    for (let i = 0; i < 60; i++) assert.deepEqual(await open().lookup(randomKey(i)), [indexed(i)])
    assert.deepEqual(await open().lookup({ k: 'lost' }), [indexed(99)])
    // The next insert repairs its path.
    await open().insert(randomKey(0), indexed(0))
    const repaired = Prefix.of(new KeySpec({ k: 4 }).linearise(randomKey(0)).content, 1)
    assert.deepEqual(
      [ROOT, repaired.key].map((key) => canariesAt(dht, key).length),
      [1, 1],
    )
  })

  test('is not misled by the marks of C++ nodes beside the path', async () => {
    const { dht, pht } = setUp()
    for (let i = 0; i < 60; i++) {
      await pht.insert(randomKey(i), indexed(i))
      const { content } = new KeySpec({ k: 4 }).linearise(randomKey(i))
      const prefix = Prefix.of(content, 1 + (i % 12))
      const key = nodeKey(misplacedSibling(prefix), prefix.size)
      await dht.put(key, new Value({ userType: TYPES.canary }))
      await settleAll()
    }
    for (let i = 0; i < 60; i++) assert.deepEqual(await pht.lookup(randomKey(i)), [indexed(i)])
  })
})

describe('canaries', () => {
  test('are renewed under the same id with later inserts, not more often than needed', async () => {
    const { dht, clock, pht } = setUp()
    await pht.insert({ k: 'a' }, indexed(1))
    await pht.insert({ k: 'b' }, indexed(2))
    assert.equal(pht.stats().canariesPut, 1)
    clock.advance(MINUTE)
    await pht.insert({ k: 'a' }, indexed(1))
    assert.equal(pht.stats().canariesPut, 2)
    assert.equal(canariesAt(dht, ROOT).length, 1)
  })

  test('of inner nodes that have enough of others are left to them', async () => {
    const { dht, open } = setUp()
    for (let i = 0; i < 60; i++) await open().insert(randomKey(i), indexed(i))
    await settleAll()
    const pht = open()
    const before = dht.puts.length
    await pht.insert(randomKey(59), indexed(59))
    assert.ok(canariesAt(dht, ROOT).length >= 8)
    const puts = dht.puts.slice(before)
    assert.ok(puts.length > 0 && puts.every(({ key }) => key !== `${ROOT}`))
  })

  test('that could not be put are tried again', async () => {
    const { dht, pht } = setUp()
    await pht.insert({ k: 'a' }, indexed(1))
    dht.isBroken = true
    await assert.rejects(pht.insert({ k: 'b' }, indexed(2)), { code: 'ERR_DHT_FAILED' })
    dht.isBroken = false
    await pht.insert({ k: 'b' }, indexed(2))
    assert.deepEqual(await pht.lookup({ k: 'b' }), [indexed(2)])
  })
})

describe('what peers can do', () => {
  test('entries that are none, or of other keys, are counted and ignored', async () => {
    const { dht, pht } = setUp()
    await pht.insert({ k: 'a' }, indexed(1))
    await dht.put(ROOT, new Value({ userType: TYPES.entry, data: Uint8Array.of(0xc1) }))
    const { content } = new KeySpec({ k: 4 }).linearise({ k: Uint8Array.of(0xff) })
    const path = new KeySpec({ k: 4 }).linearise({ k: 'a' }).content
    await dht.put(Prefix.of(path, 1).key, packEntry(TYPES, { content, ...indexed(2) }))
    assert.deepEqual(await pht.lookup({ k: 'a' }), [indexed(1)])
    const { malformedEntries, misplacedEntries } = pht.stats()
    assert.deepEqual([malformedEntries, misplacedEntries], [1, 1])
  })

  test('of a node with too many values some are read', async () => {
    const { dht, pht } = setUp()
    for (let i = 0; i < MAX_NODE_VALUES + 10; i++) {
      await dht.put(ROOT, new Value({ userType: TYPES.canary }))
    }
    assert.deepEqual(await pht.lookup({ k: 'a' }), [])
    assert.equal(pht.stats().overfullNodes, 1)
  })

  test('a path that they make endless ends with the key', async () => {
    const { dht, pht } = setUp()
    const { content } = new KeySpec({ k: 4 }).linearise({ k: 'aaaa' })
    for (let size = 0; size < 40; size++) {
      await dht.put(Prefix.of(content, size).key, new Value({ userType: TYPES.canary }))
    }
    await pht.insert({ k: 'aaaa' }, indexed(1))
    assert.deepEqual(await pht.lookup({ k: 'aaaa' }), [indexed(1)])
    assert.equal(entriesAt(dht, Prefix.of(content, 31).key).length, 1, 'where C++ nodes look')
  })
})

describe('the life of an index', () => {
  test('listens for its entries until they expire', async () => {
    const { dht, clock, pht } = setUp()
    for (let i = 0; i < 10; i++) await pht.insert(randomKey(i), indexed(i))
    await settle()
    assert.equal(pht.stats().ownEntries, 10)
    assert.equal(pht.stats().listens, 2, 'one on either side of the root')
    assert.equal(dht.listens, 2)
    clock.advance(9 * MINUTE)
    await pht.insert(randomKey(0), indexed(0))
    clock.advance(2 * MINUTE)
    await settle()
    assert.deepEqual([pht.stats().ownEntries, pht.stats().listens, dht.listens], [1, 1, 1])
    pht.close()
    await settle()
    assert.deepEqual([pht.stats().ownEntries, pht.stats().listens, dht.listens], [0, 0, 0])
  })

  test('moves nothing any more after it was closed', async () => {
    const { open } = setUp()
    const [first, second] = [open(), open()]
    await first.insert(randomKey(0), indexed(0))
    first.close()
    for (let i = 1; i < 40; i++) await second.insert(randomKey(i), indexed(i))
    await settleAll()
    assert.equal(first.stats().moves, 0)
    assert.deepEqual(await second.lookup(randomKey(0)), [indexed(0)])
  })

  test('counts moves that fail', async () => {
    const { dht, pht, open } = setUp()
    await pht.insert(randomKey(0), indexed(0))
    await settle()
    const { content } = new KeySpec({ k: 4 }).linearise(randomKey(0))
    const put = dht.put(Prefix.of(content, 1).key, new Value({ userType: TYPES.canary }))
    await put
    dht.isBroken = true
    await settleAll()
    assert.equal(pht.stats().failedMoves, 1)
    dht.isBroken = false
    assert.deepEqual(await open().lookup(randomKey(0)), [indexed(0)])
  })

  test('aborts with the reason of the signal, before and in between', async () => {
    const { dht, pht } = setUp()
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(pht.insert({ k: 'a' }, indexed(1), { signal }), reason)
    await assert.rejects(pht.lookup({ k: 'a' }, { signal }), reason)
    await assert.rejects(Array.fromAsync(pht.range('k', { signal })), reason)
    assert.deepEqual(dht.puts, [])
    const controller = new AbortController()
    const inserting = pht.insert({ k: 'a' }, indexed(1), { signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(inserting, reason)
    assert.deepEqual(dht.puts, [])
  })

  test('refuses what does not fit before any work', async () => {
    const { dht, pht } = setUp()
    await assert.rejects(pht.insert({ j: 'a' }, indexed(1)), /^TypeError: key has a field "j"/)
    await assert.rejects(pht.insert({ k: 'abcde' }, indexed(1)), /^RangeError: key\.k must have/)
    await assert.rejects(pht.lookup({} as IndexKey), /^TypeError: key must have the field "k"$/)
    assert.throws(() => new Pht(dht, '', { k: 1 }), /^RangeError: name/)
    assert.deepEqual([dht.gets, dht.puts], [[], []])
  })
})
