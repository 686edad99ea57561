// SPDX-License-Identifier: MIT
// What a proxy says about its node, as far as it can be read: proxies are not believed to follow
// the protocol.

import type { NodeStatus } from '../../core/events.ts'
import { SocketAddress } from '../../core/id/socket-address.ts'
import type { FamilyStats } from '../../core/snapshots.ts'
import { type JsonInput, parseJson } from '../protocol/json-reader.ts'

export interface ProxyInfo {
  readonly nodeId: string
  readonly ipv4: FamilyStats
  readonly ipv6: FamilyStats
  /** Where the proxy sees this client; undefined when it does not say. */
  readonly publicIp: string | undefined
}

/** Throws SyntaxError when it is not the description of a node. */
export function readProxyInfo(text: string): ProxyInfo {
  const info = toRecord(parseJson(text))
  const nodeId = info['node_id']
  if (typeof nodeId !== 'string' || nodeId === '') {
    throw new SyntaxError('the answer does not describe an OpenDHT node')
  }
  const publicIp = info['public_ip']
  return {
    nodeId,
    ipv4: toFamily(info['ipv4']),
    ipv6: toFamily(info['ipv6']),
    publicIp: isAddress(publicIp) ? publicIp : undefined,
  }
}

/** A node that knows others is connected, unless the proxy says that it is not. */
export function familyStatus({ good, dubious }: FamilyStats, isReady: boolean): NodeStatus {
  if (good > 0) return isReady ? 'connected' : 'connecting'
  return dubious > 0 ? 'connecting' : 'disconnected'
}

export const NO_FAMILY: FamilyStats = {
  good: 0,
  dubious: 0,
  cached: 0,
  incoming: 0,
  searches: 0,
  tableDepth: 0,
  networkSize: 0,
}

function isAddress(json: JsonInput | undefined): json is string {
  return typeof json === 'string' && SocketAddress.parse(json, 0) !== undefined
}

function toFamily(json: JsonInput | undefined): FamilyStats {
  const family = toRecord(json)
  return {
    ...NO_FAMILY,
    good: toCount(family['good']),
    dubious: toCount(family['dubious']),
    incoming: toCount(family['incoming']),
    tableDepth: toCount(family['table_depth']),
    networkSize: toCount(family['network_size_estimation']),
  }
}

function toRecord(json: JsonInput | undefined): { readonly [key: string]: JsonInput | undefined } {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {}
}

function toCount(json: JsonInput | undefined): number {
  return typeof json === 'number' && Number.isFinite(json) && json >= 0 ? json : 0
}
