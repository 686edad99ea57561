// SPDX-License-Identifier: MIT
// Reads a part of the trie level by level: all nodes below one that may hold what is wanted.

import { DhtError } from '../core/errors.ts'
import { type IndexEntry, identityOf } from './index-entry.ts'
import type { Prefix } from './prefix.ts'
import { MAX_DEPTH, PARALLEL_READS, type TrieReader } from './trie-reader.ts'

/** Nodes of the trie that one query reads: others could make it grow without end. */
export const MAX_NODES = 65_536
/** Entries that one query keeps, to tell copies from each other. */
export const MAX_FOUND = 65_536

/** Missing nodes one below the other that are passed: C++ nodes leave gaps. */
const MAX_GAP = 1

export interface SubtrieQuery {
  readonly root: Prefix
  /** Bits of a whole key. */
  readonly contentBits: number
  /** Whether there may be something below a node. */
  readonly meets: (prefix: Prefix) => boolean
  readonly signal: AbortSignal | undefined
}

interface Place {
  readonly prefix: Prefix
  /** Missing nodes directly above. */
  readonly gap: number
}

/** Every entry once, in no particular order. Rejects as a get does, and with ERR_DHT_LIMIT. */
export async function* readSubtrie(
  reader: TrieReader,
  { root, contentBits, meets, signal }: SubtrieQuery,
): AsyncGenerator<IndexEntry, void, undefined> {
  const seen = new Set<string>()
  const end = Math.min(contentBits, MAX_DEPTH) - 1
  let read = 0
  let places: Place[] = meets(root) ? [{ prefix: root, gap: 0 }] : []
  while (places.length > 0) {
    const group = places.slice(0, PARALLEL_READS)
    read += group.length
    checkLimits(read, seen.size)
    const prefixes = group.map(({ prefix }) => prefix)
    const below: Place[] = []
    for (const [i, { prefix, canaries, entries }] of (
      await reader.readAll(prefixes, signal)
    ).entries()) {
      for (const entry of entries) {
        const name = identityOf(entry)
        if (seen.has(name)) continue
        seen.add(name)
        yield entry
      }
      const gap = canaries > 0 || prefix.size === 0 ? 0 : group[i]!.gap + 1
      if (gap > MAX_GAP || prefix.size >= end) continue
      const children = [prefix.child(0), prefix.child(1)].filter(meets)
      below.push(...children.map((child) => ({ prefix: child, gap })))
    }
    places = [...below, ...places.slice(PARALLEL_READS)]
  }
}

function checkLimits(nodes: number, entries: number): void {
  if (nodes <= MAX_NODES && entries <= MAX_FOUND) return
  throw new DhtError(
    'ERR_DHT_LIMIT',
    `Cannot read more of the index: this took ${nodes} nodes with ${entries} entries, the limits ` +
      `are ${MAX_NODES} and ${MAX_FOUND}. Ask for a smaller range`,
  )
}
