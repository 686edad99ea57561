// SPDX-License-Identifier: MIT
// Memory and CPU of further nodes with nothing to do: networks of N of our nodes in one process
// that has such a network already, of at most 64 nodes, so that what the first nodes load, compile
// and reserve for all is left out. Counterpart of cpp/idle.cpp, with the same options and rows.
//   idle nodes=16 further=64 idle=5 settle=5

import { setTimeout as sleep } from 'node:timers/promises'
import type { DhtRunner } from '../../src/nodejs/entry.ts'
import { cpuSeconds, number, printRow, residentKb } from '../harness/driver.ts'
import { startNode, waitUntilJoined } from './node.ts'

/** C++ nodes cannot be many more than 300 in one process. */
const MAX_FIRST = 64

const size = number('nodes', 16)
const further = Math.ceil(number('further', 64) / size)
const networks: DhtRunner[][] = [await startNetwork(Math.min(size, MAX_FIRST))]

await settle()
const before = residentKb()
for (let i = 0; i < further; i++) networks.push(await startNetwork(size))
await settle()
const rssKb = (residentKb() - before) / (further * size)
const cpu = cpuSeconds()
const start = performance.now()
await sleep(number('idle', 5) * 1000)
const usedMs = (cpuSeconds() - cpu) * 1000
const cpuPercent = (usedMs * 100) / (performance.now() - start) / networks.flat().length
printRow(`${size} nodes, idle`, { rssKb, cpuPercent })
process.exit(0)

async function startNetwork(count: number): Promise<DhtRunner[]> {
  const nodes = [await startNode()]
  while (nodes.length < count) nodes.push(await startNode([`127.0.0.1:${nodes[0]!.port4}`]))
  await waitUntilJoined(nodes)
  return nodes
}

function settle(): Promise<void> {
  return sleep(number('settle', 5) * 1000)
}
