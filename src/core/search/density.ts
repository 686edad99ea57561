// SPDX-License-Identifier: MIT
// How dense the ids of a family's nodes are, judged by our own surroundings, and what is too dense
// to be chance: a key that somebody besieges with ids of his choice. Nodes are spread evenly, so
// how many are within a distance follows Poisson's distribution. That is why nobody can hide ids
// among ours but by keeping away from the key, as honest ones do.

import { TARGET_NODES } from '../constants.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { NodeCache } from '../net/node-cache.ts'

/** More than any distance: fewer than eight neighbours are known. */
const UNKNOWN = 2 ** 32
/** How long the distance of our neighbours is taken to stay the same. */
const MAX_AGE_MS = 1000
/** How likely it is, at most, that so many are so close by chance. */
const IMPLAUSIBLE = 1e-4
/** One is close enough to any key that was made of an id. */
const MIN_RANK = 2
/** So many are judged at most: those whose answers are overdue, too. */
const MAX_RANK = 64

/** By rank: how many nodes are expected where so many are implausible. */
const LIMITS = Array.from({ length: MAX_RANK + 1 }, (_, rank) => {
  // The probability of at least `rank` of them is about expected ** rank / rank!.
  let factorial = 1
  for (let n = 2; n <= rank; n++) factorial *= n
  return rank < MIN_RANK ? 0 : (IMPLAUSIBLE * factorial) ** (1 / rank)
})

export class Density {
  readonly #ownId: InfoHash
  readonly #cache: NodeCache
  readonly #perPrefix: number
  /** How far the eighth of our neighbours is away. */
  #radius = UNKNOWN
  #measuredAt = Number.NEGATIVE_INFINITY

  constructor(ownId: InfoHash, cache: NodeCache, perPrefix: number) {
    this.#ownId = ownId
    this.#cache = cache
    this.#perPrefix = perPrefix
  }

  /** `id` is about as close to `key` as our own neighbours are to us. */
  isNear(key: InfoHash, id: InfoHash, now: number): boolean {
    if (now >= this.#measuredAt + MAX_AGE_MS) {
      this.#measuredAt = now
      this.#radius = this.#measure()
    }
    return distance(key, id) <= 2 * this.#radius
  }

  /** It is no chance that `rank` nodes are as close to `key` as `id`. */
  isImplausible(key: InfoHash, id: InfoHash, rank: number): boolean {
    if (rank > MAX_RANK) return false
    const radius = (TARGET_NODES * distance(key, id)) / LIMITS[rank]!
    if (radius >= this.#radius || this.#radius === UNKNOWN) return false
    // More of our neighbours may be known by now.
    return radius < this.#measure()
  }

  #measure(): number {
    const neighbours = this.#cache.closestApart(this.#ownId, TARGET_NODES, this.#perPrefix)
    const farthest = neighbours[TARGET_NODES - 1]
    return farthest === undefined ? UNKNOWN : distance(this.#ownId, farthest.id)
  }
}

/** By the first 32 bits: enough for billions of nodes. */
function distance(a: InfoHash, b: InfoHash): number {
  return (a.w0 ^ b.w0) >>> 0
}
