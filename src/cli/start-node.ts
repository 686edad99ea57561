// SPDX-License-Identifier: MIT
// From the command line options to a running node.

import { existsSync } from 'node:fs'
import { DEFAULT_PORT, DEFAULT_STORAGE_BYTES } from '../core/constants.ts'
import { DhtError } from '../core/errors.ts'
import type { Log } from '../core/ports.ts'
import type { Identity } from '../crypto/identity.ts'
import { DhtRunner } from '../nodejs/dht-runner.ts'
import type { RunnerOptions } from '../nodejs/runner-options.ts'
import type { Demo } from './demo.ts'
import type { StorageLimits } from './node-view.ts'
import type { NodeOptions } from './options.ts'
import { toProxyOptions } from './proxies/proxy-client-options.ts'

/** Ports that are tried after the default one. */
const MORE_PORTS = 100

export interface StartedNode {
  readonly runner: DhtRunner
  /** The network in this process, with --demo. */
  readonly demo: Demo | undefined
  readonly limits: StorageLimits
  /** Saves the state and stops. Rejects with ERR_DHT_STATE. */
  close(): Promise<void>
}

/** Rejects with ERR_DHT_BIND or ERR_DHT_STATE, whose messages are for the user. */
export async function startNode(
  options: NodeOptions,
  identity: Identity | undefined,
  log: Log,
): Promise<StartedNode> {
  const demo = await startDemoOf(options)
  try {
    const runner = await startRunner({ ...runnerOptions(options, demo), identity, log }, options)
    const close = async (): Promise<void> => {
      await Promise.all([runner.close(), demo?.close()])
    }
    const remoteBytes = options.unlimited ? -1 : DEFAULT_STORAGE_BYTES
    return { runner, demo, limits: { remoteBytes, localBytes: -1 }, close }
  } catch (error) {
    await demo?.close()
    throw error
  }
}

async function startDemoOf({ demo, network }: NodeOptions): Promise<Demo | undefined> {
  if (demo === undefined) return undefined
  const { startDemo } = await import('./demo.ts')
  return startDemo(demo, network)
}

function runnerOptions(options: NodeOptions, demo: Demo | undefined): RunnerOptions {
  const isBound = options.bind4 !== undefined || options.bind6 !== undefined
  const isLimited = !options.unlimited && demo === undefined
  return {
    network: demo?.network ?? options.network ?? 0,
    bootstrap: demo === undefined ? options.bootstrap : [demo.entry],
    // Naming one address means that one only. A demo lives on loopback.
    bind4: options.bind4 ?? (isBound ? false : demo && '127.0.0.1'),
    bind6: options.bind6 ?? (isBound || demo ? false : undefined),
    bootstrapMode: options.bootstrapMode,
    clientMode: options.clientMode,
    publicStable: options.publicStable,
    peerDiscovery: options.peerDiscovery,
    id: options.nodeId,
    statePath: options.persist,
    proxy: toProxyOptions(options.proxyClient),
    ...(isLimited ? {} : { maxRequestsPerSecond: -1, maxSearches: -1 }),
    ...(options.unlimited ? { maxStorageBytes: -1, maxStorageKeys: -1 } : {}),
  }
}

async function startRunner(runner: RunnerOptions, options: NodeOptions): Promise<DhtRunner> {
  if (runner.proxy !== undefined) return DhtRunner.start(runner)
  const port = options.port ?? defaultPort(options)
  if (port !== undefined) return DhtRunner.start({ ...runner, port })
  for (let next = DEFAULT_PORT; ; next++) {
    try {
      return await DhtRunner.start({ ...runner, port: next })
    } catch (error) {
      if (!isPortInUse(error) || next === DEFAULT_PORT + MORE_PORTS) throw error
    }
  }
}

/** Any port in a demo, that of the last time with a state; undefined for 4222 or the next free. */
function defaultPort({ demo, persist }: NodeOptions): number | undefined {
  if (demo !== undefined) return 0
  return persist !== undefined && existsSync(`${persist}_port.txt`) ? 0 : undefined
}

function isPortInUse(error: unknown): boolean {
  const cause = error instanceof DhtError ? error.cause : undefined
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
}
