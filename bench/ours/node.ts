// SPDX-License-Identifier: MIT
// The package under test, and nodes of it without limits.

import { setTimeout as sleep } from 'node:timers/promises'
import type { DhtRunner, RunnerOptions } from '../../src/nodejs/entry.ts'
import { number, text } from '../harness/driver.ts'

const JOIN_LIMIT_MS = 60_000

const path = number('source', 0) === 1 ? '../../src/nodejs/entry.ts' : '../../dist/nodejs/entry.js'
/** The package, built unless the option `source=1` is given. */
export const opendht = (await import(path)) as typeof import('../../src/nodejs/entry.ts')

/** A node of 127.0.0.1 that nothing throttles; port 0 lets the system choose. */
export function startNode(
  bootstrap: readonly string[] = [],
  port = 0,
  more: RunnerOptions = {},
): Promise<DhtRunner> {
  const transport = text('transport', '')
  const options = {
    port,
    bind4: '127.0.0.1',
    bind6: false,
    bootstrap,
    maxRequestsPerSecond: -1,
    maxPeerRequestsPerSecond: -1,
    maxAmplification: -1,
    maxStorageBytes: -1,
    maxStorageKeys: -1,
    maxListeners: -1,
    ...(transport === '' ? {} : { transport }),
    ...more,
  } as const
  return opendht.DhtRunner.start(options as Parameters<typeof DhtRunner.start>[0])
}

/** Until every node knows another one that answers. */
export async function waitUntilJoined(nodes: readonly DhtRunner[]): Promise<void> {
  const end = performance.now() + JOIN_LIMIT_MS
  while (nodes.some((node) => node.status().ipv4 !== 'connected')) {
    if (performance.now() > end) throw new Error('the nodes did not find each other')
    await sleep(5)
  }
}
