// SPDX-License-Identifier: MIT
// Searches that have nothing to do, the longest idle first: a list that is linked through them, in
// and out of which a search goes with every get.

import type { Search } from './search.ts'

/** Links of a search; owned by `IdleSearches`. */
export interface IdleLinks {
  older: Search | undefined
  newer: Search | undefined
  /** When it fell idle; undefined while it is not. */
  since: number | undefined
}

export class IdleSearches {
  #oldest: Search | undefined
  #newest: Search | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get oldest(): Search | undefined {
    return this.#oldest
  }

  /** Adds one that is not there. */
  add(search: Search, now: number): void {
    search.idle.since = now
    search.idle.older = this.#newest
    if (this.#newest === undefined) this.#oldest = search
    else this.#newest.idle.newer = search
    this.#newest = search
    this.#size++
  }

  /** Harmless when it is not there. */
  delete({ idle }: Search): void {
    if (idle.since === undefined) return
    if (idle.older === undefined) this.#oldest = idle.newer
    else idle.older.idle.newer = idle.newer
    if (idle.newer === undefined) this.#newest = idle.older
    else idle.newer.idle.older = idle.older
    idle.older = undefined
    idle.newer = undefined
    idle.since = undefined
    this.#size--
  }
}
