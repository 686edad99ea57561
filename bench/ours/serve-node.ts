// SPDX-License-Identifier: MIT
// One of our nodes without limits, for the load generator: prints its port, ends with its input.
// Counterpart of cpp/serve_node.cpp, which does not know the commands on the input: `stats` prints
// the event-loop delay since the last time, memory after a collection, and how much is stored;
// `put KEY` stores a value on this node.
//   serve-node port=0

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { number, printRow, residentKb } from '../harness/driver.ts'
import { startNode } from './node.ts'

const node = await startNode([], number('port', 0))
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
printRow('ready', { port: node.port4! })

for await (const command of createInterface({ input: process.stdin })) {
  if (command.startsWith('put ')) {
    // Alone in its network it keeps the value itself, and says that nobody else has it.
    await node.put(command.slice(4), { data: new Uint8Array(100) }).catch(() => undefined)
    printRow('stored')
    continue
  }
  const { storage } = await node.stats()
  const metrics = { delayP99Ms: delay.percentile(99) / 1e6, delayMaxMs: delay.max / 1e6 }
  printRow('stats', { ...metrics, values: storage.values, rssKb: residentKb() })
  // The collections that were asked for are no delay of the node.
  await sleep(10)
  delay.reset()
}
process.exit(0)
