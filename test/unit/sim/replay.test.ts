// SPDX-License-Identifier: MIT
// A seed decides everything: a network with churn, loss, faults, NATs, bad clocks and application
// code does the same twice, whether it is traced or not; another seed does something else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkReplay,
  SimNetwork,
  type SimNode,
  standardCheckers,
  type TraceRecord,
} from '../../../src/sim/entry.ts'

const MINUTE_MS = 60_000

/** Three minutes in which much goes on, and much goes wrong. */
async function eventful(network: SimNetwork): Promise<void> {
  network.setDefaultLink({ loss: 0.05, duplication: 0.02, reordering: 0.05, corruption: 0.001 })
  network.addCheckers(...standardCheckers())
  const nodes = [
    ...network.addNodes(16, { families: [4, 6], overMs: 2000 }),
    ...network.addNodes(4, { nat: 'port-restricted', startAfterMs: 2500 }),
    ...network.addNodes(3, { clock: { driftPpm: 500, wallErrorMs: -2000 }, startAfterMs: 3000 }),
    network.addNode({ uplink: { bytesPerSecond: 50_000 }, startAfterMs: 3000 }),
  ]
  await network.run(10_000)
  network.churn({ medianSessionMs: 2 * MINUTE_MS, medianDownMs: 5000, nodes: nodes.slice(10) })
  network.schedule(MINUTE_MS, () => {
    const cut = network.isolate(nodes.slice(0, 10), { families: [4] })
    network.schedule(30_000, () => cut.heal())
  })
  network.schedule(100_000, () => network.clog('all', 'all', 2000))
  for (const [i, node] of nodes.entries()) void use(network, node, i)
  await network.run(3 * MINUTE_MS)
}

async function use(network: SimNetwork, node: SimNode, i: number): Promise<void> {
  for (let round = 0; !node.isClosed; round++) {
    await network.sleep(5000 + (1000 * i) / 7)
    if (!node.isUp) continue
    const key = `key ${(i + round) % 8}`
    try {
      if (round % 3 === 0) await node.put(key, `value ${i} ${round}`)
      else await node.getAll(key, { signal: network.abortAfter(3000) })
    } catch {
      // Some fail: their nodes die, or are cut off.
    }
  }
}

test('the same seed gives the same trace', async () => {
  assert.match(await checkReplay({ seed: 11 }, eventful), /^[0-9a-f]{16}$/)
})

test('another seed gives another one, and a trace changes nothing', async () => {
  const hashes: string[] = []
  const kinds = new Set<string>()
  const onTrace = ({ type }: TraceRecord): void => void kinds.add(type)
  for (const options of [{ seed: 12 }, { seed: 13 }, { seed: 12, onTrace }]) {
    const network = new SimNetwork(options)
    await eventful(network)
    await network.close()
    hashes.push(network.traceHash)
  }
  assert.notEqual(hashes[0], hashes[1])
  assert.equal(hashes[0], hashes[2])
  const expected = ['node-added', 'node-up', 'node-down', 'node-removed', 'status', 'sent']
  const others = ['delivered', 'dropped', 'operation-start', 'operation-end']
  const faults = ['fault-start', 'fault-end']
  for (const kind of [...expected, ...others, ...faults]) assert.ok(kinds.has(kind), kind)
})
