// SPDX-License-Identifier: MIT
// A storage with everything around it that its tests need: clock, types, a record of all changes.

import { STORED_VALUE_OVERHEAD_BYTES } from '../../src/core/constants.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import type { Random } from '../../src/core/ports.ts'
import type { KeyStorage } from '../../src/core/storage/key-storage.ts'
import { Storage, type StorageOptions } from '../../src/core/storage/storage.ts'
import type {
  RemovalReason,
  StorageLimits,
  StorageObserver,
} from '../../src/core/storage/storage-types.ts'
import type { StoredValue } from '../../src/core/storage/stored-value.ts'
import { TimerWheel } from '../../src/core/util/timer-wheel.ts'
import { packedValue } from '../../src/core/value/pack-value.ts'
import { TypeStore } from '../../src/core/value/type-store.ts'
import { Value } from '../../src/core/value/value.ts'
import type { ValueType } from '../../src/core/value/value-type.ts'

/** Repeatable and good enough to spread things: xorshift. */
export class PlainRandom implements Random {
  #state: number

  constructor(seed = 1) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 1
  }

  uint32(): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return this.#state >>> 0
  }

  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.uint32()
  }

  fork(): Random {
    return new PlainRandom(this.uint32())
  }
}

export interface Change {
  readonly kind: 'stored' | 'replaced' | 'refreshed' | RemovalReason
  readonly key: string
  readonly id: bigint
  readonly at: number
}

export class StorageKit implements StorageObserver {
  readonly wheel = new TimerWheel(0)
  readonly storage: Storage
  /** All that the observer heard. */
  readonly changes: Change[] = []
  now = 0

  constructor(
    options: {
      limits?: StorageLimits
      types?: ValueType[]
      seed?: number
      signatureChecks?: StorageOptions['signatureChecks']
    } = {},
  ) {
    this.storage = new Storage({
      types: new TypeStore(options.types ?? []),
      wheel: this.wheel,
      random: new PlainRandom(options.seed),
      observer: this,
      limits: options.limits,
      signatureChecks: options.signatureChecks,
    })
  }

  advance(ms: number): void {
    this.now += ms
    this.wheel.advance(this.now)
  }

  /** What changed since the last call, as `kind id`. */
  takeChanges(): string[] {
    return this.changes.splice(0).map(({ kind, id }) => `${kind} ${id}`)
  }

  onStored(key: KeyStorage, value: StoredValue, isNew: boolean, now: number): void {
    this.#note(isNew ? 'stored' : 'replaced', key, value, now)
  }

  onRefreshed(key: KeyStorage, value: StoredValue, now: number): void {
    this.#note('refreshed', key, value, now)
  }

  onRemoved(key: KeyStorage, value: StoredValue, reason: RemovalReason, now: number): void {
    this.#note(reason, key, value, now)
  }

  #note(kind: Change['kind'], key: KeyStorage, value: StoredValue, at: number): void {
    this.changes.push({ kind, key: key.id.toString(), id: value.id, at })
  }
}

export const KEY: InfoHash = InfoHash.get('a key')
export const OTHER_KEY: InfoHash = InfoHash.get('another key')

/** A plain value with this many bytes of data. */
export function plainValue(id: number | bigint, length = 5, fill = 1): Value {
  return new Value({ id: BigInt(id), data: new Uint8Array(length).fill(fill) })
}

/** What the limits count for it. */
export function costOf(value: Value): number {
  return packedValue(value).length + STORED_VALUE_OVERHEAD_BYTES
}

export function address(host: string, port = 4222): SocketAddress {
  return SocketAddress.parse(host, port)!
}
