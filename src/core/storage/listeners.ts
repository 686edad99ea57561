// SPDX-License-Identifier: MIT
// Registrations of remote listeners (spec node behaviour, section 7.3): who is to hear of changes
// under a key, until ten minutes after the last listen. Found by (key, node, socket id), listed per
// key. Every registration costs pushes later, so all counts are limited.

import {
  MAX_LISTENERS,
  MAX_LISTENERS_PER_KEY,
  MAX_LISTENERS_PER_NODE,
  NODE_EXPIRE_TIME_MS,
} from '../constants.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { isSamePrefix } from '../net/address-groups.ts'
import type { Node } from '../net/node.ts'
import { finish, HashTable, mix } from '../util/hash-table.ts'
import { Deadline, type TimerWheel } from '../util/timer-wheel.ts'
import type { Query } from '../value/query.ts'
import type { ValueId } from '../value/value.ts'
import { type AddressCount, AddressCounts } from './address-counts.ts'
import type { KeyStorage } from './key-storage.ts'
import type { Storage } from './storage.ts'

/**
 * Node ids are free, addresses are not: one source may hold this part of all registrations, one
 * prefix that part of them and of those of a key. Local addresses are of no prefix.
 */
const SOURCE_SHARE = 16
const PREFIX_SHARE = 4

export class Listener extends Deadline {
  readonly key: KeyStorage
  readonly node: Node
  /** What the node calls this registration. */
  readonly socketId: number
  /** Which changes it wants to hear of; replaced with every listen. */
  query: Query
  /** Version of the push protocol that it speaks. */
  version: number
  /** Values that could not be pushed to it, for its next listen; made with the first one. */
  missed: Set<ValueId> | undefined = undefined
  /** Place among the listeners of the key; owned by the key. */
  position = -1
  readonly #owner: Listeners
  /** Counts that it is part of; owned by the registry. */
  readonly holder: Holder
  readonly source: AddressCount
  readonly prefix: AddressCount

  constructor(owner: Listeners, key: KeyStorage, counts: Counts, terms: ListenTerms) {
    super()
    this.#owner = owner
    this.key = key
    this.holder = counts.holder
    this.source = counts.source
    this.prefix = counts.prefix
    this.node = counts.holder.node
    this.socketId = terms.socketId
    this.query = terms.query
    this.version = terms.version
  }

  /** Milliseconds on the engine's clock. */
  get expiresAt(): number {
    return this.at
  }

  fire(): void {
    this.#owner.expire(this)
  }
}

/** One node with registrations. */
interface Holder {
  readonly node: Node
  count: number
}

interface Counts {
  readonly holder: Holder
  readonly source: AddressCount
  readonly prefix: AddressCount
}

export interface ListenTerms {
  readonly socketId: number
  readonly query: Query
  readonly version: number
}

/** Numbers of registrations; of all -1 for no limit. */
export interface ListenerLimits {
  readonly total?: number | undefined
  readonly perKey?: number | undefined
  readonly perNode?: number | undefined
  readonly perSource?: number | undefined
  readonly perPrefix?: number | undefined
}

export type AddResult = 'added' | 'renewed' | 'refused'

export class Listeners {
  readonly #storage: Storage
  readonly #wheel: TimerWheel
  readonly #limits: { [K in keyof ListenerLimits]-?: number }
  readonly #table: HashTable<Listener>
  readonly #holders = new Map<Node, Holder>()
  readonly #sources: AddressCounts
  readonly #prefixes: AddressCounts
  readonly stats = {
    added: 0,
    renewed: 0,
    expired: 0,
    cancelled: 0,
    refused: { total: 0, key: 0, node: 0, source: 0, prefix: 0, keys: 0 },
  }

