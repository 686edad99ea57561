// SPDX-License-Identifier: MIT
// A network in a map, for tests of what is built on a DHT: what is put is there at once and for
// ever, and whoever listens hears of it.

import type {
  GetOptions,
  ListenOptions,
  PutOptions,
  PutResult,
} from '../../src/api/dht-interface.ts'
import { type Key, toInfoHash } from '../../src/api/key.ts'
import { toValueQuery } from '../../src/api/query-input.ts'
import { toValue, type ValueInput } from '../../src/api/value-input.ts'
import type { ValueEvent } from '../../src/api/value-queue.ts'
import { DhtError } from '../../src/core/errors.ts'
import type { Value, ValueId } from '../../src/core/value/value.ts'
import type { PhtDht } from '../../src/pht/trie-reader.ts'

interface PutCall {
  readonly key: string
  readonly value: Value
  readonly created: Date | undefined
}

export class MemoryDht implements PhtDht {
  /** In the order of their calls. */
  readonly puts: PutCall[] = []
  readonly gets: string[] = []
  /** While it is set, gets and puts fail. */
  isBroken = false
  /** Listens that have not ended. */
  listens = 0
  readonly #values = new Map<string, Map<ValueId, Value>>()
  readonly #listeners = new Map<string, Set<(value: Value) => void>>()
  #lastId = 0n

  /** The values under a key. */
  at(key: Key): Value[] {
    return [...(this.#values.get(`${toInfoHash(key)}`)?.values() ?? [])]
  }

  /** Forgets what is under a key, as if it had expired. */
  forget(key: Key, isForgotten: (value: Value) => boolean = () => true): void {
    const values = this.#values.get(`${toInfoHash(key)}`)
    for (const [id, value] of values ?? []) if (isForgotten(value)) values?.delete(id)
  }

  async *get(key: Key, { filter, signal }: GetOptions = {}): AsyncGenerator<Value> {
    this.gets.push(`${toInfoHash(key)}`)
    await Promise.resolve()
    signal?.throwIfAborted()
    this.#checkWhole()
    for (const value of this.at(key)) if (filter?.(value) ?? true) yield value
  }

  async put(key: Key, input: ValueInput, { created, signal }: PutOptions = {}): Promise<PutResult> {
    await Promise.resolve()
    signal?.throwIfAborted()
    this.#checkWhole()
    const checked = toValue(input)
    const value = checked.id === 0n ? checked.withId(++this.#lastId) : checked
    const name = `${toInfoHash(key)}`
    this.puts.push({ key: name, value, created })
    this.#values.set(name, (this.#values.get(name) ?? new Map()).set(value.id, value))
    for (const hear of this.#listeners.get(name) ?? []) hear(value)
    return { value, nodes: [] }
  }

  async *listen(
    key: Key,
    { where, filter, signal }: ListenOptions = {},
  ): AsyncGenerator<ValueEvent> {
    const { where: conditions } = toValueQuery(where)
    const isWanted = (value: Value): boolean =>
      conditions.matches(value) && (filter?.(value) ?? true)
    const name = `${toInfoHash(key)}`
    const queue = this.at(key)
    let wake = (): void => {}
    const hear = (value: Value): void => {
      queue.push(value)
      wake()
    }
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(hear))
    this.listens++
    try {
      for (;;) {
        signal?.throwIfAborted()
        const value = queue.shift()
        if (value !== undefined && isWanted(value)) yield { value, expired: false }
        if (queue.length > 0) continue
        await new Promise<void>((resolve) => {
          wake = resolve
          signal?.addEventListener('abort', () => resolve(), { once: true })
        })
      }
    } finally {
      listeners.delete(hear)
      this.listens--
    }
  }

  #checkWhole(): void {
    if (this.isBroken) throw new DhtError('ERR_DHT_FAILED', 'Cannot do it: too few nodes answered')
  }
}
