// SPDX-License-Identifier: MIT
// Puts that wait for their confirmation, found by key and value id so that they can be cancelled.

import type { OperationId } from '../core/events.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { Value, ValueId } from '../core/value/value.ts'
import type { PutResult } from './dht-interface.ts'
import { putError } from './errors.ts'
import { onAbort } from './on-abort.ts'
import type { OperationEnd, Operations } from './operations.ts'

export interface EnginePutOptions {
  permanent: boolean
  /** Wall clock; left out for now. */
  createdMs?: number
}

/** One promise that `put` returned. */
class PendingPut {
  readonly key: InfoHash
  readonly promise: Promise<PutResult>
  /** With its id as soon as the engine gave it one. */
  value: Value
  operation: OperationId | undefined
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

  end({ outcome, nodes }: OperationEnd): void {
    if (outcome !== 'ok') return this.fail(putError(this.#action, outcome, this.value))
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

export class PendingPuts {
  readonly #operations: Operations
  readonly #byValue = new Map<string, Set<PendingPut>>()

  constructor(operations: Operations) {
    this.#operations = operations
  }

  start(
    key: InfoHash,
    value: Value,
    options: EnginePutOptions,
    signal: AbortSignal | undefined,
  ): Promise<PutResult> {
    const put: PendingPut = new PendingPut(key, value, signal, () => this.#abort(put, signal))
    try {
      this.#operations.start(
        (dht, now) => {
          const started = dht.startPut(key, value, options, now)
          put.value = started.value
          put.operation = started.operation
          this.#add(put)
          return started.operation
        },
        {
          done: (end) => {
            this.#remove(put)
            put.end(end)
          },
        },
      )
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
    const puts = [...(this.#byValue.get(nameOf(key, id)) ?? [])]
    for (const put of puts) this.#forget(put)
    const existed = this.#operations.run((dht, now) => dht.cancelPut(key, id, now))
    const reason = `The put of value ${id} under ${key} was cancelled`
    for (const put of puts) put.fail(new DOMException(reason, 'AbortError'))
    return existed || puts.length > 0
  }

  /** The value stays when somebody else waits for the same one. */
  #abort(put: PendingPut, signal: AbortSignal | undefined): void {
    const { key, value } = put
    this.#forget(put)
    const isLast = !this.#byValue.has(nameOf(key, value.id))
    if (isLast) this.#operations.run((dht, now) => dht.cancelPut(key, value.id, now))
    put.fail(signal?.reason)
  }

  #forget(put: PendingPut): void {
    if (put.operation !== undefined) this.#operations.forget(put.operation)
    this.#remove(put)
  }

  #add(put: PendingPut): void {
    const name = nameOf(put.key, put.value.id)
    const puts = this.#byValue.get(name)
    if (puts === undefined) this.#byValue.set(name, new Set([put]))
    else puts.add(put)
  }

  #remove(put: PendingPut): void {
    const name = nameOf(put.key, put.value.id)
    const puts = this.#byValue.get(name)
    puts?.delete(put)
    if (puts?.size === 0) this.#byValue.delete(name)
  }
}

function nameOf(key: InfoHash, id: ValueId): string {
  return `${key} ${id}`
}
