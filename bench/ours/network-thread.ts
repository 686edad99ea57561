// SPDX-License-Identifier: MIT
// Some of the nodes of network.ts, in a thread of their own: starts them and lets them work as it
// is told to.

import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { DhtRunner } from '../../src/nodejs/entry.ts'
import { number, someBytes } from '../harness/driver.ts'
import { Delivery } from './delivery.ts'
import { startNode, waitUntilJoined } from './node.ts'

/** A key, and who put it: which node of which thread. */
export interface Stored {
  readonly key: string
  readonly thread: number
  readonly node: number
}

export type Order =
  | { readonly kind: 'start'; readonly nodes: number; readonly port: number }
  | {
      readonly kind: 'put' | 'get' | 'listen'
      readonly concurrency: number
      readonly seconds: number
      /** What gets ask for. */
      readonly keys: readonly Stored[]
    }
  | { readonly kind: 'close' }

export interface Done {
  /** Of the first node. */
  readonly port?: number
  /** Until the last operation ended. */
  readonly seconds?: number
  readonly failed?: number
  /** Of each operation, in milliseconds. */
  readonly latencies?: readonly number[]
  readonly stored?: readonly Stored[]
}

const { thread } = workerData as { thread: number }
const stopsAtFirst = number('first', 0) === 1
const nodes: DhtRunner[] = []
let nextKey = 0

parentPort!.on('message', (order: Order) => {
  obey(order).then(
    (done) => parentPort!.postMessage(done),
    (error) => {
      throw error
    },
  )
})

async function obey(order: Order): Promise<Done> {
  if (order.kind === 'start') return start(order.nodes, order.port)
  if (order.kind === 'put') return put(order)
  if (order.kind === 'get') return get(order)
  if (order.kind === 'listen') return listen(order)
  await Promise.all(nodes.map((node) => node.close()))
  // After the answer.
  setImmediate(() => parentPort!.close())
  return {}
}

async function start(count: number, port: number): Promise<Done> {
  for (let i = 0; i < count; i++) {
    const known = port === 0 ? nodes[0]?.port4 : port
    nodes.push(await startNode(known === undefined ? [] : [`127.0.0.1:${known}`]))
  }
  await waitUntilJoined(nodes)
  return { port: nodes[0]!.port4! }
}

interface Work {
  readonly concurrency: number
  readonly seconds: number
  readonly keys: readonly Stored[]
}

async function put({ concurrency, seconds }: Work): Promise<Done> {
  const stored: Stored[] = []
  const done = await repeat(concurrency, seconds, async () => {
    const index = nextKey++
    const key = `put ${thread} ${index}`
    const node = pick()
    await nodes[node]!.put(key, { data: someBytes(number('bytes', 100), index) })
    stored.push({ key, thread, node })
    return true
  })
  return { ...done, stored }
}

function get({ concurrency, seconds, keys }: Work): Promise<Done> {
  let next = 0
  return repeat(concurrency, seconds, async () => {
    const stored = keys[next++ % keys.length]!
    const reader = nodes[stored.thread === thread ? otherThan(stored.node) : pick()]!
    if (stopsAtFirst) return (await reader.getFirst(stored.key)) !== undefined
    return (await reader.getAll(stored.key)).length > 0
  })
}

/** Keeps `concurrency` operations going for that time, then lets them end. */
async function repeat(
  concurrency: number,
  seconds: number,
  operation: () => Promise<boolean>,
): Promise<Done> {
  const latencies: number[] = []
  let failed = 0
  const start = performance.now()
  const end = start + seconds * 1000
  const worker = async (): Promise<void> => {
    do {
      const began = performance.now()
      const isOk = await operation().catch(() => false)
      latencies.push(performance.now() - began)
      if (!isOk) failed++
    } while (performance.now() < end)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return { seconds: (performance.now() - start) / 1000, failed, latencies }
}

/** Time from put to the listener's loop, on distinct keys that somebody else listens to. */
async function listen({ concurrency }: Work): Promise<Done> {
  const latencies: number[] = []
  const abort = new AbortController()
  let failed = 0
  const all = Array.from({ length: number('listens', 200) / number('threads', 1) }, () => {
    const listener = pick()
    const writer = nodes[otherThan(listener)]!
    const key = `listen ${thread} ${nextKey++}`
    return new Delivery(key, nodes[listener]!, writer, abort.signal)
  })
  await sleep(number('settle', 3) * 1000)
  const queue = all.values()
  const worker = async (): Promise<void> => {
    for (const delivery of queue) {
      const ms = await delivery.measure()
      if (ms === undefined) failed++
      else latencies.push(ms)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  abort.abort()
  await sleep(500)
  return { failed, latencies }
}

function pick(): number {
  return Math.floor(Math.random() * nodes.length)
}

function otherThan(node: number): number {
  for (;;) {
    const other = pick()
    if (other !== node) return other
  }
}
