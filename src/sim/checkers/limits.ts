// SPDX-License-Identifier: MIT
// Checker: tables and queues of every node stay within their limits, and nothing went wrong that
// only our own bugs can explain. By default the limits of the engine; a test sets narrower ones.

import { MAX_CACHED_NODES, MAX_PARTIAL_BYTES, MAX_PENDING_REQUESTS } from '../../core/constants.ts'
import type { DhtStats } from '../../core/snapshots.ts'
import type { SimNode } from '../sim-node.ts'
import { NodeChecker, type NodeCheckerOptions } from './node-checker.ts'

/** What is measured of a node, and its limit. */
export interface NodeLimits {
  /** Of one family. */
  cachedNodes: number
  pendingRequests: number
  partialBytes: number
  /** Default what the node's configuration says. */
  remoteBytes?: number
  keys?: number
  listeners?: number
  searches?: number
}

const DEFAULT_LIMITS: NodeLimits = {
  cachedNodes: MAX_CACHED_NODES,
  pendingRequests: MAX_PENDING_REQUESTS,
  partialBytes: MAX_PARTIAL_BYTES,
}

/** Fails when a table or queue of a node is beyond its limit. */
export class LimitChecker extends NodeChecker {
  readonly name = 'limits'
  readonly #limits: NodeLimits
  /** The highest value of each that was seen. */
  readonly highest: Record<string, number> = {}

  constructor(options: NodeCheckerOptions & { limits?: Partial<NodeLimits> } = {}) {
    super(options)
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
  }

  protected checkNode(node: SimNode): void {
    const stats = node.dht.stats(node.clockMs)
    if (stats.dropped.internal > 0) this.#fail(node, 'a datagram broke the engine (internal)')
    if (stats.dropped.outboxFull > 0) this.#fail(node, 'the outbox was full')
    for (const [name, value, limit] of this.#measure(node, stats)) {
      this.highest[name] = Math.max(value, this.highest[name] ?? 0)
      if (value > limit) this.#fail(node, `${value} ${name}, the limit is ${limit}`)
    }
  }

  #measure(node: SimNode, stats: DhtStats): [name: string, value: number, limit: number][] {
    const { config } = node.dht
    const { storage, requests, fragments, ipv4, ipv6 } = stats
    const limits = this.#limits
    const configured = (limit: number | undefined, own: number): number =>
      limit ?? (own < 0 ? Number.POSITIVE_INFINITY : own)
    return [
      ['cached nodes', Math.max(ipv4.cached, ipv6.cached), limits.cachedNodes],
      ['pending requests', requests.pending, limits.pendingRequests],
      ['bytes of partial messages', fragments.partialBytes, limits.partialBytes],
      ['listeners', storage.listeners, configured(limits.listeners, config.maxListeners)],
      [
        'bytes stored for others',
        storage.remoteBytes,
        configured(limits.remoteBytes, config.maxStorageBytes),
      ],
      ['keys', storage.keys, configured(limits.keys, config.maxStorageKeys)],
      [
        'searches',
        Math.max(ipv4.searches, ipv6.searches),
        configured(limits.searches, config.maxSearches),
      ],
    ]
  }

  #fail(node: SimNode, text: string): void {
    this.network.fail(`Node ${node.index}: ${text}`)
  }
}
