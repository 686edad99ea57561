// SPDX-License-Identifier: MIT
// What can be looked at in a node and done to it, where the node has it: `DhtRunner` has all of it,
// other nodes may have nothing but `DhtInterface`.

import type { Inspector } from '../../../api/inspector.ts'
import type { NodeExport } from '../../../core/events.ts'
import type { SocketAddress } from '../../../core/id/socket-address.ts'
import type { Readiness } from '../../../core/readiness.ts'
import type { ProxyNode } from '../proxy-node.ts'

export interface InspectableNode extends ProxyNode {
  readonly inspector?: Pick<Inspector, 'routingTable' | 'searches' | 'storageKeys' | 'storedValues'>
  readonly addresses?: readonly SocketAddress[]
  publicAddresses?(): readonly SocketAddress[]
  readiness?(): Readiness
  bootstrap?(...hosts: string[]): void
  connectivityChanged?(): void
  exportNodes?(): readonly NodeExport[]
  exportValues?(): Uint8Array
}
