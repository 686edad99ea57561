// SPDX-License-Identifier: MIT
// N of our nodes in one process: time to join, puts, gets and listens at a given concurrency. The
// nodes are spread over threads, as the C++ library has threads for each of its nodes.
// Counterpart of cpp/network.cpp, with the same options and rows.
//   network nodes=16 threads=1 warm=0 secs=3 settle=5 conc=1,32,256 bytes=100 listens=200
//   phases=put,get,listen first=0 (1: gets end with the first value)

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import {
  cpuSeconds,
  Latencies,
  number,
  numbers,
  printRow,
  shuffle,
  text,
} from '../harness/driver.ts'
import type { Done, Order, Stored } from './network-thread.ts'

const count = number('nodes', 16)
const label = text('label', `${count} nodes, `)
const phases = text('phases', 'put,get,listen').split(',')
const workers = Array.from(
  { length: Math.min(number('threads', 1), count / 2) },
  (_, thread) =>
    new Worker(new URL('./network-thread.ts', import.meta.url), {
      argv: process.argv.slice(2),
      workerData: { thread },
    }),
)
const stored: Stored[] = []

await boot()
const warmS = number('warm', 0)
if (warmS > 0) {
  for (const kind of ['put', 'get'] as const) await operate(kind, 32, warmS)
}
for (const phase of ['put', 'get', 'listen'] as const) {
  if (!phases.includes(phase)) continue
  for (const concurrency of numbers('conc', '1,32,256')) {
    if (phase === 'listen' && concurrency > 32) continue
    const metrics = await operate(phase, concurrency, number('secs', 3))
    printRow(`${label}${phase}, ${concurrency} at once`, metrics)
  }
}
if (phases.includes('get')) {
  // Once more, with all the searches that are kept by now.
  printRow(`${label}get again, 32 at once`, await operate('get', 32, number('secs', 3)))
}
await Promise.all(workers.map((worker) => ask(worker, { kind: 'close' })))

/** Two nodes first, so that what a process costs once is not counted as joining. */
async function boot(): Promise<void> {
  const [first] = workers
  const { port } = await ask(first!, { kind: 'start', nodes: 2, port: 0 })
  await sleep(500)
  const cpu = cpuSeconds()
  const start = performance.now()
  await Promise.all(
    workers.map((worker, i) => {
      const share = Math.floor((count + i) / workers.length)
      return ask(worker, { kind: 'start', nodes: i === 0 ? share - 2 : share, port: port! })
    }),
  )
  printRow(`${label}join`, {
    seconds: (performance.now() - start) / 1000,
    cpuMs: ((cpuSeconds() - cpu) * 1000) / count,
  })
  await sleep(number('settle', 5) * 1000)
}

/** All threads at once; what they put is read and heard by nodes that did not put it. */
async function operate(
  kind: 'put' | 'get' | 'listen',
  concurrency: number,
  seconds: number,
): Promise<Record<string, number>> {
  const cpu = cpuSeconds()
  const busy = workers.slice(0, concurrency)
  if (kind === 'get') shuffle(stored)
  const done = await Promise.all(
    busy.map((worker, i) => {
      const share = Math.floor((concurrency + i) / busy.length)
      const keys = kind === 'get' ? stored.filter((_, n) => n % busy.length === i) : []
      return ask(worker, { kind, concurrency: share, seconds, keys })
    }),
  )
  const latencies = new Latencies()
  let failed = 0
  let total = 0
  let longestS = 0
  for (const part of done) {
    stored.push(...(part.stored ?? []))
    for (const ms of part.latencies ?? []) latencies.add(ms)
    longestS = Math.max(longestS, part.seconds ?? 0)
    failed += part.failed ?? 0
    total += part.latencies?.length ?? 0
  }
  return {
    ...(kind === 'listen' ? {} : { opsPerS: total / longestS }),
    cpuMs: ((cpuSeconds() - cpu) * 1000) / total,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    failed,
  }
}

async function ask(worker: Worker, order: Order): Promise<Done> {
  worker.postMessage(order)
  const [done] = (await once(worker, 'message')) as [Done]
  return done
}
