// SPDX-License-Identifier: MIT
// Puts that a client wants to be kept announced. This is the plain form: for as long as the server
// runs, without an end of their own.

import type { DhtInterface } from '../../api/dht-interface.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Value } from '../../core/value/value.ts'
import type { JsonInput } from '../protocol/json-reader.ts'

export interface PermanentPuts {
  /** Resolves to the value as stored, with its id, when it is announced; rejects as puts do. */
  put(key: InfoHash, value: Value, permanent: JsonInput): Promise<Value>
  /** Keys and values that are kept announced. */
  readonly counts: { readonly keys: number; readonly values: number }
  close(): Promise<void>
}

export class DirectPermanentPuts implements PermanentPuts {
  readonly #node: DhtInterface
  readonly #keys = new Map<string, Set<bigint>>()

  constructor(node: DhtInterface) {
    this.#node = node
  }

  async put(key: InfoHash, value: Value): Promise<Value> {
    const { value: stored } = await this.#node.put(key, value, { permanent: true })
    const ids = this.#keys.get(String(key)) ?? new Set()
    this.#keys.set(String(key), ids.add(stored.id))
    return stored
  }

  get counts(): { keys: number; values: number } {
    const values = [...this.#keys.values()].reduce((sum, { size }) => sum + size, 0)
    return { keys: this.#keys.size, values }
  }

  async close(): Promise<void> {
    this.#keys.clear()
  }
}
