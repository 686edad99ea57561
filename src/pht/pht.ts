// SPDX-License-Identifier: MIT
// A prefix hash tree: an index over the network. Entries lead from keys of named fields to values,
// and are found by key, by the closest key, and by ranges of a field. Anyone may add entries to an
// index; its name and key spec are all that others have to know. See docs/pht.md.

import type { OperationOptions, PutOptions } from '../api/dht-interface.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { ValueId } from '../core/value/value.ts'
import { commonBits } from './bits.ts'
import { Canaries } from './canaries.ts'
import { type PhtClock, REAL_CLOCK } from './clock.ts'
import { type FieldBounds, FieldRange } from './field-range.ts'
import {
  type IndexEntry,
  type IndexTypes,
  type IndexValue,
  identityOf,
  indexTypes,
  packEntry,
  toIndexValue,
} from './index-entry.ts'
import { type FieldLengths, type IndexKey, KeySpec, type LinearKey } from './key-spec.ts'
import { LeafCache } from './leaf-cache.ts'
import { OwnEntries, type OwnEntry } from './own-entries.ts'
import { Prefix } from './prefix.ts'
import { splitDepth } from './split.ts'
import { newCounters, type PhtStats } from './stats.ts'
import { readSubtrie } from './subtrie.ts'
import { entriesOf, MAX_DEPTH, type Path, type PhtDht, TrieReader } from './trie-reader.ts'

/** Entries that a leaf has before the next one splits it. */
export const MAX_LEAF_ENTRIES = 16

/** Values that an insert puts at the same time. */
const PARALLEL_WRITES = 16

/** What an index takes besides its name and fields. */
export interface PhtOptions {
  /** Default real time. A SimNetwork is a clock, too. */
  clock?: PhtClock | undefined
}

/** What `lookup` takes. */
export interface LookupOptions extends OperationOptions {
  /** False: if there is no such key, find those with the longest common beginning, in bits. */
  exact?: boolean | undefined
  /** Told which leaf of the tree the key led to: its first `depth` bits, the rest being 0. */
  onLeaf?: ((bits: Uint8Array, depth: number) => void) | undefined
}

/** What a range query takes. */
export interface RangeOptions extends FieldBounds, OperationOptions {}

/** What a range query finds. */
export interface RangeEntry extends IndexValue {
  readonly key: Readonly<Record<string, Uint8Array>>
}

export class Pht implements Disposable {
  readonly name: string
  readonly #dht: PhtDht
  readonly #types: IndexTypes
  readonly #spec: KeySpec
  readonly #clock: PhtClock
  readonly #counters = newCounters()
  readonly #cache = new LeafCache()
  readonly #reader: TrieReader
  readonly #canaries: Canaries
  readonly #own: OwnEntries

