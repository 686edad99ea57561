// SPDX-License-Identifier: MIT
// Compact node lists `n4` and `n6` (spec wire, section 3.2): id, address and port, 26 or 38 bytes a
// node, no separators.

import { HASH_BYTES, InfoHash } from '../id/info-hash.ts'
import { type Family, SocketAddress } from '../id/socket-address.ts'
import type { Span } from './message.ts'

const PORT_BYTES = 2

/** What a list says of a node. */
export interface ListedNode {
  readonly id: InfoHash
  readonly address: SocketAddress
}

/** Bytes of one node in a list of `family`. */
export function compactNodeBytes(family: Family): number {
  return HASH_BYTES + (family === 4 ? 4 : 16) + PORT_BYTES
}

/** Writes `nodes` one after the other; returns the filled part of `target`. */
export function writeCompactNodes(
  target: Uint8Array,
  nodes: readonly ListedNode[],
  family: Family,
): Uint8Array {
  const size = compactNodeBytes(family)
  let offset = 0
  for (const { id, address } of nodes) {
    id.writeTo(target, offset)
    address.writeIp(target, offset + HASH_BYTES)
    target[offset + size - 2] = address.port >>> 8
    target[offset + size - 1] = address.port
    offset += size
  }
  return offset === target.length ? target : target.subarray(0, offset)
}

/**
 * How many nodes of a list count: up to `limit`; none when the length is no multiple of a node, as
 * such a list counts as lost.
 */
export function compactNodeCount(span: Span, family: Family, limit: number): number {
  const count = span.length / compactNodeBytes(family)
  return Number.isInteger(count) ? Math.min(count, limit) : 0
}

/** The id of the node at `offset` of `source`: good until the next call. */
export function compactId(source: Uint8Array, offset: number): InfoHash {
  scratchId.load(source, offset)
  return scratchId
}

/** The address and port of the node at `offset` of a list of `family`. */
export function compactAddress(source: Uint8Array, offset: number, family: Family): SocketAddress {
  const ipBytes = family === 4 ? 4 : 16
  const ipAt = offset + HASH_BYTES
  const portAt = ipAt + ipBytes
  const port = (source[portAt]! << 8) | source[portAt + 1]!
  return SocketAddress.fromBytes(source, ipAt, ipBytes, port)
}

const scratchId = new InfoHash()
