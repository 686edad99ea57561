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

/** Values of one get, and their bytes: no key of the network has as many. */
const MAX_VALUES = 65_536
const MAX_BYTES = 64 * 1024 * 1024

export interface GetHost {
  readonly http: ProxyHttp
  readonly counters: ProxyCounters
  readonly requestTimeoutMs: number
}

/** Takes values as they come. Rejects with ProxyError when the answer is not whole. */
export async function readValues(
  { http, counters, requestTimeoutMs: timeoutMs }: GetHost,
  { proxy, key, signal }: { proxy: Endpoint; key: InfoHash; signal: AbortSignal },
  onValue: (value: Value) => void,
): Promise<void> {
  const { lines } = await http.send(proxy.url, { path: keyPath(key), timeoutMs, signal })
  for await (const text of lines) {
    const line = readStreamLine(text)
    if (line === undefined) counters.malformed++
    else if (line !== 'end' && line.value !== undefined && !line.expired) onValue(line.value)
  }
}

/** Hands every content of every value id on once, as values or as fields. */
export class GetResults {
  readonly #query: Query
  readonly #events: OperationEvents
  readonly #values = new Map<ValueId, Value[]>()
  readonly #fields = new Set<string>()
  #count = 0
  #bytes = 0

  constructor(query: Query, events: OperationEvents) {
    this.#query = query
    this.#events = events
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** Throws ProxyError, as if the proxy had refused, when there are too many. */
  add(value: Value, url: string): void {
    if (!this.#query.matches(value) || !this.#isNew(value)) return
    this.#count++
    this.#bytes += value.size
    if (this.#count > MAX_VALUES || this.#bytes > MAX_BYTES) {
      throw new ProxyError(url, `proxy ${url} answers with too many values`, { status: 413 })
    }
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
