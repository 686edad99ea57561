// SPDX-License-Identifier: MIT
// N of our nodes in one process: time to join, puts, gets and listens at a given concurrency.
// Counterpart of cpp/network.cpp, with the same options and rows.
//   network nodes=16 secs=3 settle=5 conc=1,32,256 bytes=100 listens=200
//   phases=put,get,listen first=0 (1: gets end with the first value)

import { setTimeout as sleep } from 'node:timers/promises'
import type { DhtRunner } from '../../src/nodejs/entry.ts'
import {
  cpuSeconds,
  Latencies,
  number,
  numbers,
  operate,
  printRow,
  shuffle,
  someBytes,
  text,
} from '../harness/driver.ts'
import { Delivery } from './delivery.ts'
import { startNode, waitUntilJoined } from './node.ts'

const count = number('nodes', 16)
const label = text('label', `${count} nodes, `)
const stopsAtFirst = number('first', 0) === 1
const phases = text('phases', 'put,get,listen').split(',')
const nodes: DhtRunner[] = []
const stored: { key: string; node: number }[] = []
let nextKey = 0
let nextGet = 0

await boot()
for (const phase of ['put', 'get', 'listen']) {
  if (!phases.includes(phase)) continue
  if (phase === 'get') shuffle(stored)
  for (const concurrency of numbers('conc', '1,32,256')) {
    if (phase === 'put') await operate(rowOf('put', concurrency), concurrency, put)
    else if (phase === 'get') await operate(rowOf('get', concurrency), concurrency, get)
    else if (concurrency <= 32) await listens(concurrency)
  }
}
process.exit(0)

async function boot(): Promise<void> {
  await startOne()
  await startOne()
  await waitUntilJoined(nodes)
  await sleep(500)
  const cpu = cpuSeconds()
  const start = performance.now()
  while (nodes.length < count) await startOne()
  await waitUntilJoined(nodes)
  printRow(`${label}join`, {
    seconds: (performance.now() - start) / 1000,
    cpuMs: ((cpuSeconds() - cpu) * 1000) / count,
  })
  await sleep(number('settle', 5) * 1000)
}

async function startOne(): Promise<void> {
  const [first] = nodes
  nodes.push(await startNode(first === undefined ? [] : [`127.0.0.1:${first.port4}`]))
}

async function put(): Promise<boolean> {
  const index = nextKey++
  const key = `put ${index}`
  const node = pick()
  await nodes[node]!.put(key, { data: someBytes(number('bytes', 100), index) })
  stored.push({ key, node })
  return true
}

async function get(): Promise<boolean> {
  const { key, node } = stored[nextGet++ % stored.length]!
  const reader = nodes[otherThan(node)]!
  if (stopsAtFirst) return (await reader.getFirst(key)) !== undefined
  return (await reader.getAll(key)).length > 0
}

/** Time from put to the listener's loop, on distinct keys that somebody else listens to. */
async function listens(concurrency: number): Promise<void> {
  const latencies = new Latencies()
  const total = number('listens', 200)
  const abort = new AbortController()
  let failed = 0
  const all = Array.from({ length: total }, () => {
    const listener = pick()
    const writer = nodes[otherThan(listener)]!
    return new Delivery(`listen ${nextKey++}`, nodes[listener]!, writer, abort.signal)
  })
  await sleep(number('settle', 3) * 1000)
  const cpu = cpuSeconds()
  const queue = all.values()
  const worker = async (): Promise<void> => {
    for (const delivery of queue) {
      const ms = await delivery.measure()
      if (ms === undefined) failed++
      else latencies.add(ms)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  printRow(rowOf('listen', concurrency), {
    cpuMs: ((cpuSeconds() - cpu) * 1000) / total,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    failed,
  })
  abort.abort()
  await sleep(500)
}

function rowOf(name: string, concurrency: number): string {
  return `${label}${name}, ${concurrency} at once`
}

function pick(): number {
  return Math.floor(Math.random() * count)
}

function otherThan(node: number): number {
  for (;;) {
    const other = pick()
    if (other !== node) return other
  }
}
