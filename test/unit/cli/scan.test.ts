// SPDX-License-Identifier: MIT
// The scan over networks that are a list: a lookup finds the eight nodes closest to a key.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Scan, type ScanNode } from '../../../src/cli/scanner/scan.ts'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import type { SearchSnapshot } from '../../../src/core/snapshots.ts'
import { SeededRandom } from '../../support/seeded-random.ts'

const FOUND = 8
const random = new SeededRandom(7)
const address = SocketAddress.v4(0x7f000001, 4222)

interface Fake extends ScanNode {
  lookups: number
}

function networkOf(
  closest: (key: InfoHash) => InfoHash[],
  answers: (id: InfoHash, key: InfoHash) => boolean = () => true,
  fails: (lookup: number) => boolean = () => false,
): Fake {
  const snapshot = (key: InfoHash): SearchSnapshot => {
    const nodes = closest(key).map((id) => ({
      id,
      address,
      lastReplyAgoMs: answers(id, key) ? 1 : Number.POSITIVE_INFINITY,
      isExpired: !answers(id, key),
    }))
    return { key, nodes } as unknown as SearchSnapshot
  }
  const fake: Fake = {
    lookups: 0,
    get: (_key, { signal }) => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          signal.throwIfAborted()
          if (fails(++fake.lookups)) throw new Error('no answer')
          return { done: true, value: undefined }
        },
      }),
    }),
    inspector: { searches: (family, key) => (family === 4 ? [snapshot(key!)] : []) },
  }
  return fake
}

function closestOf(ids: readonly InfoHash[]): (key: InfoHash) => InfoHash[] {
  return (key) => ids.toSorted((a, b) => key.compareDistance(a, b)).slice(0, FOUND)
}

function run(node: ScanNode, signal = new AbortController().signal) {
  return new Scan(node, signal).run(() => {})
}

const randomIds = (count: number): InfoHash[] =>
  Array.from({ length: count }, () => InfoHash.random(random))

describe('a scan', () => {
  for (const count of [1, 7, 8, 9, 100, 1000]) {
    test(`finds all of ${count} nodes`, async () => {
      const ids = randomIds(count)
      const node = networkOf(closestOf(ids))
      const { nodes, isComplete, lookups } = await run(node)
      const expected = ids.toSorted((a, b) => a.compare(b)).map(String)
      assert.deepEqual(
        nodes.map(({ id }) => String(id)),
        expected,
      )
      assert.equal(isComplete, true)
      assert.equal(lookups, node.lookups)
      assert.ok(lookups <= 2 * (count + 1), `${lookups} lookups`)
    })
  }

  test('finds nodes that are crowded in one place', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => new InfoHash(0x1234_5678, i << 20, i))
    const { nodes, isComplete } = await run(networkOf(closestOf(ids)))
    assert.equal(nodes.length, 50)
    assert.equal(isComplete, true)
  })

  test('counts nodes that do not answer apart', async () => {
    const ids = randomIds(20)
    const [dead] = ids
    const node = networkOf(closestOf(ids), (id) => id !== dead)
    const { nodes, silent } = await run(node)
    assert.deepEqual([nodes.length, silent], [19, 1])
  })

  test('asks a node itself that answered no lookup in time', async () => {
    const ids = randomIds(20)
    const slow = ids.slice(0, 3)
    const node = networkOf(closestOf(ids), (id, key) => !slow.includes(id) || id.equals(key))
    const { nodes, silent, isComplete } = await run(node)
    assert.deepEqual([nodes.length, silent, isComplete], [20, 0, true])
  })

  test('goes over a network again whose halves did not know each other at first', async () => {
    const ids = randomIds(100)
    const far = new InfoHash(0x8000_0000, 0, 0, 0, 0)
    const near = ids.filter((id) => id.compare(far) < 0)
    let asked = 0
    const closest = (key: InfoHash) => closestOf(asked++ < 10 ? near : ids)(key)
    const { nodes, isComplete } = await run(networkOf(closest))
    assert.deepEqual([nodes.length, isComplete], [100, true])
  })

  test('repeats a lookup that failed once; when it fails again, it is incomplete', async () => {
    const closest = closestOf(randomIds(50))
    const once = await run(networkOf(closest, undefined, (lookup) => lookup === 3))
    assert.deepEqual([once.nodes.length, once.isComplete], [50, true])
    const never = await run(networkOf(closest, undefined, () => true))
    assert.deepEqual([never.isComplete, never.lookups], [false, 2])
  })

  test('stops when it is told to, with what it has', async () => {
    const stop = new AbortController()
    const ids = randomIds(1000)
    const scan = new Scan(networkOf(closestOf(ids)), stop.signal)
    const { nodes, isComplete } = await scan.run(({ lookupsDone }) => {
      if (lookupsDone > 20) stop.abort()
    })
    assert.equal(isComplete, false)
    assert.ok(nodes.length > 0 && nodes.length < 1000)
  })

  test('ends in a network that makes up nodes near every key', { timeout: 60_000 }, async () => {
    const node = networkOf((key) =>
      Array.from({ length: FOUND }, (_, i) => new InfoHash(key.w0, key.w1, key.w2, key.w3, i)),
    )
    const { isComplete, lookups } = await run(node)
    assert.equal(isComplete, false)
    assert.equal(lookups, 20_000)
  })
})