  /**
   * The index `name` on a node, whose keys have these fields with at most so many bytes. Throws
   * TypeError or RangeError that names what is wrong.
   */
  constructor(dht: PhtDht, name: string, spec: FieldLengths, options: PhtOptions = {}) {
    const clock = options.clock ?? REAL_CLOCK
    this.name = name
    this.#dht = dht
    this.#types = indexTypes(name)
    this.#spec = new KeySpec(spec)
    this.#clock = clock
    const counters = this.#counters
    const { canary } = this.#types
    this.#reader = new TrieReader(dht, this.#types, counters)
    this.#canaries = new Canaries({ dht, userType: canary, clock, counters })
    this.#own = new OwnEntries({
      dht,
      canaryType: canary,
      clock,
      counters,
      move: (own, depth, signal) => this.#move(own, depth, signal),
    })
  }

  /**
   * Adds an entry, which lives for ten minutes: insert it again before that to keep it. The same
   * entry is found once, however often it is inserted. Rejects as a get and a put do. The node
   * moves the entry when others split its leaf, until the index or the node is closed.
   */
  async insert(
    key: IndexKey,
    value: { hash: InfoHash; id?: ValueId | undefined },
    { signal }: OperationOptions = {},
  ): Promise<void> {
    const linear = this.#spec.linearise(key)
    const entry = { content: linear.content, ...toIndexValue(value) }
    signal?.throwIfAborted()
    const maxDepth = deepestFor(linear)
    const path = await this.#walk(entry.content, this.#startFor(entry.content, maxDepth), signal)
    const own: OwnEntry = {
      entry,
      maxDepth,
      valueId: this.#own.valueIdOf(entry),
      depth: this.#placeFor(entry, path, maxDepth),
      created: this.#clock.wallNow,
    }
    await this.#store(own, path, { signal })
    this.#own.add(own)
  }

  /** What was inserted under `key`, each once, in no particular order. Rejects as a get does. */
  async lookup(key: IndexKey, options: LookupOptions = {}): Promise<IndexValue[]> {
    const { exact = true, onLeaf, signal } = options
    const linear = this.#spec.linearise(key)
    signal?.throwIfAborted()
    const path = await this.#walk(linear.content, 0, signal)
    onLeaf?.(Prefix.of(linear.content, path.leaf).bytes, path.leaf)
    const found = entriesOf(path.nodes)
    const wanted = exact
      ? found.filter(({ content }) => isSame(content, linear.content))
      : await this.#closest(linear.content, path, signal)
    return valuesOf(wanted)
  }

  /**
   * Entries whose `field` is within the bounds, each once, in no particular order. An addition to
   * what C++ nodes can do, over the same entries. Throws as a get does, and ERR_DHT_LIMIT when too
   * much of the index would have to be read.
   */
  range(field: string, options: RangeOptions = {}): AsyncIterable<RangeEntry> {
    const range = new FieldRange(this.#spec, field, options)
    return { [Symbol.asyncIterator]: () => this.#range(range, options.signal) }
  }

  stats(): PhtStats {
    return { ...this.#counters, ownEntries: this.#own.size, listens: this.#own.listens }
  }

  /** Entries stay where they are from now on, and are forgotten here. */
  close(): void {
    this.#own.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #walk(content: Uint8Array, start: number, signal?: AbortSignal): Promise<Path> {
    const expected = this.#cache.depthOf(content, this.#clock.now)
    const path = await this.#reader.walk(content, { start, expected, signal })
    this.#cache.add(Prefix.of(content, path.leaf), this.#clock.now)
    return path
  }

  /** Where to begin reading for an insert: not with nodes that surely exist for long enough. */
  #startFor(content: Uint8Array, maxDepth: number): number {
    const expected = this.#cache.depthOf(content, this.#clock.now) ?? 0
    let depth = 0
    while (
      depth < Math.min(expected, maxDepth) &&
      this.#canaries.isFresh(Prefix.of(content, depth))
    )
      depth++
    return depth
  }

  /** The depth to store an entry at: that of its leaf, or of the one to split off. */
  #placeFor(entry: IndexEntry, { nodes, start, leaf }: Path, maxDepth: number): number {
    if (leaf >= maxDepth) return maxDepth
    const own = identityOf(entry)
    const others = nodes[leaf - start]!.entries.filter((other) => identityOf(other) !== own)
    if (others.length < MAX_LEAF_ENTRIES) return leaf
    const depth = splitDepth(
      entry.content,
      others.map(({ content }) => content),
    )
    // Equal keys cannot be told apart: their leaf takes more.
    if (depth === undefined) return leaf
    this.#counters.splits++
    return Math.min(depth, maxDepth)
  }

  /** Puts an entry to its depth, and canaries to where its path needs them. */
  async #store(own: OwnEntry, path: Path, options: PutOptions): Promise<void> {
    const { signal } = options
    const { content } = own.entry
    const count = own.depth + 1 - path.start
    const prefixes = Array.from({ length: count }, (_, i) => Prefix.of(content, path.start + i))
    const place = prefixes.at(-1)!
    const marked = prefixes.filter((prefix, i) => {
      const node = path.nodes[i]
      return prefix === place || node === undefined || this.#canaries.isWanted(node)
    })
    const put = async (): Promise<void> => {
      const value = packEntry(this.#types, own.entry).withId(own.valueId)
      this.#counters.entriesPut++
      own.valueId = (await this.#dht.put(place.key, value, options)).value.id
    }
    const writes = [put, ...marked.map((prefix) => () => this.#canaries.put(prefix, signal))]
    for (let i = 0; i < writes.length; i += PARALLEL_WRITES) {
      await Promise.all(writes.slice(i, i + PARALLEL_WRITES).map((write) => write()))
    }
    this.#cache.add(place, this.#clock.now)
  }

  /** After a split: to the leaf that there is now, without splitting that one. */
  async #move(own: OwnEntry, depth: number, signal: AbortSignal): Promise<void> {
    const { entry, maxDepth } = own
    const path = await this.#walk(entry.content, this.#startFor(entry.content, maxDepth), signal)
    own.depth = Math.min(Math.max(depth, path.leaf), maxDepth)
    await this.#store(own, path, { created: own.created, signal })
  }

  /** The entries with the longest common beginning with a key. */
  async #closest(
    content: Uint8Array,
    { nodes, leaf }: Path,
    signal: AbortSignal | undefined,
  ): Promise<IndexEntry[]> {
    const contentBits = 8 * content.length
    const onPath = entriesOf(nodes)
    const rank = (entry: IndexEntry): number => commonBits(entry.content, content)
    const longest = Math.max(-1, ...onPath.map(rank))
    if (longest > leaf) return onPath.filter((entry) => rank(entry) === longest)
    // Whatever shares fewer bits may lie beside the path: nearer branches first.
    for (let depth = Math.min(leaf, contentBits - 2); depth >= 0; depth--) {
      const found = onPath.filter((entry) => rank(entry) === depth)
      const root = Prefix.of(content, depth + 1).twin
      const beside = readSubtrie(this.#reader, { root, contentBits, meets: () => true, signal })
      for await (const entry of beside) found.push(entry)
      if (found.length > 0) return found
    }
    return []
  }

  async *#range(
    range: FieldRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RangeEntry, undefined, undefined> {
    const contentBits = 8 * this.#spec.contentBytes
    const meets = (prefix: Prefix): boolean => range.meets(prefix)
    const query = { root: Prefix.ROOT, contentBits, meets, signal }
    for await (const { content, hash, id } of readSubtrie(this.#reader, query)) {
      const key = this.#spec.fieldsOf(content)
      if (key !== undefined && range.includes(key)) yield { key, hash, id }
    }
  }
}

/** C++ nodes look no deeper for a key, or we do not. */
function deepestFor({ size }: LinearKey): number {
  return Math.min(Math.max(0, size - 1), MAX_DEPTH - 1)
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && commonBits(a, b) === 8 * a.length
}

/** Each value once: it may have been inserted under several of the keys. */
function valuesOf(entries: readonly IndexEntry[]): IndexValue[] {
  const values = entries.map(({ hash, id }) => ({ hash, id }))
  return [...new Map(values.map((value) => [`${value.hash} ${value.id}`, value])).values()]
}
