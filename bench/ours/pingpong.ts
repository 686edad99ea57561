// SPDX-License-Identifier: MIT
// Two of our nodes that answer each other through put and listen, in a network of N nodes, as in
// OpenDHT's own perftest. Counterpart of cpp/pingpong.cpp.
//   pingpong nodes=16 parallel=1 secs=3 settle=2

import { setTimeout as sleep } from 'node:timers/promises'
import type { DhtRunner } from '../../src/nodejs/entry.ts'
import { cpuSeconds, number, printRow } from '../harness/driver.ts'
import { startNode, waitUntilJoined } from './node.ts'

const count = number('nodes', 16)
const parallel = number('parallel', 1)
const data = new TextEncoder().encode('hey')
let heard = 0
let isOver = false

const first = await startNode()
const second = await startNode([`127.0.0.1:${first.port4}`])
const nodes = [first, second]
while (nodes.length < count) nodes.push(await startNode([`127.0.0.1:${first.port4}`]))
await waitUntilJoined(nodes)
await sleep(number('settle', 2) * 1000)
for (let i = 0; i < parallel; i++) {
  void answer(first, `ping ${i}`, `pong ${i}`)
  void answer(second, `pong ${i}`, `ping ${i}`)
}
await sleep(1000)

const cpu = cpuSeconds()
const start = performance.now()
for (let i = 0; i < parallel; i++) put(second, `ping ${i}`)
await sleep(number('secs', 3) * 1000)
isOver = true
printRow(`${count} nodes, ${parallel} at once`, {
  opsPerS: (heard * 1000) / (performance.now() - start),
  cpuMs: ((cpuSeconds() - cpu) * 1000) / heard,
})
process.exit(0)

/** Whatever `node` hears at one key it answers at the other. */
async function answer(node: DhtRunner, heardAt: string, answerAt: string): Promise<void> {
  for await (const { expired } of node.listen(heardAt)) {
    if (expired || isOver) continue
    heard++
    put(node, answerAt)
  }
}

function put(node: DhtRunner, key: string): void {
  node.put(key, { data }).catch(() => undefined)
}
