// SPDX-License-Identifier: MIT
// A bit of everything at once: links that lose, repeat, reorder and damage datagrams, two families,
// NATs, clocks that are wrong, and hosts that stop, sleep and return.

import { ListenChecker, PutChecker, type SimNode } from '../../../src/sim/entry.ts'
import { grow, key, MINUTE_MS, Probe, SECOND_MS, spread, watch } from './kit.ts'
import type { Scenario, Stage } from './scenario.ts'

const NATS = ['full-cone', 'address-restricted', 'port-restricted', 'symmetric'] as const
const ROUNDS = 4

export const rough: Scenario = {
  name: 'rough',
  summary:
    'Links lose, repeat, reorder and damage datagrams, hosts sleep and return, clocks jump: ' +
    'whoever is up puts, gets and listens.',
  nodes: 60,
  options: {
    link: {
      delayMs: { median: 50, sigma: 0.5 },
      jitterMs: 20,
      loss: 0.03,
      duplication: 0.03,
      reordering: 0.05,
      corruption: 0.0005,
    },
  },
  async run(stage) {
    const { network, nodes: count, note, expect } = stage
    watch(network)
    // A value that was damaged on its way to one node is another one there.
    network.addCheckers(
      new PutChecker({ minHolders: 5 }),
      new ListenChecker({ withinMs: 2 * MINUTE_MS }),
    )
    const steady = await grow(network, Math.ceil(count / 2), { families: [4, 6] })
    const unsteady = await grow(network, Math.floor(count / 4))
    const homes = NATS.flatMap((nat) => network.addNodes(2, { nat, clientMode: true }))
    const clocks = [-4000, 4000].map((driftPpm) =>
      network.addNode({ clock: { driftPpm, wallErrorMs: 500 * driftPpm } }),
    )
    await network.run(30 * SECOND_MS)
    const heard = listen(stage, steady[1]!)
    const probe = new Probe(network)
    for (let round = 0; round < ROUNDS; round++) {
      disturb(stage, unsteady, [...clocks, ...homes])
      const writers = [...steady, ...homes, ...clocks]
      await spread(network, 40, MINUTE_MS, async (i) => {
        const name = `value ${round} ${i}`
        if (await probe.put(writers[i % writers.length]!, name)) {
          await probe.get(writers[(i + 7) % writers.length]!, name)
        }
        if (i % 10 === 0) await steady[2]!.put('news', `${round} ${i}`)
      })
    }
    await network.run(30 * SECOND_MS)
    note('puts', String(probe.puts))
    note('gets', String(probe.gets))
    note('news heard', `${heard.size} of ${4 * ROUNDS}`)
    const { dropped } = network.stats
    note('datagrams lost', dropped.loss)
    expect(probe.puts.success === 1, `every put to succeed (${probe.puts.lastError})`)
    expect(probe.gets.success > 0.98, `gets to succeed (${probe.gets.lastError})`)
    expect(probe.gets.p99 < 10 * SECOND_MS, 'gets to take less than 10 s')
    // One of them may be damaged at every node that tells of it.
    expect(heard.size >= 4 * ROUNDS - 1, 'the listener to hear all news')
  },
}

/** What `node` hears from now on. */
function listen({ network }: Stage, node: SimNode): Set<string> {
  const heard = new Set<string>()
  const reading = async (): Promise<void> => {
    for await (const { value } of node.listen(key('news'))) {
      const text = new TextDecoder().decode(value.data)
      if (/^\d+ \d+$/.test(text)) heard.add(text)
    }
  }
  // Ends with its node.
  network.schedule(0, () => void reading())
  return heard
}

/** Something for each kind of host, within a minute. */
function disturb(
  { network }: Stage,
  unsteady: readonly SimNode[],
  others: readonly SimNode[],
): void {
  const { random } = network
  const [crashing, losing, sleeping] = random.sample(unsteady, 3)
  const later = (seconds: number, action: () => void): void => {
    network.schedule(seconds * SECOND_MS, action)
  }
  later(5, () => {
    crashing!.saveState()
    crashing!.crash()
    losing!.crash()
    sleeping!.pause()
  })
  later(20, () => {
    losing!.restart({ state: 'none' })
    sleeping!.resume()
  })
  later(30, () => crashing!.restart())
  later(10, () => network.clog(unsteady, 'all', 2 * SECOND_MS))
  later(40, () => {
    const cut = network.isolate(random.sample(unsteady, 3))
    network.schedule(10 * SECOND_MS, () => cut.heal())
  })
  later(25, () => random.pick(others).jumpClock(3 * SECOND_MS))
}
