// SPDX-License-Identifier: MIT
// What a route is: method, path and handler. Each file in `routes/` exports a list of them.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Log } from '../../core/ports.ts'
import type { ProxyLimits } from './limits.ts'
import type { ProxyMetrics } from './metrics/proxy-metrics.ts'
import type { NodeInfoCache } from './node-info.ts'
import type { Peer } from './peers.ts'
import type { ProxyCounters } from './proxy-counters.ts'
import type { ProxyNode } from './proxy-node.ts'
import type { KeptState } from './push/kept-state.ts'
import type { ReadinessGate } from './readiness-gate.ts'
import type { KeyHubs } from './streams/key-hubs.ts'
import type { RequestSpan } from './tracing.ts'
import type { Turns } from './turns.ts'

/** What the parts of a server share, and all that they know of the world. */
export interface ProxyPorts {
  readonly node: ProxyNode
  /** Wall time in milliseconds since 1970. */
  now(): number
  readonly log: Log | undefined
}

export interface ProxyServices extends ProxyPorts {
  readonly limits: ProxyLimits
  readonly counters: ProxyCounters
  readonly info: NodeInfoCache
  readonly readiness: ReadinessGate
  readonly metrics: ProxyMetrics
  readonly hubs: KeyHubs
  /** For whatever asks the network. */
  readonly turns: Turns
  /** Permanent puts and subscriptions. */
  readonly kept: KeptState
  /** When the server began to close: nothing that lasts is started any more. */
  readonly isClosing: boolean
  /** Aborted when the server closes: for what would go on for ever. */
  readonly closing: AbortSignal
  /** Requests per second, over the last minute or so. */
  requestRate(): number
  readonly startedAt: number
}

export interface RouteContext {
  readonly services: ProxyServices
  readonly request: IncomingMessage
  readonly reply: ServerResponse
  /** Who asks. */
  readonly peer: Peer
  /** The key of `:key` in the path; only routes with one may ask. */
  readonly key: InfoHash
  /** What is behind the `?`, or ''. */
  readonly search: string
  /** Undefined without tracing. */
  readonly span: RequestSpan | undefined
}

export interface Route {
  readonly method: string
  /**
   * Segments that a path must have, where `:key` stands for any: `/key/:key/listen`. A path without
   * `:key` goes before one with it.
   */
  readonly path: string
  /** What it throws or rejects with becomes an error reply, if nothing was sent yet. */
  handle(context: RouteContext): void | Promise<void>
}
