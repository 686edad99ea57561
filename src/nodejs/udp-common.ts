// SPDX-License-Identifier: MIT
// What the UDP transports have in common.

import type { TransportStats } from './transport.ts'

/** Room for some thousands of datagrams while we are busy; the system may grant less. */
export const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
/** Datagrams that the socket could not pass on yet; what comes on top is dropped. */
export const MAX_QUEUED_BYTES = 4 * 1024 * 1024
/** Neighbours whose network interface is remembered. */
export const MAX_ZONES = 1024

/** After these, the next datagram to the same address would fail in the same way. */
const HARD_ERRORS = new Set([
  'EACCES',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EHOSTUNREACH',
  'EINVAL',
  'ENETDOWN',
  'ENETUNREACH',
  'EPERM',
  'EPIPE',
])

export function isHardError(code: string | undefined): boolean {
  return HARD_ERRORS.has(code ?? '')
}

export function newTransportStats(): TransportStats {
  return { received: 0, sent: 0, stale: 0, sendErrors: 0, queueFull: 0, receiveErrors: 0 }
}
