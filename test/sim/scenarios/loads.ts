// SPDX-License-Identifier: MIT
// Loads that come all at once.

import type { SimNode } from '../../../src/sim/entry.ts'
import { grow, MINUTE_MS, Probe, SECOND_MS, spread, Tally, watch } from './kit.ts'
import type { Scenario } from './scenario.ts'

const BUSY_NODES = 20
/** Of each busy node. */
const PERMANENT_PUTS = 1000
/** How many of all values are looked for at the end. */
const SAMPLE = 400

export const massRestart: Scenario = {
  name: 'mass-restart',
  summary: '20 nodes start together, each with 1,000 permanent puts: all are there in two minutes.',
  nodes: 60,
  async run({ network, nodes: count, note, expect }) {
    watch(network)
    const others = await grow(network, count - BUSY_NODES)
    const probe = new Probe(network)
    const busy = network.addNodes(BUSY_NODES)
    // Each announces all that it has at once, as a proxy does for its clients.
    const puts = new Tally()
    const all = busy.flatMap((node, i) =>
      Array.from({ length: PERMANENT_PUTS }, (_, j) =>
        puts.time(network, async () => {
          await node.put(`value ${i} ${j}`, `value ${i} ${j}`, { permanent: true })
          return true
        }),
      ),
    )
    // Meanwhile the others go about their business.
    const meanwhile = new Probe(network)
    await spread(network, 60, MINUTE_MS, async (i) => {
      await meanwhile.put(others[i % others.length]!, `meanwhile ${i}`)
      await meanwhile.get(others[(i + 5) % others.length]!, `meanwhile ${i}`)
    })
    await network.until(Promise.all(all), { timeoutMs: 5 * MINUTE_MS, what: 'all puts' })
    note('puts', `${puts}, all after ${puts.max} ms`)
    note('gets of others meanwhile', String(meanwhile.gets))
    note('puts of others meanwhile', String(meanwhile.puts))
    expect(puts.success === 1, `every put to succeed (${puts.lastError})`)
    expect(puts.max < 2 * MINUTE_MS, 'all values to be back within two minutes')
    expect(meanwhile.gets.success === 1, `gets of others to succeed (${meanwhile.gets.lastError})`)
    expect(meanwhile.puts.success === 1, `puts of others to succeed (${meanwhile.puts.lastError})`)
    expect(meanwhile.gets.p99 < 10 * SECOND_MS, 'gets of others to take less than 10 s')
    await spread(network, SAMPLE, 20 * SECOND_MS, (n) => {
      const name = `value ${n % BUSY_NODES} ${(7 * n) % PERMANENT_PUTS}`
      return probe.get(others[n % others.length]!, name)
    })
    note('gets of their values', String(probe.gets))
    expect(probe.gets.success === 1, `their values to be found (${probe.gets.lastError})`)
    const refused = sum(network.nodes, (node) => node.dht.stats(node.clockMs).dropped.rateLimited)
    const received = network.stats.delivered
    note('requests refused', refused)
    expect(refused < received / 1000, 'honest peers not to be refused')
    // The storm is over: nobody keeps repeating himself.
    const before = network.stats.sent
    await network.run(MINUTE_MS)
    const perNode = (network.stats.sent - before) / count / 60
    note('datagrams per node and second afterwards', perNode)
    expect(perNode < 50, 'the network to calm down')
  },
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
