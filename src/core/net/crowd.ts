// SPDX-License-Identifier: MIT
// Keeps one network from taking all places around an id. Ids are free, but addresses are not: of
// the nodes of one prefix (see address-groups) a few count as much as others, the rest crowds, and
// only fills places that nobody else wants. So nothing changes where all nodes are in one network.
// Loopback and private addresses never crowd: many nodes on one host are most often a test.

import type { IdTrie } from '../id/id-trie.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { isSamePrefix } from './address-groups.ts'

/** How many are looked at, lest a crowd that fills the cache makes every lookup walk all of it. */
const MAX_STEPS = 2048

interface Located {
  readonly id: InfoHash
  readonly address: SocketAddress
}

/** Counts the prefixes of a few nodes. Made to be reused. */
export class Crowd {
  #limit = Number.POSITIVE_INFINITY
  readonly #seen: SocketAddress[] = []

  /** Begins anew. `limit` is per prefix, -1 for none. */
  start(limit: number): this {
    this.#limit = limit < 0 ? Number.POSITIVE_INFINITY : limit
    // Most often it is: to set the length of an array is slow.
    if (this.#seen.length > 0) this.#seen.length = 0
    return this
  }

  /** False when there are enough of its prefix already; counts it otherwise. */
  admits(address: SocketAddress): boolean {
    if (this.#limit === Number.POSITIVE_INFINITY || address.isLocal) return true
    let count = 0
    for (const other of this.#seen) {
      if (isSamePrefix(other, address) && ++count === this.#limit) return false
    }
    this.#seen.push(address)
    return true
  }

  /** Some of `items` crowd. */
  isIn(items: readonly Located[]): boolean {
    for (const { address } of items) if (!this.admits(address)) return true
    return false
  }
}

/**
 * Instead of `closest`, the items closest to `target`, another list of as many: of those that
 * `accept` lets through, those that crowd only when there are not enough others. Closest first.
 */
export function closestApart<T extends Located>(
  tree: IdTrie<T>,
  target: InfoHash,
  closest: readonly T[],
  { perPrefix, accept }: { perPrefix: number; accept: (item: T) => boolean },
): T[] {
  const count = closest.length
  CROWD.start(perPrefix)
  const apart: T[] = []
  let steps = MAX_STEPS
  tree.visitClosest(target, (item) => {
    if (accept(item) && CROWD.admits(item.address)) apart.push(item)
    return apart.length < count && --steps > 0
  })
  if (apart.length === count) return apart
  const rest = closest.filter((item) => !apart.includes(item))
  return [...apart, ...rest.slice(0, count - apart.length)].sort((a, b) =>
    target.compareDistance(a.id, b.id),
  )
}

/** The same items, those that crowd after all others. */
export function crowdingLast<T extends Located>(items: T[], perPrefix: number): T[] {
  if (!CROWD.start(perPrefix).isIn(items)) return items
  CROWD.start(perPrefix)
  const others: T[] = []
  const crowding: T[] = []
  for (const item of items) (CROWD.admits(item.address) ? others : crowding).push(item)
  return [...others, ...crowding]
}

/** Scratch of all engines: done with before the next call. */
const CROWD = new Crowd()
