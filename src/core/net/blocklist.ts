// SPDX-License-Identifier: MIT
// Peers whose datagrams are dropped unread for a while, by address and port. Entries end by time;
// when there are too many the oldest makes room, so that a peer with many ports cannot grow it.

import { BLOCK_TIME_MS, MAX_BLOCKED } from '../constants.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { HashTable } from '../util/hash-table.ts'
import { socketHash } from './address-groups.ts'

/** Member of a list in the order of the ends, which is that of the last `add`. */
class Entry {
  readonly address: SocketAddress
  readonly hash: number
  until = 0
  older: Entry | undefined = undefined
  newer: Entry | undefined = undefined

  constructor(address: SocketAddress, hash: number) {
    this.address = address
    this.hash = hash
  }
}

export class Blocklist {
  readonly #table: HashTable<Entry>
  readonly #limit: number
  #oldest: Entry | undefined
  #newest: Entry | undefined
  /** Peers blocked so far, and those of them that were let go early to make room. */
  blocked = 0
  evicted = 0

  constructor(seed: number, limit: number = MAX_BLOCKED) {
    this.#table = new HashTable(seed)
    this.#limit = limit
  }

  /** Entries, including those whose end nobody noticed yet. */
  get size(): number {
    return this.#table.size
  }

  /** Blocks, or starts the time anew. */
  add(address: SocketAddress, now: number): void {
    this.#dropOver(now)
    let entry = this.#find(address)
    if (entry === undefined) {
      if (this.size >= this.#limit) {
        this.#drop(this.#oldest!)
        this.evicted++
      }
      entry = new Entry(address, socketHash(this.#table.seed, address))
      this.#table.add(entry.hash, entry)
      this.blocked++
    } else this.#unlink(entry)
    entry.until = now + BLOCK_TIME_MS
    this.#append(entry)
  }

  has(address: SocketAddress, now: number): boolean {
    if (this.#oldest === undefined) return false
    this.#dropOver(now)
    return this.#find(address) !== undefined
  }

  delete(address: SocketAddress): void {
    const entry = this.#find(address)
    if (entry !== undefined) this.#drop(entry)
  }

  #dropOver(now: number): void {
    while (this.#oldest !== undefined && this.#oldest.until <= now) this.#drop(this.#oldest)
  }

  #find(address: SocketAddress): Entry | undefined {
    const table = this.#table
    const hash = socketHash(table.seed, address)
    for (let slot = table.probe(hash); slot >= 0; slot = table.probe(hash, slot)) {
      if (table.at(slot).address.equals(address)) return table.at(slot)
    }
    return undefined
  }

  #drop(entry: Entry): void {
    this.#table.delete(entry.hash, entry)
    this.#unlink(entry)
  }

  #append(entry: Entry): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink(entry: Entry): void {
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
  }
}
