// SPDX-License-Identifier: MIT
// Lets a node find others of its network on the local network, and be found by them: the service
// `dht` of peer discovery. What is found is no more than hearsay: the engine checks it by itself.

import type { NodeExport } from '../../core/events.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import type { SocketAddress } from '../../core/id/socket-address.ts'
import type { Log } from '../../core/ports.ts'
import {
  type AnnouncedNode,
  DHT_SERVICE,
  nodePayload,
  readNodePayload,
} from '../../discovery/dht-service.ts'
import type { DhtDiscoveryOptions, PeerDiscoveryOptions } from './discovery-options.ts'
import { PeerDiscovery } from './peer-discovery.ts'

/** The node's side. */
export interface DiscoveringNode {
  readonly id: InfoHash
  readonly network: number
  /** Bound addresses. */
  readonly addresses: readonly SocketAddress[]
  /** `zone` names the interface of a link-local address. */
  onFound(node: NodeExport, zone: string | undefined): void
}

interface CheckedOptions extends DhtDiscoveryOptions {
  readonly clientMode: boolean
  readonly log: Log | undefined
}

/** Resolves when the sockets are open. Rejects with ERR_DHT_BIND. */
export async function startDhtDiscovery(
  node: DiscoveringNode,
  options: CheckedOptions,
): Promise<PeerDiscovery> {
  const { port, log, discover = true, publish = !options.clientMode } = options
  const discovery = await PeerDiscovery.start({ port, log, ...placesOf(node.addresses) })
  if (publish) {
    for (const address of node.addresses) {
      const payload = nodePayload({ id: node.id, port: address.port, network: node.network })
      discovery.publish(DHT_SERVICE, payload, { family: address.family })
    }
  }
  if (discover) void findNodes(discovery, node, log)
  return discovery
}

/** Who is bound to one address is reached through its interface only. */
function placesOf(addresses: readonly SocketAddress[]): PeerDiscoveryOptions {
  const [bind4, bind6] = ([4, 6] as const).map((family) => {
    return addresses.find((address) => address.family === family)?.host ?? (false as const)
  })
  return { bind4, bind6 }
}

/** Until discovery is closed, which ends the loop. */
async function findNodes(
  discovery: PeerDiscovery,
  node: DiscoveringNode,
  log: Log | undefined,
): Promise<void> {
  const decode = (payload: Parameters<typeof readNodePayload>[0]): AnnouncedNode | undefined => {
    const found = readNodePayload(payload)
    return found?.network === node.network && !found.id.equals(node.id) ? found : undefined
  }
  for await (const { payload, from, zone } of discovery.discover(DHT_SERVICE, { decode })) {
    const address = from.withPort(payload.port)
    if (log?.enabled('debug')) log.write('debug', `Discovered node ${payload.id} at ${address}`)
    node.onFound({ id: payload.id, address }, zone)
  }
}
