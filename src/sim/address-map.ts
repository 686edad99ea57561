// SPDX-License-Identifier: MIT
// Who has which address and port.

import type { SocketAddress } from '../core/id/socket-address.ts'
import { socketHash } from '../core/net/address-groups.ts'
import { HashTable } from '../core/util/hash-table.ts'

interface Entry<T> {
  readonly address: SocketAddress
  readonly item: T
}

export class AddressMap<T> {
  readonly #entries = new HashTable<Entry<T>>(0)

  get(address: SocketAddress): T | undefined {
    return this.#find(address)?.item
  }

  /** Throws RangeError when the address is taken. */
  add(address: SocketAddress, item: T): void {
    if (this.#find(address) !== undefined) throw new RangeError(`${address} is taken already`)
    this.#entries.add(socketHash(0, address), { address, item })
  }

  delete(address: SocketAddress): void {
    const entry = this.#find(address)
    if (entry !== undefined) this.#entries.delete(socketHash(0, address), entry)
  }

  #find(address: SocketAddress): Entry<T> | undefined {
    const hash = socketHash(0, address)
    for (let at = this.#entries.probe(hash); at >= 0; at = this.#entries.probe(hash, at)) {
      const entry = this.#entries.at(at)
      if (entry.address.equals(address)) return entry
    }
    return undefined
  }
}
