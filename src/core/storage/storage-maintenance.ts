// SPDX-License-Identifier: MIT
// Hands stored values over when the network has grown around a key: once eight good nodes are
// closer to it than this one, its values are announced to them and dropped here (spec node
// behaviour, section 8.5; off by default). Each key is looked at ten minutes after it appeared,
// then again and again, by a deadline of its own.

import { STORAGE_MAINTENANCE_MS, TARGET_NODES } from '../constants.ts'
import { type Identified, IdMap } from '../id/id-map.ts'
import type { InfoHash } from '../id/info-hash.ts'
import { Deadline, type TimerWheel } from '../util/timer-wheel.ts'
import type { Value } from '../value/value.ts'
import type { KeyStorage } from './key-storage.ts'
import type { Storage } from './storage.ts'

/** Values that end sooner are not worth moving. */
const MIN_REMAINING_MS = 30_000

export interface MaintenanceActions {
  /**
   * True when at least `count` good nodes of every connected family are closer to `key` than we.
   */
  isOutranked(key: InfoHash, count: number, now: number): boolean
  /** Brings a value of somebody else to the nodes closest to `key`; lifetime goes on. */
  announce(key: InfoHash, value: Value, createdAt: number, now: number): void
}

class KeyCheck extends Deadline implements Identified {
  readonly id: InfoHash
  readonly #maintenance: StorageMaintenance
  constructor(id: InfoHash, maintenance: StorageMaintenance) {
    super()
    this.id = id
    this.#maintenance = maintenance
  }
  fire(now: number): void {
    this.#maintenance.check(this, now)
  }
}

export class StorageMaintenance {
  readonly #storage: Storage
  readonly #wheel: TimerWheel
  readonly #actions: MaintenanceActions
  readonly #watched: IdMap<KeyCheck>
  /** Values handed over so far. */
  moved = 0

  constructor(storage: Storage, wheel: TimerWheel, actions: MaintenanceActions) {
    this.#storage = storage
    this.#wheel = wheel
    this.#actions = actions
    this.#watched = new IdMap(storage.seed)
  }

  /** A value came under `key`. */
  watch(key: KeyStorage, now: number): void {
    if (this.#watched.has(key.id)) return
    const check = new KeyCheck(key.id, this)
    this.#watched.set(check)
    this.#wheel.schedule(check, now + STORAGE_MAINTENANCE_MS)
  }

  /** A value left `key`. */
  unwatchIfEmpty(key: KeyStorage): void {
    const check = this.#watched.get(key.id)
    if (check === undefined || key.valueCount > 0) return
    this.#wheel.cancel(check)
    this.#watched.delete(key.id)
  }

  /** Announces everything that is stored, wherever this node stands: it is about to leave. */
  announceAll(now: number): number {
    let count = 0
    for (const key of this.#storage) count += this.#announceKey(key, now).length
    return count
  }

  check(check: KeyCheck, now: number): void {
    const key = this.#storage.find(check.id)
    if (key === undefined) return
    this.#wheel.schedule(check, now + STORAGE_MAINTENANCE_MS)
    if (!this.#actions.isOutranked(key.id, TARGET_NODES, now)) return
    for (const valueId of this.#announceKey(key, now)) this.#storage.remove(key.id, valueId, now)
  }

  /** Ids of the values that were sent off. Own values have their own announcements. */
  #announceKey(key: KeyStorage, now: number): bigint[] {
    const moving = key.values.filter(
      (stored) => !stored.isLocal && stored.expiresAt > now + MIN_REMAINING_MS,
    )
    for (const { value, createdAt } of moving) {
      this.#actions.announce(key.id, value, createdAt, now)
    }
    this.moved += moving.length
    return moving.map(({ id }) => id)
  }
}
