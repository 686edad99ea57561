// SPDX-License-Identifier: MIT
// Counts something per source or per prefix of addresses (see net/address-groups).

import type { SocketAddress } from '../id/socket-address.ts'
import { isSamePrefix, isSameSource, prefixHash, sourceHash } from '../net/address-groups.ts'
import { HashTable } from '../util/hash-table.ts'

export interface AddressCount {
  /** Any address of the group. */
  readonly address: SocketAddress
  count: number
}

export class AddressCounts {
  readonly #table: HashTable<AddressCount>
  readonly #hash: (seed: number, address: SocketAddress) => number
  readonly #isSame: (a: SocketAddress, b: SocketAddress) => boolean

  constructor(per: 'source' | 'prefix', seed: number) {
    this.#table = new HashTable(seed)
    this.#hash = per === 'source' ? sourceHash : prefixHash
    this.#isSame = per === 'source' ? isSameSource : isSamePrefix
  }

  of(address: SocketAddress): number {
    return this.#find(address)?.count ?? 0
  }

  /** One more; give it back by `release`. */
  acquire(address: SocketAddress): AddressCount {
    let group = this.#find(address)
    if (group === undefined) {
      group = { address, count: 0 }
      this.#table.add(this.#hash(this.#table.seed, address), group)
    }
    group.count++
    return group
  }

  release(group: AddressCount): void {
    if (--group.count > 0) return
    this.#table.delete(this.#hash(this.#table.seed, group.address), group)
  }

  #find(address: SocketAddress): AddressCount | undefined {
    const table = this.#table
    const hash = this.#hash(table.seed, address)
    for (let slot = table.probe(hash); slot >= 0; slot = table.probe(hash, slot)) {
      if (this.#isSame(table.at(slot).address, address)) return table.at(slot)
    }
    return undefined
  }
}
