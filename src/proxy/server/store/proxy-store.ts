// SPDX-License-Identifier: MIT
// Where records are kept. A store may be shared by several proxies: a record is written through any
// of them and looked after by one at a time, which is told so.

import type { RecordKind, StoredRecord } from './records.ts'

/** Who looks after records. Called in the order of changes, and must not throw. */
export interface RecordHolder {
  /** Look after it from now on, or: it changed. */
  hold(record: StoredRecord): void
  /** It was removed, or another proxy looks after it from now on. */
  release(id: string): void
}

export interface StoreUsage {
  readonly records: number
  readonly bytes: number
  /** Of one address. */
  readonly ofAddress: number
}

export interface ProxyStore {
  /** Before all others; hands over what there is to look after. */
  open(holder: RecordHolder): Promise<void>
  read(id: string): Promise<StoredRecord | undefined>
  /** Resolves when the record survives the death of this process. */
  write(record: StoredRecord): Promise<void>
  remove(id: string): Promise<void>
  /**
   * Puts `next`, or nothing, in place of a record that was handed over, unless that changed in the
   * meantime: for whoever acts by itself, while clients come back through any proxy.
   */
  replace(held: StoredRecord, next: StoredRecord | undefined): Promise<void>
  /** Id of a permanent put that is the same as `twin` says (see `twinOf`). */
  findTwin(twin: string): Promise<string | undefined>
  usage(kind: RecordKind, address: string): Promise<StoreUsage>
  /** A small text that all proxies of the store share. */
  note(name: string): Promise<string | undefined>
  /** Leaves a text if there is none of that name. Resolves to the one that is there then. */
  noteOnce(name: string, text: string): Promise<string>
  readonly counters: StoreCounters
  close(): Promise<void>
}

export interface StoreCounters {
  writes: number
  removals: number
  /** Records that could not be read, and were passed over. */
  damaged: number
  /** Writes that failed. */
  failures: number
}

export function newStoreCounters(): StoreCounters {
  return { writes: 0, removals: 0, damaged: 0, failures: 0 }
}
