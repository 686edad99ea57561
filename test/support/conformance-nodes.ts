// SPDX-License-Identifier: MIT
// The network behind the conformance suite where it runs in real time: nodes on loopback, and a
// proxy over one of them.

import { setTimeout as sleep } from 'node:timers/promises'
import { DhtRunner, type RunnerOptions } from '../../src/nodejs/entry.ts'
import { ProxyServer } from '../../src/proxy/server/entry.ts'
import { type ConformanceWorld, SHORT_LIVED } from './dht-conformance.ts'
import { TEST_TRANSPORT } from './test-transport.ts'

const DEADLINE_MS = 20_000
const LOOPBACK: RunnerOptions = {
  port: 0,
  bind4: '127.0.0.1',
  bind6: false,
  transport: TEST_TRANSPORT,
}

/** Nodes that know each other. */
export async function startNodes(count: number, options: RunnerOptions = {}): Promise<DhtRunner[]> {
  const nodes: DhtRunner[] = []
  for (let i = 0; i < count; i++) {
    const bootstrap = nodes.slice(0, 1).flatMap((node) => node.addresses.map(String))
    nodes.push(await DhtRunner.start({ ...LOOPBACK, bootstrap, ...options }))
    nodes[i]!.registerType(SHORT_LIVED)
  }
  const signal = AbortSignal.timeout(DEADLINE_MS)
  await Promise.all(nodes.map((node) => node.whenConnected({ signal })))
  return nodes
}

export function startProxy(node: DhtRunner): Promise<ProxyServer> {
  return ProxyServer.start(node, { port: 0, address: '127.0.0.1' })
}

/** The world of a suite in real time; `parts` are closed in their order. */
export function realWorld(
  { dht, other }: Pick<ConformanceWorld, 'dht' | 'other'>,
  parts: readonly AsyncDisposable[],
): ConformanceWorld {
  return {
    dht,
    other,
    shortType: SHORT_LIVED.id,
    wait: (promise) => promise,
    run: (ms) => sleep(ms),
    async [Symbol.asyncDispose]() {
      for (const part of parts) await part[Symbol.asyncDispose]()
    },
  }
}
