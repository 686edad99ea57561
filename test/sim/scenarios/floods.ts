// SPDX-License-Identifier: MIT
// Somebody floods every node of a network from one address, with garbage or with valid gets: honest
// nodes put and get as before.

import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../src/core/value/query.ts'
import { MessageEncoder } from '../../../src/core/wire/message-encoder.ts'
import { MsgpackWriter } from '../../../src/core/wire/msgpack-writer.ts'
import type { SimNetwork, SimNode } from '../../../src/sim/entry.ts'
import { grow, Probe, SECOND_MS, spread, watch } from './kit.ts'
import type { Scenario, Stage } from './scenario.ts'

const PUTS = 40
const PAUSE_MS = 50
/** So many datagrams at a time. */
const TICK_MS = 10
const VICTIMS = 4

function junk(): Uint8Array {
  return new Uint8Array(100).fill(0xc1)
}

function get(): Uint8Array {
  const id = InfoHash.get('somebody')
  const writer = new MsgpackWriter()
  const encoder = new MessageEncoder({ id, network: 0, isClient: false, agent: 'fl' })
  encoder.get(writer, 5, InfoHash.get('flooded'), QUERY_ALL)
  return writer.take()
}

/** Puts, and gets of what was put, by all nodes in turn. */
async function use({ network }: Stage, nodes: readonly SimNode[], name: string): Promise<Probe> {
  const probe = new Probe(network)
  const each = (i: number): SimNode => nodes[i % nodes.length]!
  await spread(network, PUTS, PUTS * PAUSE_MS, (i) => probe.put(each(i), `${name} ${i}`))
  await spread(network, PUTS, PUTS * PAUSE_MS, (i) => probe.get(each(7 * i + 3), `${name} ${i}`))
  return probe
}

/** Sends `perSecond` datagrams to each of `victims` until it is told to stop. */
function startFlood(
  network: SimNetwork,
  victims: readonly SimNode[],
  { bytes, perSecond }: { bytes: Uint8Array; perSecond: number },
): () => void {
  const flooder = network.addNode({ bootstrap: [] })
  flooder.intercept(() => true)
  let isOver = false
  const tick = (): void => {
    if (isOver) return
    for (const { address } of victims) {
      for (let n = 0; n < (perSecond * TICK_MS) / SECOND_MS; n++) flooder.send(bytes, address)
    }
    network.schedule(TICK_MS, tick)
  }
  tick()
  return () => {
    isOver = true
  }
}

function scenario(name: string, summary: string, bytes: Uint8Array, perSecond: number): Scenario {
  return {
    name,
    summary,
    nodes: 30,
    options: { maxPackets: 4_000_000 },
    async run(stage) {
      const { network, nodes: count, note, expect } = stage
      watch(network)
      const nodes = await grow(network, count)
      const quiet = await use(stage, nodes, 'quiet')
      const victims = network.random.sample(nodes, VICTIMS)
      const stop = startFlood(network, victims, { bytes, perSecond })
      await network.run(SECOND_MS)
      const flooded = await use(stage, nodes, 'flooded')
      stop()
      for (const [when, { puts, gets }] of Object.entries({ quiet, flooded })) {
        note(`${when} puts`, String(puts))
        note(`${when} gets`, String(gets))
        expect(puts.success === 1, `every put to succeed (${puts.lastError})`)
        expect(gets.success === 1, `every get to succeed (${gets.lastError})`)
      }
      const dropped = victims.map(({ dht, clockMs }) => dht.stats(clockMs).dropped)
      const read = Math.max(...dropped.map((each) => each.malformed + each.rateLimited))
      const unread = Math.min(...dropped.map(({ flooding }) => flooding))
      note('datagrams read in vain by a victim, at most', read)
      note('datagrams not read, at least', unread)
      expect(unread > 3 * read, 'most of the flood not to be read')
      for (const kind of ['puts', 'gets'] as const) {
        const isFast = flooded[kind].p99 < 2 * quiet[kind].p99
        expect(isFast, `p99 of ${kind} below twice the quiet one`)
      }
    },
  }
}

export const floodOfJunk: Scenario = scenario(
  'flood-of-junk',
  '50,000 datagrams of garbage per second from one address hit some nodes: nobody else notices.',
  junk(),
  50_000,
)

export const floodOfGets: Scenario = scenario(
  'flood-of-gets',
  '10,000 valid gets per second from one address hit some nodes: nobody else notices.',
  get(),
  10_000,
)
