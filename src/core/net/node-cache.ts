// SPDX-License-Identifier: MIT
// All known peers of one family (spec node behaviour, section 2): lookup by id, the closest to an
// id, and an order by activity so that the longest silent unused entry makes room for a new one.

import { MAX_CACHED_NODES } from '../constants.ts'
import { IdMap } from '../id/id-map.ts'
import { IdTrie } from '../id/id-trie.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { Crowd, closestApart } from './crowd.ts'
import { Node } from './node.ts'

/** How many entries are looked at for strangers. */
const MAX_STRANGER_STEPS = 64

/** Scratch of all engines: done with before the next call. */
const CROWD = new Crowd()

export class NodeCache implements Iterable<Node> {
  readonly #byId: IdMap<Node>
  /** Without strangers. */
  readonly #byDistance = new IdTrie<Node>()
  readonly #limit: number
  #oldest: Node | undefined
  #newest: Node | undefined
  /** When an unknown node was last heard of; -Infinity for never. */
  grewAt = Number.NEGATIVE_INFINITY
  /** Entries dropped to make room. */
  evicted = 0

  constructor(seed: number, limit: number = MAX_CACHED_NODES) {
    this.#byId = new IdMap(seed)
    this.#limit = limit
  }

  get size(): number {
    return this.#byId.size
  }

  find(id: InfoHash): Node | undefined {
    return this.#byId.get(id)
  }

  /**
   * New entry for an id that is not there yet; `id` may be a scratch object. A stranger until it is
   * admitted: anybody can send any number of requests under any ids.
   */
  create(id: InfoHash, address: SocketAddress, isClient: boolean, now: number): Node {
    this.grewAt = now
    if (this.size >= this.#limit) this.#evict()
    const node = new Node(id.clone(), address, isClient)
    this.#byId.set(node)
    this.#append(node)
    return node
  }

  /** `node` answered, or is listed by one that did: it is found by its distance from now on. */
  admit(node: Node): void {
    if (!node.isStranger) return
    node.isStranger = false
    this.#byDistance.add(node)
  }

  /**
   * A node that some peer listed. A known one takes the listed address only when it was silent for
   * ten minutes: hearsay does not move a living node.
   */
  learn(id: InfoHash, address: SocketAddress, now: number): Node {
    const known = this.#byId.get(id)
    if (known === undefined) {
      const created = this.create(id, address, false, now)
      this.admit(created)
      return created
    }
    this.admit(known)
    known.listed(now)
    if (!known.isRecent(now) && known.pendingRequests === 0) {
      known.address = address
    }
    return known
  }

  /** Moves `node` to the end of the order of eviction. */
  touch(node: Node): void {
    if (node === this.#newest) return
    this.#unlink(node)
    this.#append(node)
  }

  /** Up to `limit` nodes closest to `target` that can be asked: not expired, not clients. */
  closest(target: InfoHash, limit: number): Node[] {
    return this.#byDistance.closest(target, limit, canBeAsked)
  }

  /** The same, but at most `perPrefix` of one network as long as there are enough others. */
  closestApart(target: InfoHash, count: number, perPrefix: number): Node[] {
    const closest = this.closest(target, count)
    if (!CROWD.start(perPrefix).isIn(closest)) return closest
    return closestApart(this.#byDistance, target, closest, { perPrefix, accept: canBeAsked })
  }

  /** Up to `limit` that were heard of last, of those that only ever asked. */
  strangers(limit: number): Node[] {
    const nodes: Node[] = []
    let steps = MAX_STRANGER_STEPS
    for (const node of this.newest()) {
      if (nodes.length === limit || steps-- === 0) break
      if (node.isStranger && canBeAsked(node)) nodes.push(node)
    }
    return nodes
  }

  *[Symbol.iterator](): Iterator<Node> {
    for (let node = this.#oldest; node !== undefined; node = node.newer) yield node
  }

  /** Entries with the most recently active first. */
  *newest(): IterableIterator<Node> {
    for (let node = this.#newest; node !== undefined; node = node.older) yield node
  }

  /** Drops the longest silent entry that nobody holds; a full cache of held entries grows. */
  #evict(): void {
    let node = this.#oldest
    // Held entries are moved out of the way, so a walk past them is paid once, not per creation.
    for (let steps = 64; node !== undefined && node.references > 0 && steps > 0; steps--) {
      this.touch(node)
      node = this.#oldest
    }
    if (node === undefined || node.references > 0) return
    this.#unlink(node)
    this.#byId.delete(node.id)
    if (!node.isStranger) this.#byDistance.delete(node.id)
    this.evicted++
  }

  #append(node: Node): void {
    node.older = this.#newest
    node.newer = undefined
    if (this.#newest === undefined) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
  }

  #unlink(node: Node): void {
    if (node.older === undefined) this.#oldest = node.newer
    else node.older.newer = node.newer
    if (node.newer === undefined) this.#newest = node.older
    else node.newer.older = node.older
  }
}

function canBeAsked(node: Node): boolean {
  return !node.isExpired && !node.isClient
}
