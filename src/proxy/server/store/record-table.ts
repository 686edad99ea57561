// SPDX-License-Identifier: MIT
// Records in memory, and what is asked of them: by id, by twin, how much of each kind there is.

import type { StoreUsage } from './proxy-store.ts'
import { type RecordKind, recordBytes, recordId, type StoredRecord, twinOf } from './records.ts'

interface KindUsage {
  records: number
  bytes: number
  readonly byAddress: Map<string, number>
}

export class RecordTable {
  readonly #records = new Map<string, StoredRecord>()
  readonly #twins = new Map<string, string>()
  readonly #usage: Record<RecordKind, KindUsage> = {
    put: { records: 0, bytes: 0, byAddress: new Map() },
    listen: { records: 0, bytes: 0, byAddress: new Map() },
  }

  all(): IterableIterator<StoredRecord> {
    return this.#records.values()
  }

  get(id: string): StoredRecord | undefined {
    return this.#records.get(id)
  }

  findTwin(twin: string): string | undefined {
    return this.#twins.get(twin)
  }

  usage(kind: RecordKind, address: string): StoreUsage {
    const { records, bytes, byAddress } = this.#usage[kind]
    return { records, bytes, ofAddress: byAddress.get(address) ?? 0 }
  }

  set(record: StoredRecord): void {
    const id = recordId(record)
    this.delete(id)
    this.#records.set(id, record)
    if (record.kind === 'put') this.#twins.set(twinOfPut(record), id)
    this.#count(record, 1)
  }

  delete(id: string): boolean {
    const record = this.#records.get(id)
    if (record === undefined) return false
    this.#records.delete(id)
    if (record.kind === 'put') {
      const twin = twinOfPut(record)
      if (this.#twins.get(twin) === id) this.#twins.delete(twin)
    }
    this.#count(record, -1)
    return true
  }

  #count(record: StoredRecord, sign: 1 | -1): void {
    const usage = this.#usage[record.kind]
    usage.records += sign
    usage.bytes += sign * recordBytes(record)
    const count = (usage.byAddress.get(record.address) ?? 0) + sign
    if (count === 0) usage.byAddress.delete(record.address)
    else usage.byAddress.set(record.address, count)
  }
}

function twinOfPut({ key, value, target }: StoredRecord & { kind: 'put' }): string {
  return twinOf(key, value, target)
}
