// SPDX-License-Identifier: MIT
// Reads nodes of the trie: single ones, and the path of a key from the root to its leaf.
//
// C++ nodes find a leaf by bisection. Here the whole path is read, some nodes at a time: entries
// that wait for their inserter to move them after a split are found in inner nodes (spec PHT,
// section 5). Canaries expire one by one, and C++ nodes put some of them at wrong places, so a few
// missing nodes do not end a path.

import type { DhtInterface } from '../api/dht-interface.ts'
import { type IndexEntry, type IndexTypes, identityOf, unpackEntry } from './index-entry.ts'
import { Prefix } from './prefix.ts'
import type { PhtCounters } from './stats.ts'

/** What an index needs of a node. */
export type PhtDht = Pick<DhtInterface, 'get' | 'put' | 'listen'>

/** What is stored at a node of the trie. */
export interface TrieNode {
  readonly prefix: Prefix
  /** Canaries that say that it exists; 0 when it does not, or when they have expired. */
  readonly canaries: number
  /** Each once, and only those whose keys belong there. */
  readonly entries: readonly IndexEntry[]
}

/** Nodes on the way to a key, some way beyond the leaf. */
export interface Path {
  /** One below the other. */
  readonly nodes: readonly TrieNode[]
  /** Depth of the first one. */
  readonly start: number
  /** Depth of the deepest one that exists; of the first one when none does. */
  readonly leaf: number
}

export interface WalkOptions {
  /** Depth at which to begin; default the root. */
  readonly start?: number | undefined
  /** Depth at which the leaf probably is. */
  readonly expected?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Nodes that are read at the same time. */
export const PARALLEL_READS = 16
/** Nodes below the last existing one that are looked at before a path ends. */
export const MAX_GAP = 2
/** Where a path ends in any case. Keys that are equal so far share a leaf, however full. */
export const MAX_DEPTH = 1024
/** Values of an index that are taken from one node of the trie, copies and canaries included. */
export const MAX_NODE_VALUES = 4096
/** What is read at once of a path that is not known. */
const FIRST_READS = 8

export class TrieReader {
  readonly #dht: PhtDht
  readonly #types: IndexTypes
  readonly #counters: PhtCounters

  constructor(dht: PhtDht, types: IndexTypes, counters: PhtCounters) {
    this.#dht = dht
    this.#types = types
    this.#counters = counters
  }

  /** Rejects as a get does. */
  async read(prefix: Prefix, signal: AbortSignal | undefined): Promise<TrieNode> {
    const { canary, entry } = this.#types
    const entries = new Map<string, IndexEntry>()
    let [canaries, values] = [0, 0]
    this.#counters.reads++
    const filter = ({ userType }: { userType: string }): boolean =>
      userType === canary || userType === entry
    for await (const { userType, data } of this.#dht.get(prefix.key, { filter, signal })) {
      if (userType === canary) canaries++
      else this.#addEntry(entries, data, prefix)
      if (++values < MAX_NODE_VALUES) continue
      this.#counters.overfullNodes++
      break
    }
    return { prefix, canaries, entries: [...entries.values()] }
  }

  /** Many nodes, some at a time. */
  async readAll(prefixes: readonly Prefix[], signal: AbortSignal | undefined): Promise<TrieNode[]> {
    const nodes: TrieNode[] = []
    for (let i = 0; i < prefixes.length; i += PARALLEL_READS) {
      const group = prefixes.slice(i, i + PARALLEL_READS)
      nodes.push(...(await Promise.all(group.map((prefix) => this.read(prefix, signal)))))
    }
    return nodes
  }

  /** The path of a key with this content. */
  async walk(content: Uint8Array, options: WalkOptions): Promise<Path> {
    const { start = 0, expected, signal } = options
    const end = Math.min(8 * content.length, MAX_DEPTH)
    const nodes: TrieNode[] = []
    let leaf = start
    let goal = expected === undefined ? start + FIRST_READS : expected + MAX_GAP + 1
    while (start + nodes.length < Math.min(goal, end)) {
      const next = start + nodes.length
      const count = Math.min(goal, end) - next
      const prefixes = Array.from({ length: count }, (_, i) => Prefix.of(content, next + i))
      nodes.push(...(await this.readAll(prefixes, signal)))
      leaf = start + Math.max(0, nodes.findLastIndex(exists))
      goal = leaf + MAX_GAP + 1
    }
    return { nodes, start, leaf }
  }

  #addEntry(entries: Map<string, IndexEntry>, data: Uint8Array, prefix: Prefix): void {
    const entry = unpackEntry(data)
    if (entry === undefined) this.#counters.malformedEntries++
    else if (!prefix.covers(entry.content)) this.#counters.misplacedEntries++
    else entries.set(identityOf(entry), entry)
  }
}

function exists({ canaries }: TrieNode): boolean {
  return canaries > 0
}

/** Each entry of these nodes once. */
export function entriesOf(nodes: readonly TrieNode[]): IndexEntry[] {
  const entries = nodes.flatMap((node) => node.entries)
  return [...new Map(entries.map((entry) => [identityOf(entry), entry])).values()]
}
