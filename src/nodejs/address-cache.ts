// SPDX-License-Identifier: MIT
// Sender addresses as the socket reports them, turned into SocketAddress without parsing the same
// text again and again. Shared by all sockets of the process: addresses are immutable.

import { SocketAddress } from '../core/id/socket-address.ts'

const MAX_ENTRIES = 8192

export class AddressCache {
  readonly #entries = new Map<string, SocketAddress>()
  readonly #maxEntries: number

  constructor(maxEntries = MAX_ENTRIES) {
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#entries.size
  }

  /** Undefined when `host` is not an address literal. */
  get(host: string, port: number): SocketAddress | undefined {
    const key = `${host}|${port}`
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const address = SocketAddress.parse(host, port)
    if (address === undefined) return undefined
    // Starting over is cheaper than keeping an order, and rare.
    if (this.#entries.size >= this.#maxEntries) this.#entries.clear()
    this.#entries.set(key, address)
    return address
  }
}

export const addressCache = new AddressCache()
