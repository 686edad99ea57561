// SPDX-License-Identifier: MIT
// Indexes: many nodes insert at the same time, and others look for it.

import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { Pht } from '../../../src/pht/pht.ts'
import type { SimNetwork } from '../../../src/sim/entry.ts'
import { grow, MINUTE_MS, SECOND_MS, Tally, watch } from './kit.ts'
import type { Scenario, Stage } from './scenario.ts'

const MAX_DATAGRAM = 65_535

interface Load {
  /** Nodes that insert, of so many. The others look for it; when there are none, all do. */
  readonly writers: (count: number) => number
  readonly entriesPerWriter: number
  /** Inserts or lookups that a node has under way. */
  readonly parallel: number
}

export const indexing: Scenario = {
  name: 'indexing',
  summary:
    'Each node inserts 25 entries into one index: others find every one, by key and by scan.',
  nodes: 10,
  options: { link: { delayMs: { min: 5, max: 20 } } },
  run: (stage) => fill(stage, { writers: (count) => count, entriesPerWriter: 25, parallel: 4 }),
}

/** Ten thousand entries with 50 nodes: minutes of processor time. */
export const indexingFull: Scenario = {
  ...indexing,
  name: 'indexing-full',
  summary:
    'One node in five inserts 1000 entries into one index: the others find every one, by key and ' +
    'by scan.',
  nodes: 50,
  isLong: true,
  run: (stage) => {
    const writers = (count: number): number => Math.ceil(count / 5)
    return fill(stage, { writers, entriesPerWriter: 1000, parallel: 1 })
  },
}

async function fill({ network, nodes: count, note, expect }: Stage, load: Load): Promise<void> {
  // At the start all entries meet at the root, until it is split: a list of many ids.
  watch(network, { mtu: MAX_DATAGRAM })
  const nodes = await grow(network, count, { maxRequestsPerSecond: -1 })
  const indexes = nodes.map((node) => new Pht(node, 'scenario', { k: 8 }, { clock: network }))
  const writers = indexes.slice(0, load.writers(count))
  // Each entry is looked for by another node than the one that inserted it.
  const others = indexes.slice(writers.length)
  const readers = others.length > 0 ? others : [...indexes.slice(1), indexes[0]!]
  const entries = load.entriesPerWriter * writers.length
  const keyOf = (i: number) => ({ k: InfoHash.get(`key ${i}`).toBytes().slice(0, 8) })
  const hashOf = (i: number) => InfoHash.get(`value ${i}`)
  const share = { network, entries, parallel: load.parallel }

  const inserts = await shareOut({ ...share, indexes: writers }, async (pht, i) => {
    await pht.insert(keyOf(i), { hash: hashOf(i), id: BigInt(i) })
    return true
  })
  note('inserts', String(inserts))
  note('datagrams of inserts', network.stats.sent)
  expect(inserts.success === 1, `every insert to succeed (${inserts.lastError})`)
  const lookups = await shareOut({ ...share, indexes: readers }, async (pht, i) => {
    const found = await pht.lookup(keyOf(i))
    return found.length === 1 && found[0]!.hash.equals(hashOf(i))
  })
  note('lookups', String(lookups))
  expect(lookups.success === 1, `every entry to be found (${lookups.lastError})`)
  const seen = new Set<bigint>()
  const scan = async (): Promise<void> => {
    for await (const { id } of readers[0]!.range('k')) seen.add(id)
  }
  await network.until(scan(), { timeoutMs: 10 * MINUTE_MS, what: 'the scan' })
  note('entries that a scan finds', seen.size)
  expect(seen.size === entries, 'a scan to find every entry')
  const sum = (name: keyof ReturnType<Pht['stats']>): number =>
    indexes.reduce((total, pht) => total + pht.stats()[name], 0)
  for (const name of ['reads', 'canariesPut', 'splits', 'moves'] as const) note(name, sum(name))
  expect(sum('splits') > 0, 'leaves to be split')
  expect(sum('failedMoves') === 0, 'every move to succeed')
  // Splits that somebody heard of late.
  await network.run(5 * SECOND_MS)
  for (const pht of indexes) pht.close()
}

interface Share {
  readonly network: SimNetwork
  readonly indexes: readonly Pht[]
  readonly entries: number
  readonly parallel: number
}

/** Entry after entry by index after index. */
async function shareOut(
  { network, indexes, entries, parallel }: Share,
  work: (pht: Pht, i: number) => Promise<boolean>,
): Promise<Tally> {
  const tally = new Tally()
  const workers = Array.from({ length: parallel * indexes.length }, async (_, worker) => {
    const pht = indexes[worker % indexes.length]!
    for (let i = worker; i < entries; i += parallel * indexes.length) {
      await tally.time(network, () => work(pht, i))
    }
  })
  await network.until(Promise.all(workers), { timeoutMs: 10 * MINUTE_MS, what: 'the index' })
  return tally
}
