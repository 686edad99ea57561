// SPDX-License-Identifier: MIT
// The entries that were inserted here and still live. Splits move nobody else's entries: whoever
// inserted one listens for a canary below its leaf, and then moves it down (spec PHT, section 7).
// Entries that wait for the same canary share a listen. All of it ends with the entries.

import type { ValueId } from '../core/value/value.ts'
import type { PhtClock } from './clock.ts'
import { type IndexEntry, identityOf } from './index-entry.ts'
import { Prefix } from './prefix.ts'
import type { PhtCounters } from './stats.ts'
import type { PhtDht } from './trie-reader.ts'

/** Lifetime of values of type 0. */
const LIFETIME_MS = 10 * 60_000
const MAX_OWN_ENTRIES = 16_384
const MAX_LISTENS = 2048

export interface OwnEntry {
  readonly entry: IndexEntry
  /** Depth below which nobody looks for it. */
  readonly maxDepth: number
  /** Id of its value, the same at all places; 0 before the first put has ended. */
  valueId: ValueId
  /** Where it is. */
  depth: number
  readonly created: Date
}

interface Record extends OwnEntry {
  watch: Watch | undefined
  forget: () => void
}

interface Watch {
  readonly name: string
  readonly entries: Set<Record>
  readonly stop: AbortController
}

export interface OwnEntriesInit {
  readonly dht: PhtDht
  readonly canaryType: string
  readonly clock: PhtClock
  readonly counters: PhtCounters
  /** Moves an entry at least to `depth`. */
  readonly move: (entry: OwnEntry, depth: number, signal: AbortSignal) => Promise<void>
}

export class OwnEntries {
  readonly #init: OwnEntriesInit
  /** In the order of their insertion. */
  readonly #records = new Map<string, Record>()
  readonly #watches = new Map<string, Watch>()
  readonly #ended = new AbortController()

  constructor(init: OwnEntriesInit) {
    this.#init = init
  }

  get size(): number {
    return this.#records.size
  }

  get listens(): number {
    return this.#watches.size
  }

  /** The id that the value of this entry has; 0 when it was not inserted here. */
  valueIdOf(entry: IndexEntry): ValueId {
    return this.#records.get(identityOf(entry))?.valueId ?? 0n
  }

  /** Follows an entry that has been put, in place of an earlier insertion. */
  add(own: OwnEntry): void {
    if (this.#ended.signal.aborted) return
    const name = identityOf(own.entry)
    this.#records.get(name)?.forget()
    const record: Record = { ...own, watch: undefined, forget: () => forget() }
    const cancel = this.#init.clock.schedule(LIFETIME_MS, () => forget())
    const forget = (): void => {
      cancel()
      this.#leave(record)
      if (this.#records.get(name) === record) this.#records.delete(name)
    }
    this.#records.set(name, record)
    this.#watch(record)
    if (this.#records.size > MAX_OWN_ENTRIES) this.#forgetOldest()
  }

  close(): void {
    this.#ended.abort(new DOMException('The index was closed', 'AbortError'))
    for (const record of [...this.#records.values()]) record.forget()
  }

  #watch(record: Record): void {
    if (record.depth >= record.maxDepth) return
    const below = Prefix.of(record.entry.content, record.depth + 1)
    const name = below.key.toString()
    const known = this.#watches.get(name)
    if (known === undefined && this.#watches.size >= MAX_LISTENS) {
      this.#init.counters.unwatched++
      return
    }
    const watch = known ?? { name, entries: new Set(), stop: new AbortController() }
    watch.entries.add(record)
    record.watch = watch
    if (known !== undefined) return
    this.#watches.set(name, watch)
    void this.#listen(watch, below)
  }

  /** Takes an entry out of its watch, which ends with the last one. */
  #leave(record: Record): void {
    const { watch } = record
    record.watch = undefined
    if (watch === undefined) return
    watch.entries.delete(record)
    if (watch.entries.size === 0) this.#end(watch)
  }

  #end(watch: Watch): void {
    if (this.#watches.get(watch.name) === watch) this.#watches.delete(watch.name)
    watch.stop.abort()
  }

  async #listen(watch: Watch, below: Prefix): Promise<void> {
    const isSplit = await this.#waitForCanary(below, watch.stop.signal)
    const records = [...watch.entries]
    for (const record of records) this.#leave(record)
    if (isSplit) for (const record of records) await this.#move(record, below.size)
  }

  /** False when that is given up, or impossible: entries are found where they are, too. */
  async #waitForCanary({ key }: Prefix, signal: AbortSignal): Promise<boolean> {
    const { dht, canaryType } = this.#init
    // A condition that peers apply: entries of the leaf below are not pushed.
    const where = { userType: canaryType }
    try {
      for await (const { expired } of dht.listen(key, { where, signal })) {
        if (!expired) return true
      }
    } catch {}
    return false
  }

  async #move(record: Record, depth: number): Promise<void> {
    const { counters, move } = this.#init
    if (this.#records.get(identityOf(record.entry)) !== record) return
    try {
      await move(record, depth, this.#ended.signal)
      counters.moves++
      if (this.#records.get(identityOf(record.entry)) === record) this.#watch(record)
    } catch {
      counters.failedMoves++
    }
  }

  #forgetOldest(): void {
    for (const record of this.#records.values()) {
      this.#init.counters.unwatched++
      record.forget()
      return
    }
  }
}
