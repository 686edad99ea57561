// SPDX-License-Identifier: MIT
// The part of a node that a proxy needs for what it keeps, under the hand of a test: puts are
// recorded, and listeners hear what the test tells them.

import type { ListenOptions, PutOptions, PutResult } from '../../src/api/dht-interface.ts'
import { type Key, toInfoHash } from '../../src/api/key.ts'
import { toValue, type ValueInput } from '../../src/api/value-input.ts'
import type { ValueEvent } from '../../src/api/value-queue.ts'
import type { Value, ValueId } from '../../src/core/value/value.ts'

interface Listener {
  readonly key: string
  tell(event: ValueEvent): void
}

export class ListeningDht {
  /** `put`, `once` or `cancel`, key and value id, in order. */
  readonly calls: string[] = []
  /** What puts wait for. */
  gate: Promise<unknown> = Promise.resolve()
  /** While set, puts fail with it. */
  failure: Error | undefined
  readonly #listeners = new Set<Listener>()

  /** Keys that are listened to, one for each listen. */
  get listens(): string[] {
    return [...this.#listeners].map(({ key }) => key).sort()
  }

  async put(key: Key, input: ValueInput, { permanent }: PutOptions = {}): Promise<PutResult> {
    const value = toValue(input)
    this.calls.push(`${permanent === true ? 'put' : 'once'} ${toInfoHash(key)} ${value.id}`)
    await this.gate
    if (this.failure !== undefined) throw this.failure
    return { value, nodes: [] }
  }

  async cancelPut(key: Key, value: Value | ValueId): Promise<boolean> {
    const id = typeof value === 'bigint' ? value : value.id
    this.calls.push(`cancel ${toInfoHash(key)} ${id}`)
    return true
  }

  async *listen(key: Key, { signal }: ListenOptions = {}): AsyncGenerator<ValueEvent> {
    const queue: ValueEvent[] = []
    let wake = (): void => {}
    const listener = {
      key: `${toInfoHash(key)}`,
      tell: (event: ValueEvent) => {
        queue.push(event)
        wake()
      },
    }
    this.#listeners.add(listener)
    signal?.addEventListener('abort', () => wake())
    try {
      for (;;) {
        signal?.throwIfAborted()
        const event = queue.shift()
        if (event !== undefined) yield event
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    } finally {
      this.#listeners.delete(listener)
    }
  }

  /** A value under `key` appears, or expires. */
  tell(key: Key, value: Value, expired = false): void {
    const name = `${toInfoHash(key)}`
    for (const listener of this.#listeners)
      if (listener.key === name) listener.tell({ value, expired })
  }
}
