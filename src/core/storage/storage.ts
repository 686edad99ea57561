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
import { IdMap } from '../id/id-map.ts'
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
import { BytePages } from './byte-pages.ts'
import { type KeyOwner, KeyStorage } from './key-storage.ts'
import { Quota } from './quota.ts'
import {
  newStorageStats,
  type PutResult,
  type Refusal,
  type RemovalReason,
  type StorageLimits,
  type StorageObserver,
  type StorageStats,
} from './storage-types.ts'
import { StoredValue, typeOf } from './stored-value.ts'

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
  /** What it takes the place of, and what it is to be called then. */
  readonly old?: StoredValue | undefined
  readonly result?: Stored
}

/** Longest life of a value that is not permanent, whatever the lifetime of its type. */
const MAX_LIFE_MS = 365 * 24 * 3600 * 1000

export class Storage implements KeyOwner, Iterable<KeyStorage> {
  readonly seed: number
  readonly stats: StorageStats = newStorageStats()
  readonly #types: TypeStore
  readonly #wheel: TimerWheel
  readonly #observer: StorageObserver
  readonly #maxLocalBytes: number
  readonly #maxKeys: number
  readonly #maxValuesPerKey: number
  readonly #quota: Quota
  readonly #signatureChecks: StorageOptions['signatureChecks']
  readonly #keys: IdMap<KeyStorage>
  readonly #pages = new BytePages()
  readonly #writer = new MsgpackWriter()
  #localBytes = 0
  #valueCount = 0

  constructor(options: StorageOptions) {
    const { types, wheel, random, observer, limits = {} } = options
    this.seed = random.uint32() | 0
    this.#types = types
    this.#wheel = wheel
    this.#observer = observer
    this.#maxLocalBytes = bound(limits.maxLocalBytes ?? -1)
    this.#maxKeys = bound(limits.maxKeys ?? MAX_STORAGE_KEYS)
    this.#maxValuesPerKey = bound(limits.maxValuesPerKey ?? MAX_VALUES_PER_KEY)
    this.#signatureChecks = options.signatureChecks
    this.#quota = new Quota(limits.maxBytes ?? DEFAULT_STORAGE_BYTES, this.seed)
    this.#keys = new IdMap(this.seed)
  }

  get keyCount(): number {
    return this.#keys.size
  }

  get valueCount(): number {
    return this.#valueCount
  }

  /** Cost of the values that peers put. */
  get remoteBytes(): number {
    return this.#quota.bytes
  }

  /** Cost of the own values. */
  get localBytes(): number {
    return this.#localBytes
  }

  /** Who uses how much of `remoteBytes`. */
  get quota(): Pick<Quota, 'sourceBytes' | 'prefixBytes' | 'sourceCount'> {
    return this.#quota
  }

