// SPDX-License-Identifier: MIT
// The values that this node holds for the network, and its own ones (spec node behaviour, section
// 8). Decides what is stored, replaced or refused; every value goes by its own deadline or by the
// quota, and a key goes with the last that it held. Tells an observer of every change.

import {
  DEFAULT_STORAGE_BYTES,
  MAX_PACKED_VALUE_BYTES,
  MAX_STORAGE_KEYS,
  MAX_VALUES_PER_KEY,
} from '../constants.ts'
import { WireError } from '../errors.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import type { RateLimiter } from '../net/rate-limiter.ts'
import type { Random } from '../ports.ts'
import { equalBytes } from '../util/bytes.ts'
import type { TimerWheel } from '../util/timer-wheel.ts'
import { packValue } from '../value/pack-value.ts'
import type { TypeStore } from '../value/type-store.ts'
import { unpackValueBytes } from '../value/unpack-value.ts'
import type { Value, ValueId } from '../value/value.ts'
import { MsgpackWriter } from '../wire/msgpack-writer.ts'
import { Accounts } from './accounts.ts'
import type { KeyStorage } from './key-storage.ts'
import { KeyTable } from './key-table.ts'
import type { Quota } from './quota.ts'
import {
  newStorageStats,
  type PutResult,
  type Refusal,
  type RemovalReason,
  type StorageLimits,
  type StorageObserver,
  type StorageStats,
} from './storage-types.ts'
import { type StoredValue, typeOf } from './stored-value.ts'
import { NO_ROW } from './value-rows.ts'
import { ValueStore } from './value-store.ts'

export interface StorageOptions {
  readonly types: TypeStore
  readonly wheel: TimerWheel
  readonly random: Random
  readonly observer: StorageObserver
  readonly limits?: StorageLimits | undefined
  /** Decides how many signatures are checked, and for whom. Default all. */
  readonly signatureChecks?: Pick<RateLimiter, 'allow'> | undefined
}

type Stored = Exclude<PutResult, 'refused'>

/** How a value is to be stored, once it is accepted. Without `from` it is our own. */
interface Terms {
  readonly createdAt: number
  readonly expiresAt: number
  readonly from: SocketAddress | undefined
  readonly now: number
  /** The row that it takes the place of, and what it is to be called then. */
  readonly old?: number | undefined
  readonly result?: Stored
}

/** Longest life of a value that is not permanent, whatever the lifetime of its type. */
const MAX_LIFE_MS = 365 * 24 * 3600 * 1000

export class Storage implements Iterable<KeyStorage> {
  readonly seed: number
  readonly stats: StorageStats = newStorageStats()
  readonly #types: TypeStore
  readonly #observer: StorageObserver
  readonly #maxKeys: number
  readonly #maxValuesPerKey: number
  readonly #signatureChecks: StorageOptions['signatureChecks']
  readonly #values: ValueStore
  readonly #keys: KeyTable
  readonly #accounts: Accounts
  readonly #writer = new MsgpackWriter()
  #valueCount = 0

