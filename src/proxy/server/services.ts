// SPDX-License-Identifier: MIT
// What the routes of one server share.

import type { IncomingMessage } from 'node:http'
import type { Log } from '../../core/ports.ts'
import type { ProxyLimits } from './limits.ts'
import { counterSource } from './metrics/counter-source.ts'
import { keptSource } from './metrics/kept-source.ts'
import { ProxyMetrics } from './metrics/proxy-metrics.ts'
import { NodeInfoCache } from './node-info.ts'
import { packageVersion } from './package-version.ts'
import { newCounters } from './proxy-counters.ts'
import type { ProxyNode } from './proxy-node.ts'
import type { KeptState } from './push/kept-state.ts'
import { ReadinessGate } from './readiness-gate.ts'
import { RequestRate } from './request-rate.ts'
import type { ProxyServices } from './route.ts'
import { KeyHubs } from './streams/key-hubs.ts'
import { Turns } from './turns.ts'

export interface ServicesOptions {
  readonly limits: ProxyLimits
  readonly kept: KeptState
  readonly log?: Log | undefined
  readonly now?: (() => number) | undefined
}

export class Services implements ProxyServices {
  readonly node: ProxyNode
  readonly limits: ProxyLimits
  readonly log: Log | undefined
  readonly now: () => number
  readonly counters = newCounters()
  readonly turns = new Turns()
  readonly info: NodeInfoCache
  readonly readiness: ReadinessGate
  readonly metrics: ProxyMetrics
  readonly hubs: KeyHubs
  readonly kept: KeptState
  readonly startedAt: number
  readonly #rate = new RequestRate(performance.now())
  readonly #closing = new AbortController()

  constructor(node: ProxyNode, { limits, kept, log, now = Date.now }: ServicesOptions) {
    this.node = node
    this.limits = limits
    this.log = log
    this.now = now
    this.startedAt = now()
    this.info = new NodeInfoCache(node)
    this.readiness = new ReadinessGate(node, () => performance.now())
    this.metrics = new ProxyMetrics(node, packageVersion())
    this.metrics.addSource(counterSource(this.counters))
    this.hubs = new KeyHubs(node, log)
    this.kept = kept
    this.metrics.addSource(keptSource(kept))
  }

  get isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  get closing(): AbortSignal {
    return this.#closing.signal
  }

  requestRate(): number {
    return this.#rate.perSecond(performance.now())
  }

  /** A request reached the route of this name. `now` is monotonic. */
  counted(name: string, now: number): void {
    this.#rate.count(now)
    const { requests } = this.counters
    requests[name] = (requests[name] ?? 0) + 1
  }

  replied(status: number): void {
    const { replies } = this.counters
    replies[status] = (replies[status] ?? 0) + 1
  }

  /** A request ended, in whatever way. */
  logged({ method, url = '', socket }: IncomingMessage, status: number, tookMs: number): void {
    if (!this.log?.enabled('debug')) return
    const path = url.slice(0, MAX_LOGGED)
    const took = tookMs.toFixed(1)
    const text = `${method} ${path} of ${socket.remoteAddress}: ${status} in ${took} ms`
    this.log.write('debug', `[proxy] ${text}`)
  }

  /** A handler failed for a reason that nobody foresaw. */
  failed(name: string, error: unknown): void {
    this.counters.internalErrors++
    if (!this.log?.enabled('error')) return
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.log.write('error', `[proxy] ${name} failed: ${text}`)
  }

  beginClosing(): void {
    this.readiness.shutDown()
    this.#closing.abort()
  }

  /**
   * Resolves when no get or put is under way, or it takes too long, and when the clients took leave
   * of their streams, which some never do.
   */
  async whenIdle(): Promise<void> {
    const { counters, limits } = this
    const startedAt = performance.now()
    for (;;) {
      const passedMs = performance.now() - startedAt
      const hasListens = counters.listens > 0 && passedMs < LEAVE_MS
      if (counters.operations === 0 && !hasListens) return
      if (passedMs >= limits.closeTimeoutMs) return
      await new Promise((resolve) => setTimeout(resolve, IDLE_CHECK_MS))
    }
  }

  async close(): Promise<void> {
    this.hubs.stopAll()
    this.metrics.close()
    await this.kept.close()
  }
}

const IDLE_CHECK_MS = 20
/** How long clients have to close their end of a stream. */
const LEAVE_MS = 500

/** Characters of a path in the log. */
const MAX_LOGGED = 100
