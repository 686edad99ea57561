// SPDX-License-Identifier: MIT
// What values go through between the engine and the reader of a get or listen: a gate that checks
// signatures and decrypts. Some values take a while; what came later waits for them, so that
// changes of one value stay in order.

import type { Value } from '../core/value/value.ts'
import { FoundQueue } from './value-queue.ts'

/** Decides which values a reader sees, and in which form. */
export interface ValueGate {
  /**
   * The value for the reader; undefined to drop it. Neither throws nor rejects. Asked again for the
   * same object, it gives the same answer: the end of a value is announced by its last content.
   */
  open(value: Value): Value | undefined | Promise<Value | undefined>
}

/** `gate` for who passes values on: what is encrypted stays as it is. */
export function forwarding(gate: ValueGate): ValueGate {
  return { open: (value) => (value.isEncrypted ? value : gate.open(value)) }
}

interface Waiting {
  readonly value: Value
  readonly expired: boolean
}

export interface GatedReader {
  deliver(values: readonly Value[], expired: boolean): void
  /** Too much waits: nothing is delivered after that. */
  fail(error: unknown): void
}

/** The values of one operation on their way through the gate. */
export class GatedValues {
  readonly #gate: ValueGate
  readonly #reader: GatedReader
  readonly #queue = new FoundQueue<Waiting>(({ value }) => value.size)
  #isDraining = false
  #isStopped = false
  #onEmpty: (() => void) | undefined

  constructor(gate: ValueGate, reader: GatedReader) {
    this.#gate = gate
    this.#reader = reader
  }

  push(values: readonly Value[], expired: boolean): void {
    const ready: Value[] = []
    let next = 0
    for (; next < values.length && !this.#isDraining; next++) {
      const opened = this.#gate.open(values[next]!)
      if (opened instanceof Promise) break
      if (opened !== undefined) ready.push(opened)
    }
    if (ready.length > 0) this.#reader.deliver(ready, expired)
    if (next < values.length) this.#enqueue(values.slice(next), expired)
  }

  /** Calls `action` once nothing waits any more, perhaps at once. */
  whenEmpty(action: () => void): void {
    if (this.#isDraining) this.#onEmpty = action
    else action()
  }

  /** Nothing is delivered after this. */
  stop(): void {
    this.#isStopped = true
    this.#queue.clear()
  }

  #enqueue(values: readonly Value[], expired: boolean): void {
    if (this.#isStopped) return
    try {
      for (const value of values) this.#queue.push({ value, expired })
    } catch (error) {
      this.stop()
      return this.#reader.fail(error)
    }
    if (!this.#isDraining) void this.#drain()
  }

  async #drain(): Promise<void> {
    this.#isDraining = true
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      const opened = await this.#gate.open(next.value)
      if (opened !== undefined && !this.#isStopped) this.#reader.deliver([opened], next.expired)
    }
    this.#isDraining = false
    if (!this.#isStopped) this.#onEmpty?.()
  }
}
