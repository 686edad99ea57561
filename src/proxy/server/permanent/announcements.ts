// SPDX-License-Identifier: MIT
// Keeps the values of permanent puts announced by the node, as long as they are held. After a
// restart there may be thousands at once: they start in turn, those that a client waits for first.

import type { DhtInterface } from '../../../api/dht-interface.ts'
import { DhtError } from '../../../core/errors.ts'
import type { Value } from '../../../core/value/value.ts'
import type { Clock } from '../store/clock.ts'
import { type PutRecord, recordId } from '../store/records.ts'

/** Puts that may begin at the same time when nobody waits for them. */
const MAX_STARTING = 64
/** Until a put is tried again that the node had no room for. */
const RETRY_MS = 60_000

interface Announcement {
  record: PutRecord
  /** Undefined until it begins. */
  done: Promise<void> | undefined
  hasFailed: boolean
}

export interface AnnouncementCounters {
  started: number
  failed: number
}

export class Announcements {
  readonly counters: AnnouncementCounters = { started: 0, failed: 0 }
  readonly #node: Pick<DhtInterface, 'put' | 'cancelPut'>
  readonly #clock: Clock
  readonly #byId = new Map<string, Announcement>()
  readonly #valuesOfKey = new Map<string, number>()
  readonly #queue = new Set<Announcement>()
  #starting = 0
  #isClosed = false

  constructor(node: Pick<DhtInterface, 'put' | 'cancelPut'>, clock: Clock) {
    this.#node = node
    this.#clock = clock
  }

  get counts(): { readonly keys: number; readonly values: number } {
    return { keys: this.#valuesOfKey.size, values: this.#byId.size }
  }

  hold(record: PutRecord): void {
    const id = recordId(record)
    const known = this.#byId.get(id)
    if (known !== undefined) {
      const isSame = isAnnouncedAs(known.record, record)
      known.record = record
      if (isSame && !known.hasFailed) return
      known.done = undefined
      this.#offer(known)
      return
    }
    const announcement = { record, done: undefined, hasFailed: false }
    this.#byId.set(id, announcement)
    this.#countValues(record, 1)
    this.#offer(announcement)
  }

  release(id: string): void {
    const known = this.#byId.get(id)
    if (known === undefined) return
    this.#byId.delete(id)
    this.#queue.delete(known)
    const { record } = known
    this.#countValues(record, -1)
    // Fails only when the node is closed, and then nothing is announced any more.
    this.#node.cancelPut(record.key, record.value.id).catch(() => undefined)
  }

  holds(id: string): boolean {
    return this.#byId.has(id)
  }

  valueOf(id: string): Value | undefined {
    return this.#byId.get(id)?.record.value
  }

  /** Resolves when the value of a held record is announced, rejects as the put does. */
  async announced(id: string): Promise<void> {
    const known = this.#byId.get(id)
    if (known === undefined) return
    this.#queue.delete(known)
    await (known.done ?? this.#start(known))
  }

  /** The same, for who asks later: what failed before is tried again. */
  async announcedAgain(id: string): Promise<void> {
    const known = this.#byId.get(id)
    if (known?.hasFailed === true) known.done = undefined
    await this.announced(id)
  }

  close(): void {
    this.#isClosed = true
    for (const id of [...this.#byId.keys()]) this.release(id)
  }

  #offer(announcement: Announcement): void {
    if (this.#isClosed) return
    if (this.#starting >= MAX_STARTING) this.#queue.add(announcement)
    else this.#start(announcement)
  }

  #start(announcement: Announcement): Promise<void> {
    this.#starting++
    this.counters.started++
    announcement.hasFailed = false
    const done = this.#put(announcement)
    announcement.done = done
    // Who waits for it hears of the failure, too.
    done.catch(() => undefined)
    return done
  }

  async #put(announcement: Announcement): Promise<void> {
    const { key, value } = announcement.record
    try {
      await this.#node.put(key, value, { permanent: true })
    } catch (error) {
      this.counters.failed++
      if (announcement.record.value === value) announcement.hasFailed = true
      // A failed put is stored and goes on, but not one that there was no room for.
      if (error instanceof DhtError && error.code === 'ERR_DHT_LIMIT') this.#retry(announcement)
      throw error
    } finally {
      this.#starting--
      this.#startNext()
    }
  }

  #startNext(): void {
    for (const next of this.#queue) {
      if (this.#starting >= MAX_STARTING) return
      this.#queue.delete(next)
      this.#start(next)
    }
  }

  #retry(announcement: Announcement): void {
    this.#clock.after(RETRY_MS, () => {
      const isHeld = this.#byId.get(recordId(announcement.record)) === announcement
      if (isHeld && announcement.hasFailed) this.#offer(announcement)
    })
  }

  #countValues({ key }: PutRecord, sign: 1 | -1): void {
    const count = (this.#valuesOfKey.get(`${key}`) ?? 0) + sign
    if (count === 0) this.#valuesOfKey.delete(`${key}`)
    else this.#valuesOfKey.set(`${key}`, count)
  }
}

/** Also what peers do not compare must be announced anew. */
function isAnnouncedAs({ value: a }: PutRecord, { value: b }: PutRecord): boolean {
  const isSameBeside = a.seq === b.seq && a.priority === b.priority && a.pushType === b.pushType
  return isSameBeside && a.contentEquals(b)
}
