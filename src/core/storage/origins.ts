// SPDX-License-Identifier: MIT
// The addresses of those who put values, each once, however many values it put.

import type { SocketAddress } from '../id/socket-address.ts'
import { socketHash } from '../net/address-groups.ts'
import { HashTable } from '../util/hash-table.ts'

/** The number of our own address: of nobody. */
export const LOCAL_ORIGIN = -1

interface Origin {
  readonly number: number
  readonly address: SocketAddress
  /** Values that it put. */
  count: number
}

export class Origins {
  readonly #origins: (Origin | undefined)[] = []
  /** Numbers that are free again. */
  readonly #vacant: number[] = []
  readonly #table: HashTable<Origin>

  constructor(seed: number) {
    this.#table = new HashTable(seed)
  }

  /** Different addresses. */
  get size(): number {
    return this.#table.size
  }

  /** One more value of `address`. Gives the number of the address; undefined is our own. */
  hold(address: SocketAddress | undefined): number {
    if (address === undefined) return LOCAL_ORIGIN
    const origin = this.#find(address) ?? this.#add(address)
    origin.count++
    return origin.number
  }

  /** One value less. */
  drop(number: number): void {
    const origin = this.#origins[number]
    if (origin === undefined || --origin.count > 0) return
    this.#table.delete(socketHash(this.#table.seed, origin.address), origin)
    this.#origins[number] = undefined
    this.#vacant.push(number)
  }

  addressOf(number: number): SocketAddress | undefined {
    return this.#origins[number]?.address
  }

  #add(address: SocketAddress): Origin {
    const origin = { number: this.#vacant.pop() ?? this.#origins.length, address, count: 0 }
    this.#origins[origin.number] = origin
    this.#table.add(socketHash(this.#table.seed, address), origin)
    return origin
  }

  #find(address: SocketAddress): Origin | undefined {
    const table = this.#table
    const hash = socketHash(table.seed, address)
    for (let slot = table.probe(hash); slot >= 0; slot = table.probe(hash, slot)) {
      if (table.at(slot).address.equals(address)) return table.at(slot)
    }
    return undefined
  }
}
