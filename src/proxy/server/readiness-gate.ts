// SPDX-License-Identifier: MIT
// Whether this proxy can do what it is asked, as one word for every reply and as a report for
// /readyz. A node that is cut off notices within 15 s, as long as somebody asks; the word is a few
// hundred milliseconds old at most, since reading it anew for every request would cost more than
// many requests do.

import type { DhtStatus } from '../../api/dht-interface.ts'
import type { Readiness, UnreadyReason } from '../../core/readiness.ts'

/** `shutting-down`: the server ends and answers what is under way; all else is that of the node. */
export type ProxyStatus = 'ready' | 'shutting-down' | UnreadyReason

/** Has the status of the proxy on every reply. */
export const STATUS_HEADER = 'OpenDHT-Status'

export interface GatedNode {
  status(): DhtStatus
  /** A node without it is ready when it is connected. */
  readiness?(): Readiness
}

export interface ReadinessReport {
  readonly ready: boolean
  /** `ready`, or why not. */
  readonly status: ProxyStatus
  readonly ipv4: ProxyStatus
  readonly ipv6: ProxyStatus
}

const FRESH_MS = 250

export class ReadinessGate {
  readonly #node: GatedNode
  readonly #now: () => number
  #isShuttingDown = false
  #status: ProxyStatus = 'starting'
  #readAt = Number.NEGATIVE_INFINITY

  /** `now` is in milliseconds and never goes back. */
  constructor(node: GatedNode, now: () => number) {
    this.#node = node
    this.#now = now
  }

  /** For every reply: cheap. */
  get status(): ProxyStatus {
    if (this.#now() - this.#readAt >= FRESH_MS) this.report()
    return this.#status
  }

  /** As of this moment. */
  report(): ReadinessReport {
    const { ipv4, ipv6, isReady, reason } = this.#read()
    const status = this.#isShuttingDown ? 'shutting-down' : (reason ?? 'ready')
    this.#readAt = this.#now()
    this.#status = status
    return {
      ready: isReady && !this.#isShuttingDown,
      status,
      ipv4: ipv4.reason ?? 'ready',
      ipv6: ipv6.reason ?? 'ready',
    }
  }

  /** From now on the proxy is not ready, whatever the node says. */
  shutDown(): void {
    this.#isShuttingDown = true
    this.#readAt = Number.NEGATIVE_INFINITY
  }

  #read(): Readiness {
    if (this.#node.readiness !== undefined) return this.#node.readiness()
    const { ipv4, ipv6, overall } = this.#node.status()
    return { ...fromStatus(overall), ipv4: fromStatus(ipv4), ipv6: fromStatus(ipv6) }
  }
}

function fromStatus(status: DhtStatus['overall']): Readiness['ipv4'] {
  if (status === 'connected') return { isReady: true, reason: undefined }
  return { isReady: false, reason: status === 'connecting' ? 'connecting' : 'unreachable' }
}
