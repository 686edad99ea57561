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
import { isSameSource, sourceHash } from '../net/address-groups.ts'
import type { Node } from '../net/node.ts'
import { finish, HashTable, mix } from '../util/hash-table.ts'
import { Deadline, type TimerWheel } from '../util/timer-wheel.ts'
import type { Query } from '../value/query.ts'
import type { ValueId } from '../value/value.ts'
import type { KeyStorage } from './key-storage.ts'
import type { Storage } from './storage.ts'

/** Node ids are free, addresses are not: one source may hold this part of all registrations. */
const SOURCE_SHARE = 16

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
  /** Count that it is part of; owned by the registry. */
  readonly holder: Holder

  constructor(owner: Listeners, key: KeyStorage, holder: Holder, terms: ListenTerms) {
    super()
    this.#owner = owner
    this.key = key
    this.holder = holder
    this.node = holder.node
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
  readonly source: ListeningSource
  count: number
}

/** One source of addresses (see address-groups) with registrations. */
interface ListeningSource {
  readonly address: SocketAddress
  count: number
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
}

export type AddResult = 'added' | 'renewed' | 'refused'

export class Listeners {
  readonly #storage: Storage
  readonly #wheel: TimerWheel
  readonly #limits: { [K in keyof ListenerLimits]-?: number }
  readonly #table: HashTable<Listener>
  readonly #holders = new Map<Node, Holder>()
  readonly #sources: HashTable<ListeningSource>
  readonly stats = {
    added: 0,
    renewed: 0,
    expired: 0,
    cancelled: 0,
    refused: { total: 0, key: 0, node: 0, source: 0, keys: 0 },
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
    }
    this.#table = new HashTable(storage.seed)
    this.#sources = new HashTable(storage.seed)
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
    const listener = new Listener(this, keyStorage, holder, terms)
    holder.count++
    holder.source.count++
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
    const { source } = holder
    if (--source.count > 0) return
    this.#sources.delete(sourceHash(this.#sources.seed, source.address), source)
  }

  #limitReached(key: InfoHash, node: Node): 'total' | 'key' | 'node' | 'source' | undefined {
    const limits = this.#limits
    if (this.size >= limits.total) return 'total'
    if (this.of(key).length >= limits.perKey) return 'key'
    const holder = this.#holders.get(node)
    if ((holder?.count ?? 0) >= limits.perNode) return 'node'
    const source = holder?.source ?? this.#findSource(node.address)
    return (source?.count ?? 0) >= limits.perSource ? 'source' : undefined
  }

  #holderOf(node: Node): Holder {
    const known = this.#holders.get(node)
    if (known !== undefined) return known
    const holder = { node, source: this.#sourceOf(node.address), count: 0 }
    this.#holders.set(node, holder)
    return holder
  }

  #sourceOf(address: SocketAddress): ListeningSource {
    const known = this.#findSource(address)
    if (known !== undefined) return known
    const source = { address, count: 0 }
    this.#sources.add(sourceHash(this.#sources.seed, address), source)
    return source
  }

  #findSource(address: SocketAddress): ListeningSource | undefined {
    const table = this.#sources
    const hash = sourceHash(table.seed, address)
    for (let slot = table.probe(hash); slot >= 0; slot = table.probe(hash, slot)) {
      if (isSameSource(table.at(slot).address, address)) return table.at(slot)
    }
    return undefined
  }

  #hash(key: InfoHash, node: Node, socketId: number): number {
    return finish(mixId(mixId(mix(this.#table.seed, socketId), key), node.id))
  }
}

/** All words, because a peer chooses them: what is left out would be free for collisions. */
function mixId(hash: number, { w0, w1, w2, w3, w4 }: InfoHash): number {
  return mix(mix(mix(mix(mix(hash, w0), w1), w2), w3), w4)
}
