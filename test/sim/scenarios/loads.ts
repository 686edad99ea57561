// SPDX-License-Identifier: MIT
// Loads that come all at once.

import type { SimNode } from '../../../src/sim/entry.ts'
import { grow, MINUTE_MS, Probe, SECOND_MS, spread, Tally, watch } from './kit.ts'
import type { Scenario, Stage } from './scenario.ts'

const BUSY_NODES = 20
/** How many of all values are looked for at the end. */
const SAMPLE = 400

export const massRestart: Scenario = restart('mass-restart', 100)
export const massRestartFull: Scenario = restart('mass-restart-full', 1000)

function restart(name: string, putsPerNode: number): Scenario {
  return {
    name,
    summary:
      `20 nodes restart together, each with ${putsPerNode} permanent puts: ` +
      'all are back in two minutes, and their renewals are no storm.',
    nodes: 60,
    async run(stage) {
      const { network, nodes: count, note, expect } = stage
      watch(network)
      const others = await grow(network, count - BUSY_NODES)
      const busy = await grow(network, BUSY_NODES)
      for (const node of busy) node.stop()
      await network.run(10 * SECOND_MS)
      for (const node of busy) node.restart()
      const startedAt = network.now
      // Each announces all that it has at once, as a proxy does for its clients.
      const puts = new Tally()
      const all = busy.flatMap((node, i) =>
        Array.from({ length: putsPerNode }, (_, j) =>
          puts.time(network, async () => {
            await node.put(`value ${i} ${j}`, `value ${i} ${j}`, { permanent: true })
            return true
          }),
        ),
      )
      await useMeanwhile(stage, others)
      await network.until(Promise.all(all), { timeoutMs: 5 * MINUTE_MS, what: 'all puts' })
      note('puts', `${puts}, all after ${puts.max} ms`)
      expect(puts.success === 1, `every put to succeed (${puts.lastError})`)
      expect(puts.max < 2 * MINUTE_MS, 'all values to be back within two minutes')
      await findAll(stage, others, putsPerNode)
      // The storm is over: nobody keeps repeating himself.
      const before = network.stats.sent
      await network.run(MINUTE_MS)
      const perNode = (network.stats.sent - before) / count / 60
      note('datagrams per node and second afterwards', perNode)
      expect(perNode < 50, 'the network to calm down')
      await renewAll(stage, startedAt, putsPerNode)
      await findAll(stage, others, putsPerNode)
      const refused = sum(network.nodes, (node) => node.dht.stats(node.clockMs).dropped.rateLimited)
      note('requests refused', refused)
      expect(refused < network.stats.delivered / 1000, 'honest peers not to be refused')
    },
  }
}

/** The others go about their business. */
async function useMeanwhile(stage: Stage, others: readonly SimNode[]): Promise<void> {
  const { network, note, expect } = stage
  const probe = new Probe(network)
  const { gets, puts } = probe
  await spread(network, 60, MINUTE_MS, async (i) => {
    await probe.put(others[i % others.length]!, `meanwhile ${i}`)
    await probe.get(others[(i + 5) % others.length]!, `meanwhile ${i}`)
  })
  note('gets of others meanwhile', String(gets))
  note('puts of others meanwhile', String(puts))
  expect(gets.success === 1, `gets of others to succeed (${gets.lastError})`)
  expect(puts.success === 1, `puts of others to succeed (${puts.lastError})`)
  expect(gets.p99 < 10 * SECOND_MS, 'gets of others to take less than 10 s')
}

async function findAll(stage: Stage, others: readonly SimNode[], perNode: number): Promise<void> {
  const { network, note, expect } = stage
  const probe = new Probe(network)
  await spread(network, SAMPLE, 20 * SECOND_MS, (n) => {
    const name = `value ${n % BUSY_NODES} ${(7 * n) % perNode}`
    return probe.get(others[n % others.length]!, name)
  })
  note(`gets of their values, at ${Math.round(network.now / 1000)} s`, String(probe.gets))
  expect(probe.gets.success === 1, `their values to be found (${probe.gets.lastError})`)
}

/** All values are renewed once, within a minute and more rather than at once. */
async function renewAll(stage: Stage, startedAt: number, perNode: number): Promise<void> {
  const { network, note, expect } = stage
  let most = 0
  let total = 0
  while (network.now < startedAt + 12 * MINUTE_MS) {
    const before = network.stats.sent
    await network.run(SECOND_MS)
    const sent = network.stats.sent - before
    most = Math.max(most, sent)
    total += sent
  }
  note('datagrams of the renewals', total)
  note('most within a second', most)
  // At least a probe and a refresh to each of eight nodes, and their answers.
  expect(total > 32 * BUSY_NODES * perNode, 'all values to be renewed')
  expect(most < total / 20, 'renewals to be spread over time')
}

export const flashCrowd: Scenario = {
  name: 'flash-crowd',
  summary: '2,000 nodes listen to one key, and somebody puts: each of them hears of it, once.',
  nodes: 2200,
  async run({ network, nodes: count, note, expect }) {
    watch(network)
    // Most listeners of a real network are clients, which do not serve it.
    const servers = await grow(network, Math.ceil(count / 11))
    const listeners = await grow(network, count - servers.length, {
      clientMode: true,
      overMs: 5 * count,
    })
    const heardAt = new Map<SimNode, number[]>()
    const stop = new AbortController()
    const listens = listeners.map((node) => listen(node))
    await network.run(20 * SECOND_MS)
    const startedAt = network.now
    const { nodes } = await network.until(servers[3]!.put('the key', 'news'))
    note('put took, ms', network.now - startedAt)
    note('nodes that took it', nodes.length)
    await network.until(() => heardAt.size === listeners.length, {
      timeoutMs: MINUTE_MS,
      everyMs: 100,
      what: `${listeners.length} listeners to hear of the put`,
    })
    const times = [...heardAt.values()].map(([first]) => first! - startedAt)
    note('last listener heard after, ms', Math.max(...times))
    expect(Math.max(...times) < 10 * SECOND_MS, 'all to hear of it within 10 s')
    await network.run(30 * SECOND_MS)
    stop.abort()
    await network.until(Promise.all(listens))
    const twice = [...heardAt.values()].filter(({ length }) => length !== 1).length
    note('listeners that heard it more than once', twice)
    expect(twice === 0, 'each listener to hear of it once')

    async function listen(node: SimNode): Promise<void> {
      try {
        for await (const _ of node.listen('the key', { signal: stop.signal })) {
          heardAt.set(node, [...(heardAt.get(node) ?? []), network.now])
        }
      } catch (error) {
        if (!stop.signal.aborted) throw error
      }
    }
  },
}

function sum(nodes: readonly SimNode[], of: (node: SimNode) => number): number {
  return nodes.reduce((total, node) => total + of(node), 0)
}
