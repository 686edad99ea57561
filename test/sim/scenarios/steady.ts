// SPDX-License-Identifier: MIT
// Nothing goes wrong: nodes join, and each makes three gets and a put. With 10,000 nodes it is the
// nightly measure of size.

import { countConnected, grow, Probe, SECOND_MS, spread, watch } from './kit.ts'
import type { Scenario } from './scenario.ts'

const GETS_PER_NODE = 3

export const steady: Scenario = {
  name: 'steady',
  summary: 'Nodes join, and each makes three gets and a put: all succeed, at the closest nodes.',
  nodes: 1000,
  async run({ network, nodes: count, note, expect }) {
    watch(network)
    const nodes = await grow(network, count, {
      overMs: Math.max(10 * count, 10 * SECOND_MS),
      settleMs: 30 * SECOND_MS,
    })
    note('connected', countConnected(nodes))
    expect(countConnected(nodes) === count, 'every node to be connected')
    const probe = new Probe(network)
    await spread(network, count, 5 * count, (i) => probe.put(nodes[i]!, `value ${i}`))
    await spread(network, GETS_PER_NODE * count, 5 * count, (i) =>
      probe.get(nodes[i % count]!, `value ${(7 * i + 3) % count}`),
    )
    note('puts', String(probe.puts))
    note('gets', String(probe.gets))
    note('closest nodes that acknowledged the puts before they ended', probe.exactness)
    note('closest nodes that the puts found', probe.reach)
    expect(probe.puts.success === 1, `every put to succeed (${probe.puts.lastError})`)
    expect(probe.gets.success === 1, `every get to succeed (${probe.gets.lastError})`)
    expect(probe.exactness >= 0.98, '98 % of the closest nodes to acknowledge puts in time')
    expect(probe.reach >= 0.995, '99.5 % of the closest nodes to be found')
    expect(probe.gets.p99 < 2 * SECOND_MS, 'gets to take less than 2 s')
    expect(probe.puts.p99 < 2 * SECOND_MS, 'puts to take less than 2 s')
  },
}
