// SPDX-License-Identifier: MIT
// What a proxy server needs from the node behind it; `DhtRunner` is one.

import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Readiness } from '../../core/readiness.ts'
import type { SecureDhtInterface } from '../../secure/secure-interface.ts'
import type { MetricsNode } from './metrics/node-metrics.ts'

export interface ProxyNode extends SecureDhtInterface {
  readonly id: InfoHash
  /** UDP ports of the node, for the node info. */
  readonly port4?: number | undefined
  readonly port6?: number | undefined
  /** Without it, the node is taken for ready while it is connected. */
  readiness?(): Readiness
  /** Of its sockets, for the metrics. */
  readonly transportStats?: MetricsNode['transportStats']
}
