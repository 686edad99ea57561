// SPDX-License-Identifier: MIT
// Kademlia routing table of one family (paper section 2.4; spec node behaviour, section 3): buckets
// of eight over the id space, fine around the own id, coarse elsewhere. A data structure only: it
// says whom to ping and never sends anything itself.

import { BOOTSTRAP_SPLIT_DEPTH, TARGET_NODES } from '../constants.ts'
import { IdTrie } from '../id/id-trie.ts'
import { HASH_BITS, InfoHash, ZERO_HASH } from '../id/info-hash.ts'
import { Crowd, closestApart } from '../net/crowd.ts'
import type { Node } from '../net/node.ts'
import type { Random } from '../ports.ts'

export class Bucket {
  /** First id of the range; it ends where the next bucket begins. */
  readonly first: InfoHash
  nodes: Node[] = []
  /** Waits for a place. */
  candidate: Node | undefined = undefined
  /** When a node of the bucket last replied; -Infinity for never. */
  updatedAt: number

  constructor(first: InfoHash, updatedAt = Number.NEGATIVE_INFINITY) {
    this.first = first
    this.updatedAt = updatedAt
  }
}

/** What became of a node that was offered. */
export interface Offer {
  readonly added: boolean
  /** A member or candidate whose answer would decide who stays. */
  readonly ping: Node | undefined
}

const ADDED: Offer = { added: true, ping: undefined }
const REFUSED: Offer = { added: false, ping: undefined }

/** Scratch of all engines: done with before the next call. */
const CROWD = new Crowd()

export class RoutingTable {
  readonly #ownId: InfoHash
  readonly #splitsFreely: boolean
  readonly #perPrefix: number
  readonly #members = new IdTrie<Node>()
  readonly buckets: Bucket[] = [new Bucket(ZERO_HASH)]
  /** When the bucket of the own id last got a node; -Infinity for never. */
  grownAt = Number.NEGATIVE_INFINITY

  /**
   * `splitsFreely`: split any full bucket down to depth 6 (bootstrap mode). `perPrefix`: nodes of
   * one network that keep their place in a bucket when others want it, -1 for all.
   */
  constructor(
    ownId: InfoHash,
    { splitsFreely = false, perPrefix = -1 }: { splitsFreely?: boolean; perPrefix?: number } = {},
  ) {
    this.#ownId = ownId
    this.#splitsFreely = splitsFreely
    this.#perPrefix = perPrefix
  }

  get size(): number {
    return this.#members.size
  }

  /** Depth of the own bucket: 8 * 2^depth estimates the size of the network. */
  get depth(): number {
    return this.#depthOf(this.#indexOf(this.#ownId))
  }

