// SPDX-License-Identifier: MIT
// What a proxy server needs from the node behind it; `DhtRunner` is one.

import type { InfoHash } from '../../core/id/info-hash.ts'
import type { SecureDhtInterface } from '../../secure/secure-interface.ts'

export interface ProxyNode extends SecureDhtInterface {
  readonly id: InfoHash
  /** UDP ports of the node, for the node info. */
  readonly port4?: number | undefined
  readonly port6?: number | undefined
}
