// SPDX-License-Identifier: MIT
// Compact node lists `n4` and `n6` (spec wire, section 3.2): id, address and port, 26 or 38 bytes a
// node, no separators.

import { HASH_BYTES, InfoHash } from '../id/info-hash.ts'
import { type Family, SocketAddress } from '../id/socket-address.ts'
import type { Message, Span } from './message.ts'

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
 * Calls `visit` for up to `limit` nodes of a list: with an id that is only valid meanwhile, and the
 * offset of the address for `compactAddress`, which most readers do not need. Nothing is visited
 * when the length is no multiple of a node: such a list counts as lost.
 */
export function visitCompactNodes(
  { source }: Message,
  span: Span,
  family: Family,
  limit: number,
  visit: (id: InfoHash, addressOffset: number) => void,
): void {
  const size = compactNodeBytes(family)
  if (span.length % size !== 0) return
  const end = span.offset + Math.min(span.length, limit * size)
  for (let at = span.offset; at < end; at += size) {
    scratchId.load(source, at)
    visit(scratchId, at + HASH_BYTES)
  }
}

/** The address and port at `offset` of a list of `family`. */
export function compactAddress(source: Uint8Array, offset: number, family: Family): SocketAddress {
  const ipBytes = family === 4 ? 4 : 16
  const portAt = offset + ipBytes
  const port = (source[portAt]! << 8) | source[portAt + 1]!
  return SocketAddress.fromBytes(source, offset, ipBytes, port)
}

const scratchId = new InfoHash()