  bucketOf(id: InfoHash): Bucket {
    return this.buckets[this.#indexOf(id)]!
  }

  /** Neighbour bucket in id order; undefined at the ends. */
  neighbour(bucket: Bucket, step: 1 | -1): Bucket | undefined {
    return this.buckets[this.buckets.indexOf(bucket) + step]
  }

  isOwnBucket(bucket: Bucket): boolean {
    return this.bucketOf(this.#ownId) === bucket
  }

  /** Notes that `node` answered a request. */
  replied(node: Node, now: number): void {
    this.bucketOf(node.id).updatedAt = now
  }

  /** A node that contacted us or answered asks for a place. */
  offer(node: Node, now: number): Offer {
    if (node.isInTable) return REFUSED
    for (;;) {
      const index = this.#indexOf(node.id)
      const bucket = this.buckets[index]!
      if (bucket.nodes.length < TARGET_NODES) {
        this.#insert(bucket, node, now)
        return ADDED
      }
      const loser =
        bucket.nodes.find((member) => member.isExpired || member.isClient) ??
        this.#crowdingOut(bucket, node)
      if (loser !== undefined) {
        this.#take(bucket, loser)
        this.#insert(bucket, node, now)
        return ADDED
      }
      if (this.#canSplit(index, now)) {
        this.#split(index)
        continue
      }
      // One that is being asked already would hide the others behind it.
      const dubious = bucket.nodes.find(
        (member) => member.pendingRequests === 0 && !member.isGood(now),
      )
      this.#setCandidate(bucket, node)
      return dubious === undefined ? REFUSED : { added: false, ping: dubious }
    }
  }

  /** `offer` would add it. */
  wants(node: Node, now: number): boolean {
    if (node.isInTable) return false
    const index = this.#indexOf(node.id)
    const bucket = this.buckets[index]!
    return (
      bucket.nodes.length < TARGET_NODES ||
      bucket.nodes.some((member) => member.isExpired || member.isClient) ||
      this.#crowdingOut(bucket, node) !== undefined ||
      this.#canSplit(index, now)
    )
  }

  /** Removes expired members; returns candidates to ping, one for each bucket with a free place. */
  removeExpired(): Node[] {
    const candidates: Node[] = []
    for (const bucket of this.buckets) {
      const expired = bucket.nodes.filter((node) => node.isExpired || node.isClient)
      for (const node of expired) this.#take(bucket, node)
      const candidate = bucket.candidate
      if (bucket.nodes.length < TARGET_NODES && candidate !== undefined) {
        this.#setCandidate(bucket, undefined)
        if (!candidate.isExpired) candidates.push(candidate)
      }
    }
    return candidates
  }

  /**
   * The up to `limit` good nodes closest to `target`, closest first; of one network no more than
   * may keep their places, as long as there are enough others.
   */
  closestGood(target: InfoHash, limit: number, now: number): Node[] {
    const perPrefix = this.#perPrefix
    const accept = (node: Node): boolean => !node.isClient && node.isGood(now)
    const closest = this.#members.closest(target, limit, accept)
    if (!CROWD.start(perPrefix).isIn(closest)) return closest
    return closestApart(this.#members, target, closest, { perPrefix, accept })
  }

  /** Calls `visit` for members closest first until it returns false. */
  visitClosest(target: InfoHash, visit: (node: Node) => boolean): void {
    this.#members.visitClosest(target, visit)
  }

  /** True when some member is accepted by `test`. */
  some(test: (node: Node) => boolean): boolean {
    return this.buckets.some((bucket) => bucket.nodes.some(test))
  }

  *nodes(): IterableIterator<Node> {
    for (const bucket of this.buckets) yield* bucket.nodes
  }

  /** A random id in the range of `bucket`. */
  randomIdIn(bucket: Bucket, random: Random): InfoHash {
    const index = this.buckets.indexOf(bucket)
    const prefix = this.#depthOf(index)
    let id = InfoHash.random(random)
    for (let bit = 0; bit < prefix; bit++) id = id.withBit(bit, bucket.first.bit(bit))
    return id
  }

  /** Connectivity changed: every bucket counts as old. */
  forget(): void {
    for (const bucket of this.buckets) bucket.updatedAt = Number.NEGATIVE_INFINITY
  }

  /** The member that came last, of those that crowd a full bucket in which `node` does not. */
  #crowdingOut(bucket: Bucket, node: Node): Node | undefined {
    if (this.#perPrefix < 0) return undefined
    CROWD.start(this.#perPrefix)
    let last: Node | undefined
    // The oldest come last in the bucket, and keep their places.
    for (let i = bucket.nodes.length - 1; i >= 0; i--) {
      const member = bucket.nodes[i]!
      if (!CROWD.admits(member.address)) last = member
    }
    return last !== undefined && CROWD.admits(node.address) ? last : undefined
  }

  #insert(bucket: Bucket, node: Node, now: number): void {
    if (bucket.candidate === node) this.#setCandidate(bucket, undefined)
    bucket.nodes.unshift(node)
    this.#members.add(node)
    node.isInTable = true
    node.references++
    if (this.isOwnBucket(bucket)) this.grownAt = now
  }

  #take(bucket: Bucket, node: Node): void {
    bucket.nodes.splice(bucket.nodes.indexOf(node), 1)
    this.#members.delete(node.id)
    node.isInTable = false
    node.references--
  }

  #setCandidate(bucket: Bucket, node: Node | undefined): void {
    if (bucket.candidate !== undefined) bucket.candidate.references--
    bucket.candidate = node
    if (node !== undefined) node.references++
  }

  /** Only buckets whose members all proved themselves are split, or a single one would never be. */
  #canSplit(index: number, now: number): boolean {
    const bucket = this.buckets[index]!
    const depth = this.#depthOf(index)
    if (depth >= HASH_BITS - 1) return false
    const mayGrow =
      this.isOwnBucket(bucket) || (this.#splitsFreely && depth < BOOTSTRAP_SPLIT_DEPTH)
    return mayGrow && (this.buckets.length === 1 || bucket.nodes.every((node) => node.isGood(now)))
  }

  #split(index: number): void {
    const bucket = this.buckets[index]!
    const middle = bucket.first.withBit(this.#depthOf(index), 1)
    const upper = new Bucket(middle, bucket.updatedAt)
    const members = bucket.nodes
    bucket.nodes = members.filter((node) => node.id.compare(middle) < 0)
    upper.nodes = members.filter((node) => node.id.compare(middle) >= 0)
    const candidate = bucket.candidate
    if (candidate !== undefined && candidate.id.compare(middle) >= 0) {
      bucket.candidate = undefined
      upper.candidate = candidate
    }
    this.buckets.splice(index + 1, 0, upper)
  }

  /** Bits that all ids of the bucket share. */
  #depthOf(index: number): number {
    const lowest = this.buckets[index]!.first.lowbit
    const next = this.buckets[index + 1]?.first.lowbit ?? -1
    return 1 + Math.max(lowest, next)
  }

  #indexOf(id: InfoHash): number {
    let low = 0
    let high = this.buckets.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.buckets[middle]!.first.compare(id) <= 0) low = middle
      else high = middle - 1
    }
    return low
  }
}
