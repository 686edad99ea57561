// SPDX-License-Identifier: MIT
// Decides which incoming requests are worked on (spec wire, section 10): so many per second from
// one source, and so many from all. No prefix (see address-groups) may use up what all share: while
// others are active it gets half, and the last eighth is for prefixes that ask little.

import {
  DEFAULT_REQUESTS_PER_SECOND,
  MAX_TRACKED_PEERS,
  PEER_SHARE_OF_REQUESTS,
} from '../constants.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { isSamePrefix } from './address-groups.ts'
import { RequestWindows } from './request-windows.ts'

const DEFAULT_PREFIX_SHARE = 0.5
/** Part of the requests of all that only light prefixes can use … */
const RESERVED_SHARE = 1 / 8
/** … and the part up to which a prefix is light. */
const LIGHT_SHARE = 1 / 64
/** Somebody is active for this long after a request. */
const ACTIVE_MS = 1000

export interface RateLimiterOptions {
  /** Spreads peers over the tables in a way that they cannot foresee. */
  readonly seed: number
  /** Requests per second from all peers, -1 for no limit. Default 8192. */
  readonly requestsPerSecond?: number | undefined
  /** The same from one source. Default an eighth of the former, rounded up. */
  readonly peerRequestsPerSecond?: number | undefined
  /** Part of the former that one prefix gets while others are active, 0 … 1. Default a half. */
  readonly prefixShare?: number | undefined
}

export class RateLimiter {
  readonly #total: number
  readonly #perPeer: number
  readonly #perPrefix: number
  readonly #unreserved: number
  readonly #light: number
  readonly #peers: RequestWindows
  readonly #prefixes: RequestWindows
  /** A table with one slot. */
  readonly #all: RequestWindows
  /** Addresses of the two prefixes that asked last, and when. */
  #latest: SocketAddress | undefined
  #latestAt = 0
  #other: SocketAddress | undefined
  #otherAt = 0
  readonly stats = { allowed: 0, refused: { peer: 0, prefix: 0, total: 0 } }

  constructor(options: RateLimiterOptions) {
    const { seed, requestsPerSecond = DEFAULT_REQUESTS_PER_SECOND } = options
    const { prefixShare = DEFAULT_PREFIX_SHARE } = options
    const share = requestsPerSecond < 0 ? -1 : Math.ceil(requestsPerSecond / PEER_SHARE_OF_REQUESTS)
    this.#total = unlimited(requestsPerSecond)
    this.#perPeer = unlimited(options.peerRequestsPerSecond ?? share)
    this.#perPrefix = Math.ceil(this.#total * prefixShare)
    this.#unreserved = this.#total - Math.floor(this.#total * RESERVED_SHARE)
    this.#light = Math.max(1, this.#total * LIGHT_SHARE)
    this.#peers = new RequestWindows(seed, MAX_TRACKED_PEERS)
    this.#prefixes = new RequestWindows(seed, MAX_TRACKED_PEERS)
    this.#all = new RequestWindows(seed, 8)
  }

  /** Whether to work on a request from `address`; one that is allowed counts. */
  allow(address: SocketAddress, now: number): boolean {
    if (this.#perPeer === Number.POSITIVE_INFINITY && this.#total === Number.POSITIVE_INFINITY) {
      this.stats.allowed++
      return true
    }
    const { family, a0, a1 } = address
    const peer = this.#peers.open(family, a0, family === 4 ? 0 : a1, now)
    if (this.#peers.count(peer, now) >= this.#perPeer) {
      this.stats.refused.peer++
      return false
    }
    if (this.#total !== Number.POSITIVE_INFINITY && !this.#share(address, now)) return false
    this.#peers.add(peer)
    this.stats.allowed++
    return true
  }

  /** Takes a request out of what all peers share. */
  #share(address: SocketAddress, now: number): boolean {
    const { family, a0, a1 } = address
    const prefix =
      family === 4
        ? this.#prefixes.open(family, a0 >>> 8, 0, now)
        : this.#prefixes.open(family, a0, a1 >>> 16, now)
    const all = this.#all.open(1, 0, 0, now)
    const used = this.#prefixes.count(prefix, now)
    if (this.#areOthersActive(address, now) && used >= this.#perPrefix) {
      this.stats.refused.prefix++
      return false
    }
    const limit = used < this.#light ? this.#total : this.#unreserved
    if (this.#all.count(all, now) >= limit) {
      this.stats.refused.total++
      return false
    }
    this.#prefixes.add(prefix)
    this.#all.add(all)
    return true
  }

  /** Whether another prefix asked lately. Also notes that this one did. */
  #areOthersActive(address: SocketAddress, now: number): boolean {
    if (this.#latest === undefined || !isSamePrefix(this.#latest, address)) {
      this.#other = this.#latest
      this.#otherAt = this.#latestAt
    }
    this.#latest = address
    this.#latestAt = now
    return this.#other !== undefined && now - this.#otherAt < ACTIVE_MS
  }
}

function unlimited(limit: number): number {
  return limit < 0 ? Number.POSITIVE_INFINITY : limit
}