  /** Undefined when neither values nor listeners are there. */
  find(key: InfoHash): KeyStorage | undefined {
    return this.#keys.get(key)
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
    const keyStorage = this.#keys.get(key)
    const old = keyStorage?.find(value.id)
    if (old !== undefined && this.#isSame(old, value)) {
      this.#refresh(old, now)
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
      return this.#store(key, value, { ...terms, old, result: 'replaced' })
    }
    if ((keyStorage?.valueCount ?? 0) >= this.#maxValuesPerKey) return this.#refuse('values')
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
    const old = this.#keys.get(key)?.find(value.id)
    if (old === undefined) return this.#store(key, value, terms)
    const result = this.#isSame(old, value) ? 'refreshed' : 'replaced'
    return this.#store(key, value, { ...terms, old, result })
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
    const keyStorage = this.#keys.get(key)
    if (keyStorage?.find(value.id) !== undefined) return this.#refuse('edit')
    if (from !== undefined && (keyStorage?.valueCount ?? 0) >= this.#maxValuesPerKey) {
      return this.#refuse('values')
    }
    return this.#store(key, value, { createdAt, expiresAt, from, now })
  }

  /** Prolongs a value by the lifetime of its type. False when it is not there. */
  refresh(key: InfoHash, id: ValueId, now: number): boolean {
    const value = this.#keys.get(key)?.find(id)
    if (value === undefined) return false
    this.#refresh(value, now)
    return true
  }

  /** Drops a value on behalf of this node. False when it is not there. */
  remove(key: InfoHash, id: ValueId, now: number): boolean {
    const value = this.#keys.get(key)?.find(id)
    if (value === undefined) return false
    this.#uncount(value)
    this.#discard(value, 'cancelled', now)
    return true
  }

  /** For the values themselves. */
  expire(value: StoredValue, now: number): void {
    this.#uncount(value)
    this.#discard(value, 'expired', now)
  }

  /**
   * For listeners: the entry of a key, made when it is not there; undefined at the limit of keys.
   */
  obtain(key: InfoHash): KeyStorage | undefined {
    return this.#keys.size < this.#maxKeys ? this.#findOrAdd(key) : this.#keys.get(key)
  }

  /** Drops the entry of a key that holds nothing any more. */
  releaseIfEmpty(keyStorage: KeyStorage): void {
    if (keyStorage.isEmpty) this.#keys.delete(keyStorage.id)
  }

  /** Why a signed value of a peer cannot be stored, whatever its signature; cheap to find out. */
  #obstacle(
    key: InfoHash,
    value: Value,
    terms: Terms & { from: SocketAddress },
  ): Refusal | undefined {
    const { length } = this.#pack(value)
    if (length > MAX_PACKED_VALUE_BYTES) return 'size'
    const known = this.#keys.get(key)
    if (known === undefined && this.#keys.size >= this.#maxKeys) return 'keys'
    const candidate = new StoredValue({
      ...terms,
      key: known ?? new KeyStorage(key, this),
      value,
      length,
    })
    const old = known?.find(value.id)
    if (old === undefined && !this.#quota.hasRoom(candidate)) return 'quota'
    return this.#signatureChecks?.allow(terms.from, terms.now) === false ? 'checks' : undefined
  }

  /** Stores an accepted value. */
  #store(key: InfoHash, value: Value, terms: Terms): PutResult {
    const { from, now, old, result = 'stored' } = terms
    if (value.id === 0n) return this.#refuse('invalid')
    if (terms.expiresAt <= now) return this.#refuse('expired')
    const bytes = this.#pack(value)
    if (bytes.length > MAX_PACKED_VALUE_BYTES) return this.#refuse('size')
    const keyStorage = from === undefined ? this.#findOrAdd(key) : this.obtain(key)
    if (keyStorage === undefined) return this.#refuse('keys')
    const stored = new StoredValue({ ...terms, key: keyStorage, value, length: bytes.length })
    const victims = this.#count(stored, old)
    if (victims === undefined) {
      this.releaseIfEmpty(keyStorage)
      return this.#refuse(stored.isLocal ? 'local' : 'quota')
    }
    this.#link(stored, bytes, old)
    for (const victim of victims) this.#discard(victim, 'evicted', now)
    this.#report(stored, result, now)
    return result
  }

  #report(stored: StoredValue, result: Stored, now: number): void {
    this.stats[result]++
    if (result === 'refreshed') this.#observer.onRefreshed(stored.key, stored, now)
    else this.#observer.onStored(stored.key, stored, result === 'stored', now)
  }

  /** Puts a value, whose cost is counted, where it can be found. */
  #link(stored: StoredValue, bytes: Uint8Array, old: StoredValue | undefined): void {
    if (old === undefined) this.#valueCount++
    else {
      this.#wheel.cancel(old)
      this.#pages.free(old)
    }
    this.#pages.store(stored, bytes)
    stored.key.set(stored)
    if (!stored.isPermanent) this.#wheel.schedule(stored, stored.expiresAt)
  }

  /** Takes out a value whose cost is not counted any more. */
  #discard(value: StoredValue, reason: RemovalReason, now: number): void {
    this.#wheel.cancel(value)
    this.#pages.free(value)
    this.#valueCount--
    value.key.delete(value)
    this.stats[reason]++
    this.#observer.onRemoved(value.key, value, reason, now)
    this.releaseIfEmpty(value.key)
  }

  /**
   * Counts the cost of `stored` instead of that of `old`. Gives the values that have to go for it;
   * undefined, and no change, when there is no room.
   */
  #count(stored: StoredValue, old: StoredValue | undefined): readonly StoredValue[] | undefined {
    if (old !== undefined) this.#uncount(old)
    if (!stored.isLocal) {
      const victims = this.#quota.admit(stored)
      if (victims === undefined && old !== undefined) this.#recount(old)
      return victims
    }
    if (this.#localBytes + stored.cost > this.#maxLocalBytes) {
      if (old !== undefined) this.#recount(old)
      return undefined
    }
    this.#localBytes += stored.cost
    return []
  }

  #uncount(value: StoredValue): void {
    if (value.isLocal) this.#localBytes -= value.cost
    else this.#quota.remove(value)
  }

  #recount(value: StoredValue): void {
    if (value.isLocal) this.#localBytes += value.cost
    else this.#quota.add(value)
  }

  #refresh(value: StoredValue, now: number): void {
    value.createdAt = now
    const expiresAt = this.#expiry(value.type, now, now)
    if (expiresAt > value.expiresAt) {
      this.#wheel.schedule(value, expiresAt)
      if (!value.isLocal) this.#quota.moved(value)
    }
    this.#report(value, 'refreshed', now)
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

  #findOrAdd(key: InfoHash): KeyStorage {
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    const keyStorage = new KeyStorage(key.clone(), this)
    this.#keys.set(keyStorage)
    return keyStorage
  }

  #refuse(reason: Refusal): PutResult {
    this.stats.refused[reason]++
    return 'refused'
  }
}

function bound(limit: number): number {
  return limit < 0 ? Number.POSITIVE_INFINITY : limit
}
