// SPDX-License-Identifier: MIT
// What an index counts.

/** What an index has counted. */
export interface PhtStats {
  /** Nodes of the trie that were read. */
  readonly reads: number
  /** Entries and canaries that were put. */
  readonly entriesPut: number
  readonly canariesPut: number
  /** Leaves that were split. */
  readonly splits: number
  /** Own entries that were moved down after somebody split their leaf, and that could not be. */
  readonly moves: number
  readonly failedMoves: number
  /** Own entries that were forgotten early, as there were too many: they stay where they are. */
  readonly unwatched: number
  /** Own entries that live, and listens for splits. */
  readonly ownEntries: number
  readonly listens: number
  /** What was found in the network and ignored: no entry, an entry of other keys, too many. */
  readonly malformedEntries: number
  readonly misplacedEntries: number
  readonly overfullNodes: number
}

/** The part that only grows. */
export type PhtCounters = {
  -readonly [K in Exclude<keyof PhtStats, 'ownEntries' | 'listens'>]: number
}

export function newCounters(): PhtCounters {
  return {
    reads: 0,
    entriesPut: 0,
    canariesPut: 0,
    splits: 0,
    moves: 0,
    failedMoves: 0,
    unwatched: 0,
    malformedEntries: 0,
    misplacedEntries: 0,
    overfullNodes: 0,
  }
}
