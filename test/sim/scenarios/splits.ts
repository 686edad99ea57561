// SPDX-License-Identifier: MIT
// Networks that are cut in two, or silenced altogether, and heal.

import { ListenChecker, PutChecker, type SimNode } from '../../../src/sim/entry.ts'
import {
  countConnected,
  grow,
  listenTo,
  MINUTE_MS,
  Probe,
  SECOND_MS,
  spread,
  watch,
} from './kit.ts'
import type { Scenario, Stage } from './scenario.ts'

export const partition: Scenario = {
  name: 'partition',
  summary: 'Half of the network is cut off for ten minutes: both work on, and become one again.',
  nodes: 100,
  async run({ network, nodes: count, note, expect }) {
    watch(network)
    const nodes = await grow(network, count, { settleMs: MINUTE_MS })
    const [left, right] = [nodes.slice(0, count / 2), nodes.slice(count / 2)]
    const each = (from: readonly SimNode[], i: number): SimNode => from[i % from.length]!
    const cut = network.cut(left, right)
    await network.run(5 * MINUTE_MS)
    const halves = new Probe(network)
    const halfOf = (i: number): readonly SimNode[] => (i % 2 === 0 ? left : right)
    await spread(network, 40, MINUTE_MS, (i) => halves.put(each(halfOf(i), i), `half ${i}`, true))
    await spread(network, 40, MINUTE_MS, (i) => halves.get(each(halfOf(i), i + 7), `half ${i}`))
    note('puts within halves', String(halves.puts))
    note('gets within halves', String(halves.gets))
    expect(halves.puts.success === 1, `every put to succeed (${halves.puts.lastError})`)
    // Peers list nodes of the other half until these were silent for ten minutes, so that lookups
    // do not always get to the closest that are left.
    expect(halves.gets.success > 0.9, `nearly every get to succeed (${halves.gets.lastError})`)
    await network.run(3 * MINUTE_MS)
    cut.heal()
    await network.run(5 * MINUTE_MS)
    const whole = new Probe(network)
    await spread(network, 40, MINUTE_MS, (i) => whole.put(each(nodes, 2 * i), `whole ${i}`))
    note('closest nodes found after five minutes', whole.exactness)
    expect(whole.exactness >= 0.97, '97 % of the closest nodes to be found after five minutes')
    // Permanent values reach the nodes of the other half when they are renewed, at the latest.
    await network.run(5 * MINUTE_MS)
    await spread(network, 40, MINUTE_MS, (i) => whole.get(each(halfOf(i + 1), i), `half ${i}`))
    note('gets across', String(whole.gets))
    expect(whole.gets.success === 1, `gets across to succeed (${whole.gets.lastError})`)
  },
}

/** Nothing arrives in these families for a while, in a network that has both. */
function outage(families: readonly (4 | 6)[], minutes: number): Scenario {
  const isTotal = families.length === 2
  const which = isTotal ? 'total' : families.join('')
  const who = isTotal ? 'any family' : `IPv${families.join('')}`
  const rest = isTotal ? 'all is well again soon after' : 'the other family carries on'
  return {
    name: `outage-${which}`,
    summary: `Nothing arrives over ${who} for ${minutes} minutes: ${rest}.`,
    nodes: 50,
    async run(stage) {
      const { network, nodes: count, note, expect } = stage
      watch(network)
      const listens = new ListenChecker()
      network.addCheckers(new PutChecker(), listens)
      const nodes = await grow(network, count, { families: [4, 6], settleMs: 3 * MINUTE_MS })
      expect(isUp(nodes, 4) && isUp(nodes, 6), 'both families to be connected')
      const each = (i: number): SimNode => nodes[i % count]!
      const probe = new Probe(network)
      for (let i = 0; i < 5; i++) {
        listenTo(each(i + 30), `kept ${i}`)
        listenTo(each(i + 40), `meanwhile ${4 * i}`)
      }
      await spread(network, 20, SECOND_MS, (i) => probe.put(each(i), `kept ${i}`, true))
      const cut = network.cut('all', 'all', { families })
      if (isTotal) await network.run(minutes * MINUTE_MS)
      else await useOtherFamily(stage, probe, minutes, nodes)
      cut.heal()
      const healedAt = network.now
      await network.until(() => families.every((family) => isUp(nodes, family)), {
        timeoutMs: 10 * MINUTE_MS,
        everyMs: SECOND_MS,
        what: `${families.map((family) => `IPv${family}`).join(' and ')} to be back`,
      })
      note('back after, s', (network.now - healedAt) / 1000)
      expect(network.now - healedAt < 6 * MINUTE_MS, 'all to be back within six minutes')
      if (isTotal) await network.run(12 * MINUTE_MS)
      const after = new Probe(network)
      await spread(network, 20, 10 * SECOND_MS, (i) => after.get(each(i + 25), `kept ${i}`))
      note('gets afterwards', String(after.gets))
      note('values that listeners heard of', listens.heard)
      // Without any family, permanent values end, and begin again.
      expect(listens.heard >= 10, 'listeners to hear of each of ten values')
      expect(after.gets.success === 1, `every get to succeed then (${after.gets.lastError})`)
    },
  }
}

async function useOtherFamily(
  { network, note, expect }: Stage,
  probe: Probe,
  minutes: number,
  nodes: readonly SimNode[],
): Promise<void> {
  const count = 10 * minutes
  await spread(network, count, minutes * MINUTE_MS, async (i) => {
    await probe.get(nodes[i % nodes.length]!, `kept ${i % 20}`)
    if (i % 4 === 0) await probe.put(nodes[(i + 3) % nodes.length]!, `meanwhile ${i}`)
  })
  note('connected meanwhile', countConnected(nodes))
  note('gets meanwhile', String(probe.gets))
  note('puts meanwhile', String(probe.puts))
  expect(probe.gets.success === 1, `every get to succeed (${probe.gets.lastError})`)
  expect(probe.puts.success === 1, `every put to succeed (${probe.puts.lastError})`)
  // While the nodes find out that a family is dead, some operations wait for it.
  expect(probe.gets.p50 < 2 * SECOND_MS, 'half of the gets to take less than 2 s')
}

function isUp(nodes: readonly SimNode[], family: 4 | 6): boolean {
  return nodes.every((node) => node.status()[family === 4 ? 'ipv4' : 'ipv6'] === 'connected')
}

export const outage4: Scenario = outage([4], 15)
export const outage6: Scenario = outage([6], 15)
export const outageTotal: Scenario = outage([4, 6], 30)
