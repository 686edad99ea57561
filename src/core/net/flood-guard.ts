// SPDX-License-Identifier: MIT
// Limits what is spent on reading datagrams that come to nothing: garbage, other networks, requests
// beyond the limits. A source, or a prefix (see address-groups), that sent too many of them within
// a second is not read until that second is over. Costs one comparison as long as nobody floods.

import type { SocketAddress } from '../id/socket-address.ts'
import { RequestWindows } from './request-windows.ts'

/** Useless datagrams of a second after which a source is not read any more … */
const MAX_USELESS = 1024
/** … and those of all sources of a prefix together. */
const MAX_USELESS_OF_PREFIX = 4096
const MAX_TRACKED = 16_384
const WINDOW_MS = 1000

export class FloodGuard {
  readonly #sources: RequestWindows
  readonly #prefixes: RequestWindows
  /** Until then somebody may be over a limit. */
  #alertUntil = Number.NEGATIVE_INFINITY

  /** `seed` spreads sources over the tables in a way that they cannot foresee. */
  constructor(seed: number) {
    this.#sources = new RequestWindows(seed, MAX_TRACKED)
    this.#prefixes = new RequestWindows(seed, MAX_TRACKED)
  }

  /** Whether to drop what comes from `address` unread. */
  isFlooding(address: SocketAddress, now: number): boolean {
    if (now >= this.#alertUntil) return false
    return (
      this.#sources.count(this.#source(address, now), now) >= MAX_USELESS ||
      this.#prefixes.count(this.#prefix(address, now), now) >= MAX_USELESS_OF_PREFIX
    )
  }

  /** A datagram from `address` was read in vain. */
  useless(address: SocketAddress, now: number): void {
    const source = this.#source(address, now)
    this.#sources.add(source)
    const prefix = this.#prefix(address, now)
    this.#prefixes.add(prefix)
    if (
      this.#sources.count(source, now) >= MAX_USELESS ||
      this.#prefixes.count(prefix, now) >= MAX_USELESS_OF_PREFIX
    ) {
      this.#alertUntil = now + WINDOW_MS
    }
  }

  #source({ family, a0, a1 }: SocketAddress, now: number): number {
    return this.#sources.open(family, a0, family === 4 ? 0 : a1, now)
  }

  #prefix({ family, a0, a1 }: SocketAddress, now: number): number {
    return family === 4
      ? this.#prefixes.open(family, a0 >>> 8, 0, now)
      : this.#prefixes.open(family, a0, a1 >>> 16, now)
  }
}
