// SPDX-License-Identifier: MIT
// What the clients of one address use: connections, listens, requests per second. An address is
// forgotten when it has no connection and its rate has recovered, so there are as many entries as
// connections, and those of the last second.

import { isOver, type ProxyLimits } from './limits.ts'

export interface Peer {
  /** As it came in; IPv4 over an IPv6 socket is `::ffff:a.b.c.d`. */
  readonly address: string
  connections: number
  listens: number
  /** Gets and puts under way. */
  operations: number
  /** Requests that may still come now, as of `filledAt`. */
  tokens: number
  filledAt: number
}

export class Peers {
  readonly #limits: ProxyLimits
  readonly #peers = new Map<string, Peer>()
  /** Without connections: to be forgotten, oldest first. */
  readonly #left = new Map<string, number>()

  constructor(limits: ProxyLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#peers.size
  }

  /** A further connection; undefined when the address has too many. `now` is monotonic. */
  connect(address: string, now: number): Peer | undefined {
    this.#forget(now)
    const host = hostOf(address)
    let peer = this.#peers.get(host)
    if (peer === undefined) {
      const tokens = this.#limits.maxRequestsPerSecond
      peer = { address, connections: 0, listens: 0, operations: 0, tokens, filledAt: now }
      this.#peers.set(host, peer)
    }
    if (isOver(peer.connections + 1, this.#limits.maxConnectionsPerAddress)) return undefined
    this.#left.delete(host)
    peer.connections++
    return peer
  }

  /** Of an address that has a connection. */
  find(address: string): Peer | undefined {
    return this.#peers.get(hostOf(address))
  }

  disconnect(peer: Peer, now: number): void {
    if (--peer.connections === 0) this.#left.set(hostOf(peer.address), now)
  }

  /** Whether the address may send one more request now. */
  takeRequest(peer: Peer, now: number): boolean {
    const rate = this.#limits.maxRequestsPerSecond
    if (rate < 0) return true
    const filled = peer.tokens + ((now - peer.filledAt) / 1000) * rate
    peer.tokens = Math.min(rate, filled)
    peer.filledAt = now
    if (peer.tokens < 1) return false
    peer.tokens--
    return true
  }

  #forget(now: number): void {
    for (const [host, since] of this.#left) {
      if (now - since < FORGET_AFTER_MS) return
      this.#left.delete(host)
      this.#peers.delete(host)
    }
  }
}

/** After this long without a request, all tokens are back. */
const FORGET_AFTER_MS = 1000

/** Whoever has an IPv6 address has 2^64 of them: they count as one. */
export function hostOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length
  const groups = [...first, ...new Array<string>(Math.max(0, zeros)).fill('0'), ...last]
  return groups.slice(0, 4).join(':')
}
