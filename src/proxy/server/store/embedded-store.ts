// SPDX-License-Identifier: MIT
// The store of one proxy: everything is in memory, and in a database if there is one. Records that
// are written at the same time share a transaction.

import type { Log } from '../../../core/ports.ts'
import {
  newStoreCounters,
  type ProxyStore,
  type RecordHolder,
  type StoreUsage,
} from './proxy-store.ts'
import { RecordTable } from './record-table.ts'
import {
  packRecord,
  type RecordKind,
  recordId,
  type StoredRecord,
  unpackRecord,
} from './records.ts'

/** A text, or undefined for a row that goes. */
export type RowChange = readonly [id: string, text: string | undefined]

/** Where rows survive. Synchronous: what it takes is safe when it returns. */
export interface RowDatabase {
  rows(): Iterable<readonly [id: string, text: string]>
  /** All or nothing. Throws when it cannot. */
  apply(changes: readonly RowChange[]): void
  note(name: string): string | undefined
  setNote(name: string, text: string): void
  close(): void
}

interface Change {
  readonly id: string
  readonly next: StoredRecord | undefined
  /** What must be there for the change to happen; undefined: whatever is there. */
  readonly held: StoredRecord | undefined
}

interface PendingChange extends Change {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class EmbeddedStore implements ProxyStore {
  readonly counters = newStoreCounters()
  readonly #table = new RecordTable()
  readonly #database: RowDatabase | undefined
  readonly #log: Log | undefined
  readonly #notes = new Map<string, string>()
  #holder: RecordHolder | undefined
  #pending: PendingChange[] = []

  constructor(database?: RowDatabase, log?: Log) {
    this.#database = database
    this.#log = log
  }

  async open(holder: RecordHolder): Promise<void> {
    this.#holder = holder
    for (const [, text] of this.#database?.rows() ?? []) {
      const record = unpackRecord(text)
      if (record === undefined) this.counters.damaged++
      else this.#table.set(record)
    }
    for (const record of this.#table.all()) holder.hold(record)
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return this.#table.get(id)
  }

  write(record: StoredRecord): Promise<void> {
    return this.#change({ id: recordId(record), next: record, held: undefined })
  }

  remove(id: string): Promise<void> {
    return this.#change({ id, next: undefined, held: undefined })
  }

  replace(held: StoredRecord, next: StoredRecord | undefined): Promise<void> {
    return this.#change({ id: recordId(held), next, held })
  }

  async findTwin(twin: string): Promise<string | undefined> {
    return this.#table.findTwin(twin)
  }

  async usage(kind: RecordKind, address: string): Promise<StoreUsage> {
    return this.#table.usage(kind, address)
  }

  async note(name: string): Promise<string | undefined> {
    return this.#notes.get(name) ?? this.#database?.note(name)
  }

  async noteOnce(name: string, text: string): Promise<string> {
    const known = await this.note(name)
    if (known !== undefined) return known
    this.#database?.setNote(name, text)
    this.#notes.set(name, text)
    return text
  }

  async close(): Promise<void> {
    this.#flush()
    this.#holder = undefined
    this.#database?.close()
  }

  #change(change: Change): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setImmediate(() => this.#flush())
      this.#pending.push({ ...change, resolve, reject })
    })
  }

  #flush(): void {
    const pending = this.#pending
    this.#pending = []
    const due = this.#due(pending)
    try {
      const rows = due.map(({ id, next }) => [id, next && packRecord(next)] as const)
      if (rows.length > 0) this.#database?.apply(rows)
    } catch (error) {
      this.counters.failures++
      this.#log?.write('error', `[proxy] ${String(error)}`)
      for (const { reject } of pending) reject(error)
      return
    }
    for (const { id, next } of due) this.#apply(id, next)
    for (const { resolve } of pending) resolve()
  }

  /** Without those that come too late, or change nothing. */
  #due(pending: readonly PendingChange[]): PendingChange[] {
    const records = new Map<string, StoredRecord | undefined>()
    return pending.filter(({ id, next, held }) => {
      const current = records.has(id) ? records.get(id) : this.#table.get(id)
      if (held !== undefined && current !== held) return false
      if (next === undefined && current === undefined) return false
      records.set(id, next)
      return true
    })
  }

  #apply(id: string, next: StoredRecord | undefined): void {
    if (next === undefined) {
      this.counters.removals++
      this.#table.delete(id)
      this.#holder?.release(id)
    } else {
      this.counters.writes++
      this.#table.set(next)
      this.#holder?.hold(next)
    }
  }
}