  constructor(storage: Storage, wheel: TimerWheel, limits: ListenerLimits = {}) {
    const most = limits.total ?? MAX_LISTENERS
    const total = most < 0 ? Number.POSITIVE_INFINITY : most
    this.#storage = storage
    this.#wheel = wheel
    this.#limits = {
      total,
      perKey: limits.perKey ?? MAX_LISTENERS_PER_KEY,
      perNode: limits.perNode ?? (most < 0 ? total : MAX_LISTENERS_PER_NODE),
      perSource: limits.perSource ?? Math.ceil(total / SOURCE_SHARE),
      perPrefix: limits.perPrefix ?? Math.ceil(total / PREFIX_SHARE),
    }
    this.#table = new HashTable(storage.seed)
    this.#sources = new AddressCounts('source', storage.seed)
    this.#prefixes = new AddressCounts('prefix', storage.seed)
  }

  /** Number of registrations. */
  get size(): number {
    return this.#table.size
  }

  /**
   * Registers, or renews the registration with the same key, node and socket id, which takes over
   * query and version. The registration that was added or renewed is in `find`.
   */
  add(key: InfoHash, node: Node, terms: ListenTerms, now: number): AddResult {
    const known = this.find(key, node, terms.socketId)
    if (known !== undefined) {
      known.query = terms.query
      known.version = terms.version
      this.#wheel.schedule(known, now + NODE_EXPIRE_TIME_MS)
      this.stats.renewed++
      return 'renewed'
    }
    const limit = this.#limitReached(key, node)
    if (limit !== undefined) {
      this.stats.refused[limit]++
      return 'refused'
    }
    const keyStorage = this.#storage.obtain(key)
    if (keyStorage === undefined) {
      this.stats.refused.keys++
      return 'refused'
    }
    const holder = this.#holderOf(node)
    holder.count++
    const counts = {
      holder,
      source: this.#sources.acquire(node.address),
      prefix: this.#prefixes.acquire(node.address),
    }
    const listener = new Listener(this, keyStorage, counts, terms)
    node.references++
    keyStorage.addListener(listener)
    this.#table.add(this.#hash(key, node, terms.socketId), listener)
    this.#wheel.schedule(listener, now + NODE_EXPIRE_TIME_MS)
    this.stats.added++
    return 'added'
  }

  find(key: InfoHash, node: Node, socketId: number): Listener | undefined {
    const table = this.#table
    const hash = this.#hash(key, node, socketId)
    for (let slot = table.probe(hash); slot >= 0; slot = table.probe(hash, slot)) {
      const listener = table.at(slot)
      if (listener.socketId !== socketId || listener.node !== node) continue
      if (listener.key.id.equals(key)) return listener
    }
    return undefined
  }

  /** Those who hear of changes under `key`. Valid until the next change of the registry. */
  of(key: InfoHash): readonly Listener[] {
    return this.#storage.find(key)?.listeners ?? []
  }

  /** Drops a registration before its time, because its node cannot be reached. */
  remove(listener: Listener): void {
    this.stats.cancelled++
    this.#wheel.cancel(listener)
    this.#drop(listener)
  }

  /** For the listeners themselves. */
  expire(listener: Listener): void {
    this.stats.expired++
    this.#drop(listener)
  }

  #drop(listener: Listener): void {
    const { key, node, holder, socketId } = listener
    this.#table.delete(this.#hash(key.id, node, socketId), listener)
    key.removeListener(listener)
    this.#storage.releaseIfEmpty(key)
    node.references--
    if (--holder.count === 0) this.#holders.delete(node)
    this.#sources.release(listener.source)
    this.#prefixes.release(listener.prefix)
  }

  #limitReached(key: InfoHash, node: Node): keyof Listeners['stats']['refused'] | undefined {
    const limits = this.#limits
    if (this.size >= limits.total) return 'total'
    const listeners = this.of(key)
    if (listeners.length >= limits.perKey) return 'key'
    if ((this.#holders.get(node)?.count ?? 0) >= limits.perNode) return 'node'
    if (this.#sources.of(node.address) >= limits.perSource) return 'source'
    return this.#isPrefixFull(listeners, node.address) ? 'prefix' : undefined
  }

  /** Those of a key are counted one by one, but only when half of its places are taken. */
  #isPrefixFull(listeners: readonly Listener[], address: SocketAddress): boolean {
    const { perKey, perPrefix } = this.#limits
    if (address.isLocal) return false
    if (this.#prefixes.of(address) >= perPrefix) return true
    if (listeners.length < perKey / 2) return false
    let count = 0
    for (const { node } of listeners) if (isSamePrefix(node.address, address)) count++
    return count >= perKey / PREFIX_SHARE
  }

  #holderOf(node: Node): Holder {
    const known = this.#holders.get(node)
    if (known !== undefined) return known
    const holder = { node, count: 0 }
    this.#holders.set(node, holder)
    return holder
  }

  #hash(key: InfoHash, node: Node, socketId: number): number {
    return finish(mixId(mixId(mix(this.#table.seed, socketId), key), node.id))
  }
}

/** All words, because a peer chooses them: what is left out would be free for collisions. */
function mixId(hash: number, { w0, w1, w2, w3, w4 }: InfoHash): number {
  return mix(mix(mix(mix(mix(hash, w0), w1), w2), w3), w4)
}
