// SPDX-License-Identifier: MIT
// Nodes that die, all at once or one after the other, and the node that everybody entered by.

import { ListenChecker, PutChecker, type SimNode } from '../../../src/sim/entry.ts'
import {
  countConnected,
  grow,
  key,
  listenTo,
  MINUTE_MS,
  Probe,
  SECOND_MS,
  spread,
  type Tally,
  watch,
} from './kit.ts'
import type { Scenario } from './scenario.ts'

const VALUES = 100
/** A put that ended goes on so long for nodes whose answers were late. */
const CATCH_UP_MS = 10 * SECOND_MS

export const massDeath: Scenario = {
  name: 'mass-death',
  summary: '30 % of the nodes die at once: what they held is found from the others right away.',
  nodes: 200,
  async run({ network, nodes: count, note, expect }) {
    watch(network)
    network.addCheckers(new PutChecker())
    const nodes = await grow(network, count)
    const probe = new Probe(network)
    await spread(network, VALUES, 20 * SECOND_MS, (i) => probe.put(nodes[i % count]!, `value ${i}`))
    expect(probe.puts.success === 1, `every put to succeed (${probe.puts.lastError})`)
    for (const node of network.random.sample(nodes.slice(1), Math.floor(0.3 * count))) node.crash()
    // Values of which every copy died with its holder cannot be found: hardly any.
    const isKept = (i: number): boolean =>
      network.upNodes.some((node) => node.dht.localValues(key(`value ${i}`)).length > 0)
    const kept = Array.from({ length: VALUES }, (_, i) => i).filter(isKept)
    note('values of which a copy is left', kept.length)
    const alive = network.upNodes
    await spread(network, 2 * kept.length, 20 * SECOND_MS, (i) =>
      probe.get(alive[(3 * i) % alive.length]!, `value ${kept[i % kept.length]}`),
    )
    note('gets after the deaths', String(probe.gets))
    expect(probe.gets.success === 1, `every get to succeed (${probe.gets.lastError})`)
    expect(probe.gets.p99 < 10 * SECOND_MS, 'gets to take less than 10 s')
    const later = new Probe(network)
    await network.run(5 * MINUTE_MS)
    await spread(network, VALUES, 20 * SECOND_MS, (i) =>
      later.put(alive[i % alive.length]!, `later ${i}`),
    )
    note('puts five minutes later', String(later.puts))
    note('closest nodes that acknowledged them before they ended', later.exactness)
    await network.run(CATCH_UP_MS)
    note('closest nodes that they reached', later.reach)
    expect(later.puts.success === 1, `every later put to succeed (${later.puts.lastError})`)
    expect(later.puts.p99 < 5 * SECOND_MS, 'later puts to take less than 5 s')
    // A put ends when eight have it; one of the closest whose answer is late may not be among them.
    expect(later.exactness >= 0.98, '98 % of the closest nodes to acknowledge later puts in time')
    expect(later.reach >= 0.995, '99.5 % of the closest nodes to be reached by later puts')
  },
}

