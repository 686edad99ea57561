// SPDX-License-Identifier: MIT
// Looks after the records that a store hands over: subscriptions are listened to, permanent puts
// announced, and both come to their end a day after the client was last heard of, which it is told
// two hours before.

import type { Log } from '../../../core/ports.ts'
import type { Announcements } from '../permanent/announcements.ts'
import type { Clock } from '../store/clock.ts'
import { Deadlines } from '../store/deadlines.ts'
import type { ProxyStore, RecordHolder } from '../store/proxy-store.ts'
import { recordId, type StoredRecord } from '../store/records.ts'
import type { KeyListens } from './key-listens.ts'
import type { Notification } from './notification.ts'

/** Of a record, from the last request of its client. */
export const LIFETIME_MS = 24 * 3600_000
/** How long before the end its client is told. */
export const NOTICE_MS = 2 * 3600_000

/** Until a change of a record is tried again that the store could not take. */
const RETRY_MS = 60_000

export interface RecordKeeperParts {
  readonly store: ProxyStore
  readonly announcements: Announcements
  readonly listens: KeyListens
  readonly clock: Clock
  readonly log: Log | undefined
  notify(notification: Notification): void
}

export interface KeeperCounters {
  renewalNotices: number
  expiredPuts: number
  expiredSubscriptions: number
}

export class RecordKeeper implements RecordHolder {
  readonly counters: KeeperCounters = {
    renewalNotices: 0,
    expiredPuts: 0,
    expiredSubscriptions: 0,
  }
  readonly #parts: RecordKeeperParts
  readonly #deadlines: Deadlines
  readonly #held = new Map<string, StoredRecord>()
  readonly #idsOfToken = new Map<string, Set<string>>()
  #isClosed = false

  constructor(parts: RecordKeeperParts) {
    this.#parts = parts
    this.#deadlines = new Deadlines(parts.clock, (id) => this.#onDue(id))
  }

  /** Devices that are to be notified of something. */
  get devices(): number {
    return this.#idsOfToken.size
  }

  hold(record: StoredRecord): void {
    if (this.#isClosed) return
    const id = recordId(record)
    this.#unindex(id, this.#held.get(id))
    this.#held.set(id, record)
    this.#index(id, record)
    const { expiresAt, isNoticed, target } = record
    const hasNotice = !isNoticed && target !== undefined
    this.#deadlines.set(id, hasNotice ? expiresAt - NOTICE_MS : expiresAt)
    if (record.kind === 'put') this.#parts.announcements.hold(record)
    else this.#parts.listens.hold(record)
  }

  release(id: string): void {
    const record = this.#held.get(id)
    if (record === undefined) return
    this.#unindex(id, record)
    this.#held.delete(id)
    this.#deadlines.delete(id)
    if (record.kind === 'put') this.#parts.announcements.release(id)
    else this.#parts.listens.release(id)
  }

  /** A push service does not know `token` any more: its subscriptions end, its puts do not. */
  onDead(token: string): void {
    for (const id of [...(this.#idsOfToken.get(token) ?? [])]) {
      const record = this.#held.get(id)
      if (record === undefined) continue
      this.#replace(record, record.kind === 'put' ? { ...record, target: undefined } : undefined)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#deadlines.close()
    this.#parts.listens.close()
    this.#parts.announcements.close()
    this.#held.clear()
    this.#idsOfToken.clear()
  }

  #onDue(id: string): void {
    const record = this.#held.get(id)
    if (record === undefined) return
    if (this.#parts.clock.now() >= record.expiresAt) {
      this.#replace(record, undefined, () => {
        if (record.kind === 'put') this.counters.expiredPuts++
        else this.counters.expiredSubscriptions++
      })
      return
    }
    const { key, target } = record
    if (target !== undefined) {
      const valueId = record.kind === 'put' ? record.value.id : undefined
      this.counters.renewalNotices++
      this.#parts.notify({ target, event: { kind: 'renewal', key, valueId } })
    }
    this.#replace(record, { ...record, isNoticed: true })
  }

  #replace(record: StoredRecord, next: StoredRecord | undefined, then = (): void => {}): void {
    this.#parts.store.replace(record, next).then(then, (error: unknown) => {
      if (this.#isClosed) return
      this.#parts.log?.write('error', `Cannot change a kept record: ${String(error)}`)
      const id = recordId(record)
      if (this.#held.get(id) !== record) return
      // A notice is not given again because nobody could write down that it was.
      const retryAt = this.#parts.clock.now() + RETRY_MS
      this.#deadlines.set(id, next === undefined ? retryAt : record.expiresAt)
    })
  }

  #index(id: string, { target }: StoredRecord): void {
    if (target === undefined) return
    const ids = this.#idsOfToken.get(target.token) ?? new Set()
    this.#idsOfToken.set(target.token, ids.add(id))
  }

  #unindex(id: string, record: StoredRecord | undefined): void {
    const token = record?.target?.token
    const ids = token === undefined ? undefined : this.#idsOfToken.get(token)
    if (token === undefined || ids === undefined) return
    ids.delete(id)
    if (ids.size === 0) this.#idsOfToken.delete(token)
  }
}