  constructor(options: StorageOptions) {
    const { types, wheel, random, observer, limits = {} } = options
    this.seed = random.uint32() | 0
    this.#types = types
    this.#observer = observer
    this.#maxKeys = bound(limits.maxKeys ?? MAX_STORAGE_KEYS)
    this.#maxValuesPerKey = bound(limits.maxValuesPerKey ?? MAX_VALUES_PER_KEY)
    this.#signatureChecks = options.signatureChecks
    const values = new ValueStore(this.seed)
    this.#values = values
    this.#keys = new KeyTable(values, this.seed)
    const expire = (row: number, now: number): void => this.#remove(row, 'expired', now)
    this.#accounts = new Accounts({
      maxBytes: limits.maxBytes ?? DEFAULT_STORAGE_BYTES,
      maxLocalBytes: bound(limits.maxLocalBytes ?? -1),
      seed: this.seed,
      values,
      host: { rows: values.rows, wheel, expire },
    })
  }

  get keyCount(): number {
    return this.#keys.size
  }

  get valueCount(): number {
    return this.#valueCount
  }

  /** Cost of the values that peers put. */
  get remoteBytes(): number {
    return this.#accounts.quota.bytes
  }

  /** Cost of the own values. */
  get localBytes(): number {
    return this.#accounts.localBytes
  }

  /** Number of the own values. */
  get localValues(): number {
    return this.#accounts.localValues
  }

  /** Who uses how much of `remoteBytes`. */
  get quota(): Pick<Quota, 'sourceBytes' | 'prefixBytes' | 'sourceCount'> {
    return this.#accounts.quota
  }

  /** Undefined when neither values nor listeners are there. */
  find(key: InfoHash): KeyStorage | undefined {
    return this.#keys.find(key)
  }

  /** All keys, in no particular order. */
  [Symbol.iterator](): Iterator<KeyStorage> {
    return this.#keys[Symbol.iterator]()
  }

  /**
   * A put of a peer, whose token and distance were checked. The id must not be 0. Peers get the
   * same answer whatever comes out. `createdAt` in the future counts as now.
   */
  put(
    key: InfoHash,
    value: Value,
    options: { createdAt?: number | undefined; from: SocketAddress; now: number },
  ): PutResult {
    const { from, now } = options
    const known = this.#keys.find(key)
    const old = known?.find(value.id)
    if (known !== undefined && old !== undefined && this.#isSame(old, value)) {
      this.#refresh(known, old, now)
      return 'refreshed'
    }
    const createdAt = Math.min(options.createdAt ?? now, now)
    const expiresAt = this.#expiry(typeOf(value), createdAt, now)
    if (expiresAt <= now) return this.#refuse('expired')
    const terms = { createdAt, expiresAt, from, now }
    if (value.isSigned) {
      // Before the policies: to check a signature is a thousand times the work.
      const problem = this.#obstacle(key, value, terms)
      if (problem !== undefined) return this.#refuse(problem)
    }
    if (old !== undefined) {
      const isAllowed = this.#types.get(old.type).editPolicy(key, old.value, value, from)
      if (!isAllowed) return this.#refuse('edit')
      return this.#store(key, value, { ...terms, old: old.row, result: 'replaced' })
    }
    if ((known?.valueCount ?? 0) >= this.#maxValuesPerKey) return this.#refuse('values')
    const accepted = this.#types.get(typeOf(value)).storePolicy(key, value, from)
    if (accepted === undefined) return this.#refuse('policy')
    const isRewritten = accepted !== value
    if (isRewritten && !(accepted.id === value.id && this.#isReadable(accepted))) {
      return this.#refuse('invalid')
    }
    return this.#store(key, accepted, terms)
  }

  /**
   * A value of this node: no policy applies. Takes the place of any value with its id. The id must
   * not be 0. A permanent value stays until it is removed.
   */
  putLocal(
    key: InfoHash,
    value: Value,
    options: { createdAt?: number | undefined; permanent?: boolean | undefined; now: number },
  ): PutResult {
    const { now } = options
    if (!this.#isReadable(value)) return this.#refuse('invalid')
    const createdAt = Math.min(options.createdAt ?? now, now)
    const expiresAt = options.permanent
      ? Number.POSITIVE_INFINITY
      : this.#expiry(typeOf(value), createdAt, now)
    const terms = { createdAt, expiresAt, from: undefined, now }
    const old = this.#keys.find(key)?.find(value.id)
    if (old === undefined) return this.#store(key, value, terms)
    const result = this.#isSame(old, value) ? 'refreshed' : 'replaced'
    return this.#store(key, value, { ...terms, old: old.row, result })
  }

  /**
   * A value from an earlier run, of this node when `from` is undefined: no policy applies, it is
   * not permanent, and it lives no longer than its type allows. Refused when its id is taken.
   */
  restore(
    key: InfoHash,
    value: Value,
    options: { createdAt: number; expiresAt: number; from: SocketAddress | undefined; now: number },
  ): PutResult {
    const { from, now } = options
    const createdAt = Math.min(options.createdAt, now)
    const limit = this.#expiry(typeOf(value), createdAt, now)
    const expiresAt = Math.min(Math.ceil(options.expiresAt), limit)
    const known = this.#keys.find(key)
    if (known?.find(value.id) !== undefined) return this.#refuse('edit')
    if (from !== undefined && (known?.valueCount ?? 0) >= this.#maxValuesPerKey) {
      return this.#refuse('values')
    }
    return this.#store(key, value, { createdAt, expiresAt, from, now })
  }

  /** Prolongs a value by the lifetime of its type. False when it is not there. */
  refresh(key: InfoHash, id: ValueId, now: number): boolean {
    const known = this.#keys.find(key)
    const value = known?.find(id)
    if (known === undefined || value === undefined) return false
    this.#refresh(known, value, now)
    return true
  }

  /** Drops a value on behalf of this node. False when it is not there. */
  remove(key: InfoHash, id: ValueId, now: number): boolean {
    const value = this.#keys.find(key)?.find(id)
    if (value === undefined) return false
    this.#remove(value.row, 'cancelled', now)
    return true
  }

  /**
   * For listeners: the entry of a key, made when it is not there; undefined at the limit of keys.
   */
  obtain(key: InfoHash): KeyStorage | undefined {
    return this.#hasRoomFor(key) ? this.#keys.obtain(key) : undefined
  }

  /** Drops the entry of a key that holds nothing any more. */
  releaseIfEmpty(key: KeyStorage): void {
    this.#keys.releaseIfEmpty(key)
  }

  /** Why a signed value of a peer cannot be stored, whatever its signature; cheap to find out. */
  #obstacle(
    key: InfoHash,
    value: Value,
    terms: Terms & { from: SocketAddress },
  ): Refusal | undefined {
    const { length } = this.#pack(value)
    if (length > MAX_PACKED_VALUE_BYTES) return 'size'
    if (!this.#hasRoomFor(key)) return 'keys'
    if (this.#keys.find(key)?.find(value.id) === undefined) {
      const candidate = this.#values.add({ ...terms, key, value, length })
      const hasRoom = this.#accounts.quota.hasRoom(candidate)
      this.#values.release(candidate)
      if (!hasRoom) return 'quota'
    }
    return this.#signatureChecks?.allow(terms.from, terms.now) === false ? 'checks' : undefined
  }

  /** Stores an accepted value. */
  #store(key: InfoHash, value: Value, terms: Terms): PutResult {
    const { createdAt, expiresAt, from, now, old = NO_ROW, result = 'stored' } = terms
    if (value.id === 0n) return this.#refuse('invalid')
    if (expiresAt <= now) return this.#refuse('expired')
    const bytes = this.#pack(value)
    const { length } = bytes
    if (length > MAX_PACKED_VALUE_BYTES) return this.#refuse('size')
    if (from !== undefined && !this.#hasRoomFor(key)) return this.#refuse('keys')
    const row = this.#values.add({ key, value, length, createdAt, expiresAt, from })
    const victims = this.#accounts.exchange(old, row)
    if (victims === undefined) {
      this.#values.release(row)
      return this.#refuse(from === undefined ? 'local' : 'quota')
    }
    this.#values.fill(row, bytes)
    const home = this.#keys.link(row, old)
    if (old === NO_ROW) this.#valueCount++
    else this.#values.release(old)
    for (const victim of victims) this.#discard(victim, 'evicted', now)
    this.#report(home, this.#values.at(row), result, now)
    return result
  }

  #report(key: KeyStorage, value: StoredValue, result: Stored, now: number): void {
    this.stats[result]++
    if (result === 'refreshed') this.#observer.onRefreshed(key, value, now)
    else this.#observer.onStored(key, value, result === 'stored', now)
  }

  #remove(row: number, reason: RemovalReason, now: number): void {
    this.#accounts.remove(row)
    this.#discard(row, reason, now)
  }

  /** Takes out a value whose cost is not counted any more. */
  #discard(row: number, reason: RemovalReason, now: number): void {
    const key = this.#keys.unlink(row)
    this.#valueCount--
    this.stats[reason]++
    this.#observer.onRemoved(key, this.#values.at(row), reason, now)
    this.#values.release(row)
  }

  #refresh(key: KeyStorage, { row, type }: StoredValue, now: number): void {
    const { rows } = this.#values
    rows.setCreatedAt(row, Math.floor(now))
    const expiresAt = this.#expiry(type, now, now)
    if (expiresAt > rows.expiresAt(row)) {
      rows.setExpiresAt(row, expiresAt)
      this.#accounts.moved(row)
    }
    this.#report(key, this.#values.at(row), 'refreshed', now)
  }

  #isSame(old: StoredValue, value: Value): boolean {
    return equalBytes(old.packed, this.#pack(value)) || old.value.contentEquals(value)
  }

  /** The wire form; valid until the next call. */
  #pack(value: Value): Uint8Array {
    this.#writer.position = 0
    packValue(this.#writer, value)
    return this.#writer.target.subarray(0, this.#writer.position)
  }

  #expiry(type: number, createdAt: number, now: number): number {
    const { lifetimeMs } = this.#types.get(type)
    return Math.ceil(Math.min(createdAt + lifetimeMs, now + MAX_LIFE_MS))
  }

  /** What the application or a policy made need not be what peers, or we ourselves, can read. */
  #isReadable(value: Value): boolean {
    try {
      return unpackValueBytes(this.#pack(value)).id === value.id
    } catch (error) {
      if (error instanceof WireError) return false
      throw error
    }
  }

  /** Whether a value of a peer may come under `key`, as far as the number of keys goes. */
  #hasRoomFor(key: InfoHash): boolean {
    return this.#keys.size < this.#maxKeys || this.#keys.find(key) !== undefined
  }

  #refuse(reason: Refusal): PutResult {
    this.stats.refused[reason]++
    return 'refused'
  }
}

function bound(limit: number): number {
  return limit < 0 ? Number.POSITIVE_INFINITY : limit
}
