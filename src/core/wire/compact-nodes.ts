// SPDX-License-Identifier: MIT
// Compact node lists `n4` and `n6` (spec wire, section 3.2): id, address and port, 26 or 38 bytes a
// node, no separators.

import { HASH_BYTES, InfoHash } from '../id/info-hash.ts'
import { type Family, SocketAddress } from '../id/socket-address.ts'
import type { Message, Span } from './message.ts'

const PORT_BYTES = 2

/** A node that a peer named; nothing is known of it yet. */
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
 * Reads a list, up to `limit` nodes. Undefined when the length is no multiple of a node: such a
 * reply counts as lost.
 */
export function readCompactNodes(
  message: Message,
  span: Span,
  family: Family,
  limit: number,
): ListedNode[] | undefined {
  const size = compactNodeBytes(family)
  if (span.length % size !== 0 && span.length > 0) return undefined
  const nodes: ListedNode[] = []
  const end = span.offset + span.length
  for (let at = span.offset; at < end && nodes.length < limit; at += size) {
    const port = (message.source[at + size - 2]! << 8) | message.source[at + size - 1]!
    const ipBytes = family === 4 ? 4 : 16
    nodes.push({
      id: InfoHash.fromBytes(message.source, at),
      address: SocketAddress.fromBytes(message.source, at + HASH_BYTES, ipBytes, port),
    })
  }
  return nodes
}