export const churn: Scenario = {
  name: 'churn',
  summary: 'Nodes come and go, half of them within ten minutes: permanent values are found.',
  nodes: 100,
  async run({ network, nodes: count, note, expect }) {
    watch(network)
    const puts = new PutChecker({ everyMs: 3 * SECOND_MS })
    // A holder that dies before it could tell of the end leaves a listener in doubt for long.
    network.addCheckers(puts, new ListenChecker({ endsWithinMs: 11 * MINUTE_MS }))
    const stayers = await grow(network, 10)
    const others = await grow(network, count - 10)
    const churning = network.churn({ nodes: others, medianSessionMs: 10 * MINUTE_MS })
    const probe = new Probe(network)
    for (const [i, node] of stayers.entries())
      await network.until(probe.put(node, `own ${i}`, true))
    const heard = new Set<string>()
    const abort = new AbortController()
    const listening = (async (): Promise<void> => {
      for await (const { value } of stayers[0]!.listen('news', { signal: abort.signal })) {
        heard.add(new TextDecoder().decode(value.data))
      }
    })().catch(() => undefined)
    await spread(network, 200, 20 * MINUTE_MS, async (i) => {
      if (i % 10 === 0) await stayers[1 + (i % 9)]!.put('news', `news ${i}`)
      const readers = network.upNodes.filter(({ isConnected }) => isConnected)
      const reader = network.random.pick(readers)
      if (!(await probe.get(reader, `own ${i % 10}`)) && !reader.isUp) excuse(probe.gets)
    })
    await network.run(MINUTE_MS)
    abort.abort()
    await network.until(listening)
    churning.stop()
    note('nodes that went', churning.crashes)
    note('gets', String(probe.gets))
    note('looks of the checker', `${puts.found} found, ${puts.scarce} scarce, ${puts.lost} lost`)
    note('news heard', `${heard.size} of 20`)
    expect(churning.crashes > count / 2, 'more than half of the nodes to go')
    expect(probe.gets.success === 1, `every get to succeed (${probe.gets.lastError})`)
    expect(probe.gets.p99 < 10 * SECOND_MS, 'gets to take less than 10 s')
    expect(heard.size === 20, 'the listener to hear all news')
    expect(puts.lost <= puts.found / 100, 'hardly any value to be lost')
  },
}

/** The reader died meanwhile: nobody's fault. */
function excuse(tally: Tally): void {
  tally.failed--
}

export const bootstrapGone: Scenario = {
  name: 'bootstrap-gone',
  summary: 'The node that all entered by is gone, then back: others work, return, and enter later.',
  nodes: 60,
  async run({ network, nodes: count, note, expect }) {
    watch(network)
    // As above: some of those who hold values are down for a while.
    const listens = new ListenChecker({ endsWithinMs: 11 * MINUTE_MS })
    network.addCheckers(new PutChecker(), listens)
    const nodes = await grow(network, count, { settleMs: 2 * MINUTE_MS })
    const [entrance, ...others] = nodes as [SimNode, ...SimNode[]]
    const each = (i: number): SimNode => others[i % others.length]!
    for (const node of nodes) node.saveState()
    entrance.stop()
    for (let i = 0; i < 20; i++) listenTo(each(i + 12), `value ${i}`)
    const probe = new Probe(network)
    await spread(network, 40, 20 * SECOND_MS, (i) => probe.put(each(i), `value ${i}`))
    await spread(network, 40, 20 * SECOND_MS, (i) => probe.get(each(i + 4), `value ${i}`))
    note('puts', String(probe.puts))
    note('gets', String(probe.gets))
    expect(probe.puts.success === 1 && probe.gets.success === 1, 'puts and gets to succeed')
    // Those who know somebody find back without it.
    const returning = nodes.slice(1, 11)
    for (const node of returning) node.crash()
    await network.run(10 * SECOND_MS)
    for (const node of returning) node.restart()
    await connected(network.now, returning)
    // Those who know nobody else wait for it.
    const newcomers = network.addNodes(5)
    await network.run(30 * MINUTE_MS)
    expect(countConnected(newcomers) === 0, 'newcomers to find nobody')
    note('values that listeners heard of', listens.heard)
    expect(listens.heard >= 20, 'listeners to hear of each of twenty values')
    entrance.restart()
    const enteredMs = await connected(network.now, newcomers)
    note('newcomers wait, ms', enteredMs)
    expect(enteredMs < 5 * MINUTE_MS, 'newcomers to enter within five minutes')
    await spread(network, 5, SECOND_MS, (i) => probe.put(newcomers[i]!, `new ${i}`))
    await spread(network, 5, SECOND_MS, (i) => probe.get(each(i + 19), `new ${i}`))
    expect(probe.puts.success === 1 && probe.gets.success === 1, 'newcomers to be part of it')

    async function connected(since: number, who: readonly SimNode[]): Promise<number> {
      await network.until(() => countConnected(who) === who.length, {
        timeoutMs: 10 * MINUTE_MS,
        what: `${who.length} nodes to be connected`,
      })
      return network.now - since
    }
  },
}
