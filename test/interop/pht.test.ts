// SPDX-License-Identifier: MIT
// Indexes that C++ nodes and ours use together: entries of either side are found by both, before
// and after leaves are split.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { IndexValue } from '../../src/pht/index-entry.ts'
import type { FieldLengths, IndexKey } from '../../src/pht/key-spec.ts'
import { Pht } from '../../src/pht/pht.ts'
import { cppSecureAvailable } from '../support/cpp-available.ts'
import type { CppHost } from '../support/cpp-node.ts'
import { CppPht, startCppPhtHost } from '../support/cpp-pht.ts'
import { FAMILIES, type InteropFamily, InteropNetwork } from '../support/interop-kit.ts'
import { poll } from '../support/watch.ts'

const CPP_NODES = 5
const SETTLE_MS = 15_000

let host: CppHost

const indexed = (i: number): IndexValue => ({ hash: InfoHash.get(`value ${i}`), id: BigInt(i + 1) })
const randomKey = (i: number) => ({ k: InfoHash.get(`key ${i}`).toBytes().slice(0, 4) })
const count = (n: number) => Array.from({ length: n }, (_, i) => i)

describe('indexes', { skip: cppSecureAvailable() }, () => {
  before(async () => {
    host = await startCppPhtHost()
  })
  after(() => host?.close())
  for (const family of FAMILIES) describe(`over ${family.name}`, () => defineTests(family))
})

/** One index on two nodes of each side. */
interface Index {
  readonly ours: readonly Pht[]
  readonly theirs: readonly CppPht[]
}

function defineTests(family: InteropFamily): void {
  let network: InteropNetwork
  let open: (name: string, spec: FieldLengths) => Index

  before(async () => {
    network = await InteropNetwork.start(host, family, { count: CPP_NODES })
    const nodes = await Promise.all([network.addNode(), network.addNode()])
    await network.introduceAll(nodes)
    open = (name, spec) => ({
      ours: nodes.map((node) => new Pht(node, name, spec)),
      theirs: network.cpp.slice(0, 2).map((node) => new CppPht(node, name, spec)),
    })
  })
  after(() => network?.[Symbol.asyncDispose]())

  test('a few entries, all in the root, are found by the other side', async () => {
    const index = open('few', { k: 4 })
    for (const i of count(5)) await index.theirs[i % 2]!.insert(randomKey(i), indexed(i))
    await expectAll(index, count(5), randomKey)
    for (const i of count(5)) await index.ours[i % 2]!.insert(randomKey(5 + i), indexed(5 + i))
    await expectAll(index, count(10), randomKey)
    assert.deepEqual(await index.ours[0]!.lookup({ k: 'none' }), [])
    assert.deepEqual(await index.theirs[0]!.lookup({ k: 'none' }), [])
  })

  test('entries of C++ nodes are found after we split their leaves', async () => {
    const index = open('theirs first', { k: 4 })
    for (const i of count(16)) await index.theirs[i % 2]!.insert(randomKey(i), indexed(i))
    await expectAll(index, count(16), randomKey)
    for (const i of count(24)) await index.ours[i % 2]!.insert(randomKey(16 + i), indexed(16 + i))
    assert.ok(splitsOf(index) > 0)
    await expectAll(index, count(40), randomKey)
  })

  test('our entries are found after C++ nodes split their leaves', async () => {
    const index = open('ours first', { k: 4 })
    for (const i of count(16)) await index.ours[i % 2]!.insert(randomKey(i), indexed(i))
    for (const i of count(24)) await index.theirs[i % 2]!.insert(randomKey(16 + i), indexed(16 + i))
    assert.equal(splitsOf(index), 0)
    await expectAll(index, count(40), randomKey)
    const moved = () => index.ours.some((pht) => pht.stats().moves > 0)
    await poll(moved, SETTLE_MS, 'our entries follow the split')
    await expectAll(index, count(40), randomKey)
  })

  test('keys that begin alike, inserted by turns, are found', async () => {
    const index = open('alike', { k: 8 })
    const keyOf = (i: number) => ({ k: `same ${String(i).padStart(3, '0')}` })
    for (const i of count(48)) {
      const all = [...index.ours, ...index.theirs]
      await all[i % 4]!.insert(keyOf(i), indexed(i))
    }
    await expectAll(index, count(48), keyOf)
  })

  test('keys of several fields of different lengths are found', async () => {
    const index = open('fields', { city: 6, n: 2, street: 3 })
    const keyOf = (i: number) => ({
      street: randomKey(i).k.slice(0, i % 4),
      city: randomKey(i + 1).k,
      n: Uint8Array.of(i),
    })
    for (const i of count(40)) {
      const all = [...index.theirs, ...index.ours]
      await all[i % 4]!.insert(keyOf(i), indexed(i))
    }
    await expectAll(index, count(40), keyOf)
    const found: bigint[] = []
    const range = index.ours[0]!.range('n', { from: Uint8Array.of(10), to: Uint8Array.of(19) })
    for await (const { id } of range) found.push(id)
    assert.deepEqual(
      found.sort((a, b) => Number(a - b)),
      count(10).map((i) => BigInt(11 + i)),
    )
  })

  test('the closest key is the same for both sides', async () => {
    const index = open('closest', { k: 2 })
    const keys = ['aa', 'ab', 'zz']
    for (const [i, k] of keys.entries()) await index.theirs[i % 2]!.insert({ k }, indexed(i))
    for (const [wanted, expected] of [
      ['ac', 1],
      ['zy', 2],
    ] as const) {
      const ours = await index.ours[0]!.lookup({ k: wanted }, { exact: false })
      assert.deepEqual(await index.theirs[0]!.lookup({ k: wanted }, false), ours)
      assert.deepEqual(ours, [indexed(expected)])
    }
  })

  test('keys that do not fit are refused by both sides', async () => {
    const { ours, theirs } = open('refused', { k: 2 })
    for (const key of [{ k: 'abc' }, { j: 'a' }, { k: 'a', j: 'a' }]) {
      await assert.rejects(ours[0]!.insert(key as unknown as IndexKey, indexed(0)), /^\w+: key/)
      await assert.rejects(theirs[0]!.insert(key as never, indexed(0)), /key spec/)
    }
  })
}

/**
 * Both sides find exactly the value of every key, on another node than the one that inserted it:
 * ours at once, C++ nodes after their own entries have been moved to where they look.
 */
async function expectAll(
  { ours, theirs }: Index,
  numbers: readonly number[],
  keyOf: (i: number) => Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const i of numbers) {
    const [our, their] = [ours[(i + 1) % 2]!, theirs[(i + 1) % 2]!]
    assert.deepEqual(await our.lookup(keyOf(i)), [indexed(i)])
    const isFound = async () => (await their.lookup(keyOf(i))).length > 0
    await poll(isFound, SETTLE_MS, `entry ${i} is found by a C++ node`)
    assert.deepEqual(await their.lookup(keyOf(i)), [indexed(i)])
  }
}

function splitsOf({ ours }: Index): number {
  return ours.reduce((sum, pht) => sum + pht.stats().splits, 0)
}
