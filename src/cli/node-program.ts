// SPDX-License-Identifier: MIT
// A program around one node: its log, its identity, its start and its end.

import type { Log } from '../core/ports.ts'
import type { Identity } from '../crypto/identity.ts'
import type { LogRing } from '../proxy/server/inspect/log-ring.ts'
import { openLog } from './log-target.ts'
import type { Logger } from './logger.ts'
import { NetworkWatch } from './notices.ts'
import type { NodeOptions } from './options.ts'
import type { Program } from './program.ts'
import { hasProxies } from './proxies/proxy-options.ts'
import type { ProxyServers } from './proxies/proxy-servers.ts'
import type { LazyProxies } from './proxies/proxy-view.ts'
import type { Output } from './screen.ts'
import { type StartedNode, startNode } from './start-node.ts'

export interface NodeProgram extends Program {
  readonly started: StartedNode
  readonly log: Logger
  readonly proxies: LazyProxies
}

/** Starts the node of `tool`, lets `serve` use it, and stops it whatever happens. */
export async function withNode(
  tool: string,
  options: NodeOptions,
  program: Program,
  serve: (program: NodeProgram) => Promise<number>,
): Promise<number> {
  const { screen, stop } = program
  const target = openLog(options, screen, tool)
  try {
    announceOptions(options, screen)
    const identity = await openOwnIdentity(options, screen, stop.signal)
    const ring = hasProxies(options.proxy) ? await keepLog(target.log) : undefined
    const started = await startNode(options, identity, ring ?? target.log)
    const isIdShared = identity !== undefined && options.nodeId === undefined
    const isSeeking = options.peerDiscovery
    new NetworkWatch(started.runner, screen, target.log, { isIdShared, isSeeking })
    const { log } = target
    const proxies = lazyProxies({ started, options, identity, log: ring ?? log, ring, screen })
    try {
      if (hasProxies(options.proxy)) await (await proxies.open()).startGiven()
      return await serve({ ...program, started, log, proxies })
    } finally {
      await proxies.close()
      await started.close()
    }
  } finally {
    target.close()
  }
}

/** For the dashboard of a proxy. */
async function keepLog(log: Log): Promise<LogRing> {
  const { LogRing } = await import('../proxy/server/inspect/log-ring.ts')
  return new LogRing(log)
}

interface ProxyParts {
  readonly started: StartedNode
  readonly options: NodeOptions
  readonly identity: Identity | undefined
  readonly log: Log
  readonly ring: LogRing | undefined
  readonly screen: Output
}

function lazyProxies({ started, options, identity, log, ring, screen }: ProxyParts): LazyProxies {
  const { proxy, persist } = options
  let opening: Promise<ProxyServers> | undefined
  let opened: ProxyServers | undefined
  return {
    get list() {
      return opened?.list ?? []
    },
    open() {
      opening ??= import('./proxies/proxy-servers.ts').then(({ ProxyServers }) => {
        const parts = { flags: proxy, identity, persist, log, ring, out: screen }
        opened = new ProxyServers({ ...parts, node: started.runner })
        return opened
      })
      return opening
    },
    async close() {
      await (await opening)?.close()
    },
  }
}

function announceOptions({ bootstrap, json }: NodeOptions, screen: Output): void {
  if (json) return
  for (const host of bootstrap) screen.line(`Bootstrap: ${host}`)
}

async function openOwnIdentity(
  { identity, json }: NodeOptions,
  screen: Output,
  signal: AbortSignal,
): Promise<Identity | undefined> {
  if (identity === undefined) return undefined
  const { openIdentity } = await import('./own-identity.ts')
  // With --json, only results are on standard output.
  const out = json
    ? { line: (text: string) => screen.error(text), error: (text: string) => screen.error(text) }
    : screen
  return openIdentity(identity, out, signal)
}
