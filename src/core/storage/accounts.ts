// SPDX-License-Identifier: MIT
// What the values of the storage cost, and when they end: those of peers in the quota, our own
// beside it. A value that is counted here expires by itself, unless it is permanent.

import { type ExpiryHost, ExpiryQueue } from './expiry-queue.ts'
import { Quota } from './quota.ts'
import { NO_ROW } from './value-rows.ts'
import type { ValueStore } from './value-store.ts'

export interface AccountsOptions {
  /** Bytes, -1 for none. */
  readonly maxBytes: number
  /** Bytes. */
  readonly maxLocalBytes: number
  readonly seed: number
  readonly values: ValueStore
  readonly host: ExpiryHost
}

const NOTHING: readonly number[] = []

export class Accounts {
  readonly quota: Quota
  readonly #values: ValueStore
  readonly #maxLocalBytes: number
  readonly #own: ExpiryQueue
  #localBytes = 0
  #localValues = 0

  constructor({ maxBytes, maxLocalBytes, seed, values, host }: AccountsOptions) {
    this.quota = new Quota({ limit: maxBytes, seed, values, host })
    this.#values = values
    this.#maxLocalBytes = maxLocalBytes
    this.#own = new ExpiryQueue(host)
  }

  /** Cost of the own values. */
  get localBytes(): number {
    return this.#localBytes
  }

  /** Number of the own values. */
  get localValues(): number {
    return this.#localValues
  }

  /**
   * Counts a value, instead of `old` if that is one. Gives the values that have to go for it;
   * undefined, and no change, when there is no room.
   */
  exchange(old: number, row: number): readonly number[] | undefined {
    if (old !== NO_ROW) this.remove(old)
    const victims = this.#values.isLocal(row) ? this.#admitLocal(row) : this.quota.admit(row)
    if (victims === undefined && old !== NO_ROW) this.#add(old)
    return victims
  }

  remove(row: number): void {
    if (!this.#values.isLocal(row)) return this.quota.remove(row)
    this.#localBytes -= this.#values.costOf(row)
    this.#localValues--
    if (!this.#values.isPermanent(row)) this.#own.remove(row)
  }

  /** The expiry of a value that is not permanent changed. */
  moved(row: number): void {
    if (this.#values.isLocal(row)) this.#own.moved(row)
    else this.quota.moved(row)
  }

  #admitLocal(row: number): readonly number[] | undefined {
    if (this.#localBytes + this.#values.costOf(row) > this.#maxLocalBytes) return undefined
    this.#add(row)
    return NOTHING
  }

  #add(row: number): void {
    if (!this.#values.isLocal(row)) return this.quota.add(row)
    this.#localBytes += this.#values.costOf(row)
    this.#localValues++
    if (!this.#values.isPermanent(row)) this.#own.add(row)
  }
}
