// SPDX-License-Identifier: MIT
// How addresses are grouped wherever something is shared out among peers. A *source* is one that a
// single host normally has: an IPv4 address, or an IPv6 /64. A *prefix* is what one customer of a
// network easily gets many sources of: an IPv4 /24, or an IPv6 /48.

import type { SocketAddress } from '../id/socket-address.ts'
import { finish, mix } from '../util/hash-table.ts'

export function sourceHash(seed: number, address: SocketAddress): number {
  const hash = mix(mix(seed, address.family), address.a0)
  return finish(address.family === 4 ? hash : mix(hash, address.a1))
}

export function isSameSource(a: SocketAddress, b: SocketAddress): boolean {
  return a.family === b.family && a.a0 === b.a0 && (a.family === 4 || a.a1 === b.a1)
}

export function prefixHash(seed: number, address: SocketAddress): number {
  const hash = mix(seed, address.family)
  if (address.family === 4) return finish(mix(hash, address.a0 >>> 8))
  return finish(mix(mix(hash, address.a0), address.a1 >>> 16))
}

export function isSamePrefix(a: SocketAddress, b: SocketAddress): boolean {
  if (a.family !== b.family) return false
  if (a.family === 4) return a.a0 >>> 8 === b.a0 >>> 8
  return a.a0 === b.a0 && a.a1 >>> 16 === b.a1 >>> 16
}

/** One address and port. */
export function socketHash(seed: number, address: SocketAddress): number {
  const hash = mix(mix(mix(seed, address.family), address.port), address.a0)
  if (address.family === 4) return finish(hash)
  return finish(mix(mix(mix(hash, address.a1), address.a2), address.a3))
}
