// SPDX-License-Identifier: MIT
// The node of a soak run, in a process of its own: `node node.ts`. Says its port, and then, for
// each line that it reads, its health as JSON.

import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DhtRunner } from '../../../src/nodejs/dht-runner.ts'
import type { Health } from './health.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const node = await DhtRunner.start({
  port: 0,
  bind4: '127.0.0.1',
  bind6: false,
  maxRequestsPerSecond: -1,
  maxPeerRequestsPerSecond: -1,
})
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
let last = { waitedMs: 0, at: performance.now() }
starvedSince()
console.log(node.port4)

for await (const _line of createInterface({ input: process.stdin })) {
  const delayP99Ms = delay.percentile(99) / 1e6
  collectGarbage()
  const { messages, storage, dropped } = await node.stats()
  const { heapUsed, external, rss } = process.memoryUsage()
  const health: Health = {
    delayP99Ms,
    heapMb: (heapUsed + external) / 1e6,
    residentMb: rss / 1e6,
    handles: process.getActiveResourcesInfo().length,
    received: Object.values(messages.in).reduce((sum, count) => sum + count, 0),
    values: storage.values,
    starved: starvedSince(),
    internal: dropped.internal,
  }
  console.log(JSON.stringify(health))
  // The collection was no delay of the node.
  setImmediate(() => delay.reset())
}
await node.close()

/** Of the time since the last call. */
function starvedSince(): number {
  const [, waitedNs] = readFileSync('/proc/self/schedstat', 'utf8').split(' ').map(Number)
  const waitedMs = waitedNs! / 1e6
  const part = (waitedMs - last.waitedMs) / (performance.now() - last.at)
  last = { waitedMs, at: performance.now() }
  return part
}
