// SPDX-License-Identifier: MIT
// Addresses for hosts that do not bring their own.

import { type Family, SocketAddress } from '../core/id/socket-address.ts'

const PORT = 4222
const FIRST_NETWORK = 0x0b0000
const NETWORKS = 0x640000

/** 11.0.0.1, 11.0.1.1 …: a /24 or /48 each, as the engine suspects hosts that share one. */
export function publicAddress(family: Family, host: number): SocketAddress {
  const network = FIRST_NETWORK + (host % NETWORKS)
  if (family === 4) return SocketAddress.v4((network << 8) | 1, PORT)
  return SocketAddress.v6(0x20010000 | (network >>> 16), network << 16, 0, 1, PORT)
}

/** 10.x.y.z, for hosts behind a NAT. */
export function privateAddress(host: number): SocketAddress {
  return SocketAddress.v4((10 << 24) | (host + 1), PORT)
}
