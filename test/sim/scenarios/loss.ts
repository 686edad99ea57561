// SPDX-License-Identifier: MIT
// Datagrams are lost by chance, on every link.

import { ListenChecker, PutChecker } from '../../../src/sim/entry.ts'
import { countConnected, grow, listenTo, Probe, SECOND_MS, spread, watch } from './kit.ts'
import type { Scenario } from './scenario.ts'

const OPERATIONS = 200

function lossy(percent: number, limits: { getMs: number; putMs: number }): Scenario {
  return {
    name: `loss-${percent}`,
    summary: `${percent} % of all datagrams are lost: every put and get succeeds all the same.`,
    nodes: 100,
    options: { link: { loss: percent / 100 } },
    async run({ network, nodes: count, note, expect }) {
      watch(network)
      const puts = new PutChecker({ isStrict: true })
      const listens = new ListenChecker()
      network.addCheckers(puts, listens)
      const nodes = await grow(network, count, { settleMs: 60 * SECOND_MS })
      note('connected', countConnected(nodes))
      expect(countConnected(nodes) === count, 'every node to be connected')
      for (let i = 0; i < 20; i++) listenTo(nodes[i % count]!, `value ${i}`)
      await network.run(5 * SECOND_MS)
      const probe = new Probe(network)
      await spread(network, OPERATIONS, 30 * SECOND_MS, (i) =>
        probe.put(nodes[i % count]!, `value ${i}`),
      )
      await spread(network, OPERATIONS, 30 * SECOND_MS, (i) =>
        probe.get(nodes[(i + 7) % count]!, `value ${i}`),
      )
      // For the listeners that may still be told.
      await network.run(60 * SECOND_MS)
      note('puts', String(probe.puts))
      note('gets', String(probe.gets))
      note('looks of the checker', `${puts.found} found, ${puts.scarce} scarce, ${puts.lost} lost`)
      note('values that listeners heard of', listens.heard)
      expect(probe.puts.success === 1, `every put to succeed (${probe.puts.lastError})`)
      expect(probe.gets.success === 1, `every get to succeed (${probe.gets.lastError})`)
      expect(puts.found > 0 && puts.scarce === 0, 'the checker to find all that it looks for')
      expect(listens.heard === 20, 'listeners to hear of each of twenty values')
      expect(probe.gets.p99 < limits.getMs, `gets to take less than ${limits.getMs} ms`)
      expect(probe.puts.p99 < limits.putMs, `puts to take less than ${limits.putMs} ms`)
    },
  }
}

export const loss5: Scenario = lossy(5, { getMs: 5000, putMs: 8000 })
export const loss20: Scenario = lossy(20, { getMs: 10_000, putMs: 20_000 })
