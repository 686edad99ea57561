// SPDX-License-Identifier: MIT
// What a proxy server grants, in all and to one client address. -1 stands for no limit. What is
// over a limit is refused with a status that says so, and counted.

/** What clients of a proxy may take; beyond it they are refused with the status named. */
export interface ProxyLimits {
  /** Largest body of a request, else 413: more than the largest value takes in JSON. */
  readonly maxBodyBytes: number
  /** Request line and headers together, else 431. */
  readonly maxHeaderBytes: number
  /** Open connections, in all and from one address; more are closed at once. */
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** Open listen streams, in all and from one address, else 503 or 429. */
  readonly maxListens: number
  readonly maxListensPerAddress: number
  /** Gets and puts under way, in all and of one address, else 503 or 429. */
  readonly maxOperations: number
  readonly maxOperationsPerAddress: number
  /** Requests of one address, else 429; that many may come at once after a pause of a second. */
  readonly maxRequestsPerSecond: number
  /** Requests that one connection may send ahead of the answers; more end the connection. */
  readonly maxPipelined: number
  /** Until the headers of a request are complete, else 408. */
  readonly headersTimeoutMs: number
  /** Until a request is complete, else 408. */
  readonly requestTimeoutMs: number
  /** Until the next request of a connection, which is closed then. */
  readonly idleTimeoutMs: number
  /** How long a client may leave unread what waits for it; then its connection is closed. */
  readonly stallTimeoutMs: number
  /** How long `close` waits for gets and puts that are under way. */
  readonly closeTimeoutMs: number
}

/** Throws TypeError or RangeError that names the wrong limit. */
export function checkLimits(given: Partial<ProxyLimits> = {}): ProxyLimits {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in DEFAULT_LIMITS)) throw new TypeError(`limits must not have ${name}`)
    if (value === undefined) continue
    const least = name.endsWith('Ms') || name === 'maxHeaderBytes' ? 1 : -1
    if (Number.isInteger(value) && value >= least && value <= MOST) continue
    throw new RangeError(
      `limits.${name} must be an integer of ${least} to ${MOST}: got ${String(value)}`,
    )
  }
  const known = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...DEFAULT_LIMITS, ...Object.fromEntries(known) }
}

/** Whether `count` is one more than `limit` grants. */
export function isOver(count: number, limit: number): boolean {
  return limit >= 0 && count > limit
}

/** The limits of a proxy that names none. */
export const DEFAULT_LIMITS: ProxyLimits = {
  maxBodyBytes: 256 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 100_000,
  maxConnectionsPerAddress: 10_000,
  maxListens: 100_000,
  maxListensPerAddress: 10_000,
  maxOperations: 10_000,
  maxOperationsPerAddress: 1000,
  maxRequestsPerSecond: 1000,
  maxPipelined: 32,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 75_000,
  stallTimeoutMs: 60_000,
  closeTimeoutMs: 5_000,
}

const MOST = 2 ** 31 - 1
