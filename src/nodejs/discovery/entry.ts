// SPDX-License-Identifier: MIT
// Public face of peer discovery, `opendht/discovery`: services on the local network, with or
// without a node.

export { DhtError, type DhtErrorCode } from '../../core/errors.ts'
export { type Family, SocketAddress } from '../../core/id/socket-address.ts'
export type { Log, LogLevel } from '../../core/ports.ts'
export type { MsgpackValue } from '../../discovery/msgpack-value.ts'
export { DEFAULT_DISCOVERY_PORT, type PeerDiscoveryOptions } from './discovery-options.ts'
export type { DecodePayload, DiscoveredService } from './discovery-queue.ts'
export {
  type DiscoverOptions,
  PeerDiscovery,
  type PeerDiscoveryStats,
  type Publication,
  type PublishOptions,
} from './peer-discovery.ts'
