// SPDX-License-Identifier: MIT
// Nodes that are slow to send, or to read.

import { PutChecker, type SimNode } from '../../../src/sim/entry.ts'
import { grow, key, MINUTE_MS, Probe, SECOND_MS, spread, Tally, watch } from './kit.ts'
import type { Scenario } from './scenario.ts'

export const slowUplinks: Scenario = uplinks('slow-uplinks', 8000)
/** Eight copies are four times what the queue of a line holds. */
export const slowUplinksLarge: Scenario = uplinks('slow-uplinks-large', 60_000)
export const slowConsumers: Scenario = consumers('slow-consumers', 50_000)
/** Hardly more than what four holders push of each value takes. */
export const slowestConsumers: Scenario = consumers('slowest-consumers', 20_000)

function uplinks(name: string, valueBytes: number): Scenario {
  return {
    name,
    summary: `Uplinks carry 100 kB per second: values of ${valueBytes} bytes are put and found.`,
    nodes: 50,
    options: { uplink: { bytesPerSecond: 100_000, queueBytes: 128 * 1024 } },
    async run({ network, nodes: count, note, expect }) {
      watch(network)
      network.addCheckers(new PutChecker())
      const nodes = await grow(network, count)
      const large = new Uint8Array(valueBytes).fill(7)
      const puts = new Tally()
      const gets = new Tally()
      const timeoutMs = 5 * MINUTE_MS
      let copies = 8
      for (let i = 0; i < 10; i++) {
        const put = puts.time(network, async () => {
          const { nodes: holders } = await nodes[i]!.put(`large ${i}`, large)
          copies = Math.min(copies, holders.length)
          return true
        })
        await network.until(put, { timeoutMs, what: 'a large put' })
      }
      await spread(network, 20, MINUTE_MS, (i) =>
        gets.time(network, async () => {
          const [value] = await nodes[i + 20]!.getAll(`large ${i % 10}`)
          return value?.data.length === large.length
        }),
      )
      const small = new Probe(network)
      await spread(network, count, 10 * SECOND_MS, (i) => small.put(nodes[i]!, `small ${i}`))
      await spread(network, count, 10 * SECOND_MS, (i) =>
        small.get(nodes[(i + 9) % count]!, `small ${i}`),
      )
      note('large puts', String(puts))
      note('large gets', String(gets))
      note('small puts', String(small.puts))
      note('small gets', String(small.gets))
      note('fewest nodes that took a large put', copies)
      note('datagrams that did not fit', network.stats.dropped.queue)
      expect(puts.success === 1, `every large put to succeed (${puts.lastError})`)
      expect(gets.success === 1, `every large get to succeed (${gets.lastError})`)
      expect(small.puts.success === 1 && small.gets.success === 1, 'small ones to succeed')
      // Eight copies of 60 kB take five seconds on such a line.
      expect(puts.max < 30 * SECOND_MS, 'large puts to take less than 30 s')
      expect(gets.max < 20 * SECOND_MS, 'large gets to take less than 20 s')
    },
  }
}

function consumers(name: string, bytesPerSecond: number): Scenario {
  return {
    name,
    summary: `Readers take half a second per value, with lines of ${bytesPerSecond} bytes/s.`,
    nodes: 50,
    async run({ network, nodes: count, note, expect }) {
      watch(network)
      const nodes = await grow(network, count)
      const slow = network.addNodes(5, { downlink: { bytesPerSecond } })
      const quick = nodes.slice(10, 15)
      await network.run(10 * SECOND_MS)
      const seen = new Map<SimNode, Set<string>>()
      const stop = new AbortController()
      const readers = [
        ...slow.map((node) => read(node, 500)),
        ...quick.map((node) => read(node, 0)),
      ]
      await network.run(5 * SECOND_MS)
      const values = 200
      const writer = nodes[20]!
      const puts = new Tally()
      await spread(network, values, 20 * SECOND_MS, (i) =>
        puts.time(network, async () => {
          await writer.put('busy key', `${i} `.padEnd(300, '.'))
          return true
        }),
      )
      await network.run(5 * SECOND_MS)
      for (const node of quick)
        expect(seen.get(node)?.size === values, 'quick readers to be on time')
      await network.run(3 * MINUTE_MS)
      const slowest = Math.min(...slow.map((node) => seen.get(node)?.size ?? 0))
      note('puts', String(puts))
      note('values that the slowest reader got', slowest)
      expect(puts.success === 1, `every put to succeed (${puts.lastError})`)
      expect(puts.p99 < 5 * SECOND_MS, 'puts to take less than 5 s')
      expect(slowest === values, 'slow readers to get all in the end')
      stop.abort()
      await network.until(Promise.all(readers))

      async function read(node: SimNode, msPerValue: number): Promise<void> {
        const own = new Set<string>()
        seen.set(node, own)
        try {
          for await (const { value } of node.listen(key('busy key'), { signal: stop.signal })) {
            own.add(new TextDecoder().decode(value.data))
            if (msPerValue > 0) await network.sleep(msPerValue)
          }
        } catch (error) {
          if (!stop.signal.aborted) throw error
        }
      }
    },
  }
}
