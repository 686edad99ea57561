// SPDX-License-Identifier: MIT
// Indexes: many nodes insert at the same time, and others look for it.

import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { Pht } from '../../../src/pht/pht.ts'
import { grow, MINUTE_MS, SECOND_MS, Tally, watch } from './kit.ts'
import type { Scenario } from './scenario.ts'

const ENTRIES_PER_NODE = 25
/** Inserts or lookups that a node has under way. */
const PARALLEL = 4
const MAX_DATAGRAM = 65_535

export const indexing: Scenario = {
  name: 'indexing',
  summary:
    'Each node inserts 25 entries into one index: others find every one, by key and by scan.',
  nodes: 10,
  options: { link: { delayMs: { min: 5, max: 20 } } },
  async run({ network, nodes: count, note, expect }) {
    // At the start all entries meet at the root, until it is split: a list of many ids.
    watch(network, { mtu: MAX_DATAGRAM })
    const nodes = await grow(network, count, { maxRequestsPerSecond: -1 })
    const indexes = nodes.map((node) => new Pht(node, 'scenario', { k: 8 }, { clock: network }))
    const entries = ENTRIES_PER_NODE * count
    const keyOf = (i: number) => ({ k: InfoHash.get(`key ${i}`).toBytes().slice(0, 8) })
    const hashOf = (i: number) => InfoHash.get(`value ${i}`)

    /** Each entry by some node, which is another one with another `shift`. */
    async function share(shift: number, work: (pht: Pht, i: number) => Promise<boolean>) {
      const tally = new Tally()
      let next = 0
      const workers = Array.from({ length: PARALLEL * count }, async (_, worker) => {
        while (next < entries) {
          const i = next++
          await tally.time(network, () => work(indexes[(worker + shift) % count]!, i))
        }
      })
      await network.until(Promise.all(workers), { timeoutMs: 10 * MINUTE_MS, what: 'the index' })
      return tally
    }

    const inserts = await share(0, async (pht, i) => {
      await pht.insert(keyOf(i), { hash: hashOf(i), id: BigInt(i) })
      return true
    })
    note('inserts', String(inserts))
    expect(inserts.success === 1, `every insert to succeed (${inserts.lastError})`)
    const lookups = await share(1, async (pht, i) => {
      const found = await pht.lookup(keyOf(i))
      return found.length === 1 && found[0]!.hash.equals(hashOf(i))
    })
    note('lookups', String(lookups))
    expect(lookups.success === 1, `every entry to be found (${lookups.lastError})`)
    const seen = new Set<bigint>()
    const scan = async (): Promise<void> => {
      for await (const { id } of indexes[0]!.range('k')) seen.add(id)
    }
    await network.until(scan(), { timeoutMs: 10 * MINUTE_MS, what: 'the scan' })
    note('entries that a scan finds', seen.size)
    expect(seen.size === entries, 'a scan to find every entry')
    const sum = (name: keyof ReturnType<Pht['stats']>): number =>
      indexes.reduce((total, pht) => total + pht.stats()[name], 0)
    note('splits', sum('splits'))
    note('entries moved after splits', sum('moves'))
    expect(sum('splits') > 0, 'leaves to be split')
    expect(sum('failedMoves') === 0, 'every move to succeed')
    // Splits that somebody heard of late.
    await network.run(5 * SECOND_MS)
    for (const pht of indexes) pht.close()
  },
}
