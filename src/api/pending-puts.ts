// SPDX-License-Identifier: MIT
// Puts that wait for their confirmation, found by key and value id so that they can be cancelled.

import { IdMap } from '../core/id/id-map.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { Value, ValueId } from '../core/value/value.ts'
import type { Backend, BackendPutOptions, OperationEnd } from './backend.ts'
import type { PutResult } from './dht-interface.ts'
import { putError } from './errors.ts'
import { onAbort } from './on-abort.ts'

/** One promise that `put` returned. */
class PendingPut {
  readonly key: InfoHash
  readonly promise: Promise<PutResult>
  /** With its id as soon as the backend gave it one. */
  value: Value
  forget: (() => void) | undefined
  readonly #ignoreAbort: () => void
  #resolve!: (result: PutResult) => void
  #reject!: (error: unknown) => void

  constructor(key: InfoHash, value: Value, signal: AbortSignal | undefined, abort: () => void) {
    this.key = key
    this.value = value
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#ignoreAbort = onAbort(signal, abort)
  }

  end({ outcome, nodes, cause }: OperationEnd): void {
    if (outcome !== 'ok') return this.fail(putError(this.#action, outcome, this.value, cause))
    this.#ignoreAbort()
    this.#resolve({ value: this.value, nodes })
  }

  fail(error: unknown): void {
    this.#ignoreAbort()
    this.#reject(error)
  }

  get #action(): string {
    return `announce value ${this.value.id} under ${this.key}`
  }
}

interface PutsOfKey {
  readonly id: InfoHash
  readonly puts: Set<PendingPut>
}

export class PendingPuts {
  readonly #backend: Backend
  readonly #byKey = new IdMap<PutsOfKey>(0)

  constructor(backend: Backend) {
    this.#backend = backend
  }

  start(
    key: InfoHash,
    value: Value,
    options: BackendPutOptions,
    signal: AbortSignal | undefined,
  ): Promise<PutResult> {
    const put: PendingPut = new PendingPut(key, value, signal, () => this.#abort(put, signal))
    try {
      this.#backend.startPut(key, value, options, {
        started: (identified, forget) => {
          put.value = identified
          put.forget = forget
          this.#add(put)
        },
        done: (end) => {
          this.#remove(put)
          put.end(end)
        },
      })
    } catch (error) {
      this.#remove(put)
      put.fail(error)
    }
    return put.promise
  }

  /**
   * Stops announcing the value; puts of it that are pending fail. Returns whether there was one.
   */
  cancel(key: InfoHash, id: ValueId): boolean {
    const puts = this.#of(key, id)
    for (const put of puts) this.#forget(put)
    const existed = this.#backend.cancelPut(key, id)
    const reason = `The put of value ${id} under ${key} was cancelled`
    for (const put of puts) put.fail(new DOMException(reason, 'AbortError'))
    return existed || puts.length > 0
  }

  /** The value stays when somebody else waits for the same one. */
  #abort(put: PendingPut, signal: AbortSignal | undefined): void {
    const { key, value } = put
    this.#forget(put)
    if (this.#of(key, value.id).length === 0) this.#backend.cancelPut(key, value.id)
    put.fail(signal?.reason)
  }

  #forget(put: PendingPut): void {
    put.forget?.()
    this.#remove(put)
  }

  #add(put: PendingPut): void {
    let ofKey = this.#byKey.get(put.key)
    if (ofKey === undefined) {
      ofKey = { id: put.key, puts: new Set() }
      this.#byKey.set(ofKey)
    }
    ofKey.puts.add(put)
  }

  #remove(put: PendingPut): void {
    const ofKey = this.#byKey.get(put.key)
    ofKey?.puts.delete(put)
    if (ofKey?.puts.size === 0) this.#byKey.delete(put.key)
  }

  #of(key: InfoHash, id: ValueId): PendingPut[] {
    return [...(this.#byKey.get(key)?.puts ?? [])].filter(({ value }) => value.id === id)
  }
}
