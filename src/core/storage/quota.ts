// SPDX-License-Identifier: MIT
// Shares the space for remote values out among those who put them, and picks what has to go when it
// is full: of the prefix that uses most, the source that uses most; of this source, the value that
// expires first. Whoever has many addresses inside one prefix gains nothing by it, and whoever uses
// little loses nothing. Three levels of heaps, O(log n) per change.

import type { SocketAddress } from '../id/socket-address.ts'
import { isSamePrefix, isSameSource, prefixHash, sourceHash } from '../net/address-groups.ts'
import { BinaryHeap, type HeapItem } from '../util/binary-heap.ts'
import { HashTable } from '../util/hash-table.ts'
import { type ExpiryHost, ExpiryQueue } from './expiry-queue.ts'
import type { ValueStore } from './value-store.ts'

/** Values of one source (see address-groups), earliest expiry first. */
class Source extends ExpiryQueue implements HeapItem {
  readonly prefix: Prefix
  /** Any address of it. */
  readonly address: SocketAddress
  bytes = 0
  heapIndex = -1

  constructor(host: ExpiryHost, prefix: Prefix, address: SocketAddress) {
    super(host)
    this.prefix = prefix
    this.address = address
  }
}

/** Sources of one prefix, largest first. */
class Prefix extends BinaryHeap<Source> implements HeapItem {
  /** Any address in it. */
  readonly address: SocketAddress
  bytes = 0
  heapIndex = -1

  constructor(address: SocketAddress) {
    super()
    this.address = address
  }

  protected override isBefore(a: Source, b: Source): boolean {
    return a.bytes > b.bytes
  }
}

class PrefixHeap extends BinaryHeap<Prefix> {
  protected override isBefore(a: Prefix, b: Prefix): boolean {
    return a.bytes > b.bytes
  }
}

const NOTHING: readonly number[] = []

export interface QuotaOptions {
  /** Bytes, -1 for none. */
  readonly limit: number
  readonly seed: number
  readonly values: ValueStore
  readonly host: ExpiryHost
}

/** Speaks of values by their rows. Those in it also expire by it. */
export class Quota {
  readonly #limit: number
  readonly #values: ValueStore
  readonly #host: ExpiryHost
  readonly #heap = new PrefixHeap()
  readonly #prefixes: HashTable<Prefix>
  readonly #sources: HashTable<Source>
  #bytes = 0

  constructor({ limit, seed, values, host }: QuotaOptions) {
    this.#limit = limit < 0 ? Number.POSITIVE_INFINITY : limit
    this.#values = values
    this.#host = host
    this.#prefixes = new HashTable(seed)
    this.#sources = new HashTable(seed)
  }

  /** Cost of all values in it. */
  get bytes(): number {
    return this.#bytes
  }

  get sourceCount(): number {
    return this.#sources.size
  }

  /** Cost of the values of the source, or of the whole prefix, that `address` is in. */
  sourceBytes(address: SocketAddress): number {
    return this.#findSource(address)?.bytes ?? 0
  }

  prefixBytes(address: SocketAddress): number {
    return this.#findPrefix(address)?.bytes ?? 0
  }

  /**
   * Adds a value of a peer, and takes out what has to go for it. Undefined, and no change, when the
   * value would be the first to go itself.
   */
  admit(row: number): readonly number[] | undefined {
    // Larger than all space: no use in trying how many others would have to go.
    if (this.#values.costOf(row) > this.#limit) return undefined
    this.add(row)
    if (this.#bytes <= this.#limit) return NOTHING
    const victims: number[] = []
    while (this.#bytes > this.#limit) {
      const victim = this.#heap.first!.first!.first
      this.remove(victim)
      if (victim === row) {
        for (const spared of victims) this.add(spared)
        return undefined
      }
      victims.push(victim)
    }
    return victims
  }

  /** Whether `admit` would take a value; changes nothing. */
  hasRoom(row: number): boolean {
    const victims = this.admit(row)
    if (victims === undefined) return false
    this.remove(row)
    for (const victim of victims) this.add(victim)
    return true
  }

  /** Adds a value whatever the limit is. */
  add(row: number): void {
    const source = this.#sourceOf(this.#values.fromOf(row)!)
    source.add(row)
    this.#count(source, this.#values.costOf(row))
  }

  remove(row: number): void {
    const source = this.#findSource(this.#values.fromOf(row)!)!
    source.remove(row)
    this.#count(source, -this.#values.costOf(row))
    if (source.size === 0) this.#drop(source)
  }

  /** The expiry of a value changed. */
  moved(row: number): void {
    this.#findSource(this.#values.fromOf(row)!)!.moved(row)
  }

  #count(source: Source, bytes: number): void {
    const prefix = source.prefix
    source.bytes += bytes
    prefix.bytes += bytes
    this.#bytes += bytes
    prefix.moved(source)
    this.#heap.moved(prefix)
  }

  #sourceOf(address: SocketAddress): Source {
    const known = this.#findSource(address)
    if (known !== undefined) return known
    const prefix = this.#prefixOf(address)
    const source = new Source(this.#host, prefix, address)
    prefix.add(source)
    this.#sources.add(sourceHash(this.#sources.seed, address), source)
    return source
  }

  #prefixOf(address: SocketAddress): Prefix {
    const known = this.#findPrefix(address)
    if (known !== undefined) return known
    const prefix = new Prefix(address)
    this.#heap.add(prefix)
    this.#prefixes.add(prefixHash(this.#prefixes.seed, address), prefix)
    return prefix
  }

  #drop(source: Source): void {
    const prefix = source.prefix
    prefix.remove(source)
    this.#sources.delete(sourceHash(this.#sources.seed, source.address), source)
    if (prefix.size > 0) return
    this.#heap.remove(prefix)
    this.#prefixes.delete(prefixHash(this.#prefixes.seed, prefix.address), prefix)
  }

  #findSource(address: SocketAddress): Source | undefined {
    const table = this.#sources
    const hash = sourceHash(table.seed, address)
    for (let slot = table.probe(hash); slot >= 0; slot = table.probe(hash, slot)) {
      if (isSameSource(table.at(slot).address, address)) return table.at(slot)
    }
    return undefined
  }

  #findPrefix(address: SocketAddress): Prefix | undefined {
    const table = this.#prefixes
    const hash = prefixHash(table.seed, address)
    for (let slot = table.probe(hash); slot >= 0; slot = table.probe(hash, slot)) {
      if (isSamePrefix(table.at(slot).address, address)) return table.at(slot)
    }
    return undefined
  }
}
