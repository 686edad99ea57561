// SPDX-License-Identifier: MIT
// One get through proxies. Proxies know no queries, so conditions and fields are applied here.

import type { OperationEvents } from '../../api/backend.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import { FieldValueIndex } from '../../core/value/field-value-index.ts'
import type { Query } from '../../core/value/query.ts'
import type { Value, ValueId } from '../../core/value/value.ts'
import { keyPath } from '../protocol/paths.ts'
import type { ProxyCounters } from './counters.ts'
import type { Endpoint } from './endpoint.ts'
import { readStreamLine } from './feed-host.ts'
import { ProxyError } from './proxy-error.ts'
import type { ProxyHttp } from './proxy-http.ts'

/** Values of one get, and their bytes, repetitions included: no key of the network has as many. */
const MAX_VALUES = 131_072
const MAX_BYTES = 128 * 1024 * 1024

export interface GetHost {
  readonly http: ProxyHttp
  readonly counters: ProxyCounters
  readonly requestTimeoutMs: number
}

/**
 * Takes values as they come. Rejects with ProxyError when the answer is not whole, and as if the
 * proxy had refused when there is no end of it.
 */
export async function readValues(
  { http, counters, requestTimeoutMs: timeoutMs }: GetHost,
  { proxy, key, signal }: { proxy: Endpoint; key: InfoHash; signal: AbortSignal },
  onValue: (value: Value) => void,
): Promise<void> {
  const { lines } = await http.send(proxy.url, { path: keyPath(key), timeoutMs, signal })
  let count = 0
  let bytes = 0
  for await (const text of lines) {
    const line = readStreamLine(text)
    if (line === undefined) counters.malformed++
    const value = line === undefined || line === 'end' || line.expired ? undefined : line.value
    bytes += value?.size ?? 0
    if (++count > MAX_VALUES || bytes > MAX_BYTES) throw tooMuch(proxy.url)
    if (value !== undefined) onValue(value)
  }
}

/** Hands every content of every value id on once, as values or as fields. */
export class GetResults {
  readonly #query: Query
  readonly #events: OperationEvents
  readonly #values = new Map<ValueId, Value[]>()
  readonly #fields = new Set<string>()

  constructor(query: Query, events: OperationEvents) {
    this.#query = query
    this.#events = events
  }

  get isEmpty(): boolean {
    return this.#values.size === 0
  }

  add(value: Value): void {
    if (!this.#query.matches(value) || !this.#isNew(value)) return
    const { select } = this.#query
    if (select.isEmpty) return this.#events.values?.([value], false)
    const fields = FieldValueIndex.of(value, select)
    const text = `${fields}`
    if (this.#fields.has(text)) return
    this.#fields.add(text)
    this.#events.fields?.([fields])
  }

  #isNew(value: Value): boolean {
    const known = this.#values.get(value.id)
    if (known === undefined) this.#values.set(value.id, [value])
    else if (known.some((other) => other.contentEquals(value))) return false
    else known.push(value)
    return true
  }
}

function tooMuch(url: string): ProxyError {
  return new ProxyError(url, `proxy ${url} answers with too many values`, { status: 413 })
}
