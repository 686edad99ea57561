// SPDX-License-Identifier: MIT
// What nodes of the DHT announce about themselves: an array of node id, UDP port and network id,
// as the service `dht` (spec discovery, section 1.5). The IP address is that of the sender.

import { HASH_BYTES, InfoHash } from '../core/id/info-hash.ts'
import type { MsgpackValue } from './msgpack-value.ts'

/** Name of the service. */
export const DHT_SERVICE = 'dht'

const MAX_UINT32 = 0xffff_ffff

export interface AnnouncedNode {
  readonly id: InfoHash
  /** In the address family that the announcement came over. */
  readonly port: number
  readonly network: number
}

export function nodePayload({ id, port, network }: AnnouncedNode): MsgpackValue {
  return [id.toBytes(), port, network]
}

/** Undefined when this is no node. Items behind the three are left to later versions. */
export function readNodePayload(payload: MsgpackValue): AnnouncedNode | undefined {
  if (!Array.isArray(payload)) return undefined
  const [bytes, port, network] = payload as readonly MsgpackValue[]
  if (!(bytes instanceof Uint8Array) || bytes.length !== HASH_BYTES) return undefined
  if (!isWhole(port, 0xffff) || port === 0 || !isWhole(network, MAX_UINT32)) return undefined
  const id = InfoHash.fromBytes(bytes)
  return id.isZero ? undefined : { id, port, network }
}

function isWhole(value: MsgpackValue | undefined, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
}
