// SPDX-License-Identifier: MIT
// Puts through proxies. A permanent one is told again to every proxy that comes into use, and every
// 22 hours, since proxies forget it after 24. Ids are drawn here, so that a put whose answer got
// lost can be repeated without becoming two values.

import type { BackendPutOptions, OperationEnd, PermanentPut, PutEvents } from '../../api/backend.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Value, ValueId } from '../../core/value/value.ts'
import type { JsonOutput } from '../protocol/json-text.ts'
import { keyPath } from '../protocol/paths.ts'
import { valueToJson } from '../protocol/value-json.ts'
import type { ProxyCounters } from './counters.ts'
import type { Endpoint } from './endpoint.ts'
import { backoffMs, type ProxyPorts } from './ports.ts'
import { ProxyError } from './proxy-error.ts'
import type { ProxyHttp } from './proxy-http.ts'
import type { ProxyPool } from './proxy-pool.ts'

export interface PutsHost {
  readonly pool: ProxyPool
  readonly http: ProxyHttp
  readonly ports: ProxyPorts
  readonly counters: ProxyCounters
  readonly requestTimeoutMs: number
  /** Permanent puts in all. */
  readonly maxPermanent: number
  /** What the proxy is told about notifications; undefined without them. */
  pushFields(): JsonOutput | undefined
}

const RENEW_MS = 22 * 60 * 60_000
const RETRY = { baseMs: 2000, maxMs: 5 * 60_000 }
/** Renewals under way at the same time: thousands may be due at once. */
const MAX_RENEWALS = 8
const OK: OperationEnd = { outcome: 'ok', nodes: [] }

/** One value that is being put, for everybody who puts the same. */
class Put {
  readonly key: InfoHash
  readonly value: Value
  readonly permanent: boolean
  readonly stopped = new AbortController()
  readonly waiting = new Set<PutEvents>()
  /** How the first attempt ended. */
  end: OperationEnd | undefined
  /** The proxy that has it. */
  proxy: Endpoint | undefined
  failures = 0
  cancelTimer = (): void => {}

  constructor(key: InfoHash, value: Value, permanent: boolean) {
    this.key = key
    this.value = value
    this.permanent = permanent
  }

  settle(end: OperationEnd): void {
    this.end = end
    for (const events of this.waiting) events.done(end)
    this.waiting.clear()
  }
}

export class ProxyPuts {
  readonly #host: PutsHost
  readonly #puts = new Map<string, Put>()
  readonly #due = new Set<Put>()
  #renewals = 0
  #permanentCount = 0

  constructor(host: PutsHost) {
    this.#host = host
    host.pool.onReady((proxy) => this.#onReady(proxy))
  }

  /** Puts that have not ended, permanent ones included. */
  get count(): number {
    return this.#puts.size
  }

  start(key: InfoHash, input: Value, options: BackendPutOptions, events: PutEvents): void {
    const { permanent } = options
    const value = input.id === 0n ? input.withId(this.#randomId()) : input
    const name = nameOf(key, value.id)
    const earlier = this.#puts.get(name)
    if (earlier !== undefined && isContinuedBy(earlier, value, permanent)) {
      return this.#join(earlier, events)
    }
    if (earlier !== undefined) this.#end(earlier, { outcome: 'replaced', nodes: [] })
    const put = new Put(key, value, permanent)
    const { maxPermanent } = this.#host
    if (permanent && this.#permanentCount >= maxPermanent) {
      events.started(value, () => {})
      return events.done({ outcome: 'limit', nodes: [] })
    }
    if (permanent) this.#permanentCount++
    this.#puts.set(name, put)
    this.#join(put, events)
    void this.#announce(put)
  }

  cancel(key: InfoHash, id: ValueId): boolean {
    const put = this.#puts.get(nameOf(key, id))
    if (put === undefined) return false
    this.#end(put, { outcome: 'replaced', nodes: [] })
    return true
  }

  /** Tells the proxy again, as it asked for. Returns whether there is such a permanent put. */
  renew(key: InfoHash, id: ValueId): boolean {
    const put = this.#puts.get(nameOf(key, id))
    if (put?.permanent !== true) return false
    this.#renewNow(put)
    return true
  }

  /** All of them, because what proxies are told about notifications has changed. */
  renewAll(): void {
    for (const put of this.#puts.values()) if (put.permanent) this.#renewNow(put)
  }

  pending(key: InfoHash): Value[] {
    const puts = [...this.#puts.values()].filter((put) => put.key.equals(key))
    return puts.map(({ value }) => value)
  }

  permanent(): PermanentPut[] {
    const puts = [...this.#puts.values()].filter(({ permanent }) => permanent)
    return puts.map(({ key, value }) => ({ key, value }))
  }

  close(): void {
    for (const put of [...this.#puts.values()]) this.#end(put, { outcome: 'closed', nodes: [] })
  }

  #join(put: Put, events: PutEvents): void {
    const { end } = put
    put.waiting.add(events)
    events.started(put.value, () => put.waiting.delete(events))
    if (end !== undefined && put.waiting.delete(events)) events.done(end)
  }

  #end(put: Put, end: OperationEnd): void {
    if (this.#puts.get(nameOf(put.key, put.value.id)) === put) {
      this.#puts.delete(nameOf(put.key, put.value.id))
      if (put.permanent) this.#permanentCount--
    }
    this.#due.delete(put)
    put.cancelTimer()
    put.stopped.abort(new DOMException('The put was cancelled', 'AbortError'))
    put.settle(end)
  }

  /** The first attempt, whose outcome is that of the put. */
  async #announce(put: Put): Promise<void> {
    let end = OK
    try {
      await this.#host.pool.run((proxy) => this.#send(put, proxy), put.stopped.signal)
    } catch (error) {
      if (put.stopped.signal.aborted) return
      end = toEnd(error)
    }
    if (!put.permanent) return this.#end(put, end)
    put.settle(end)
    if (end !== OK) this.#retryLater(put)
  }

  async #send(put: Put, proxy: Endpoint): Promise<void> {
    const { http, requestTimeoutMs: timeoutMs } = this.#host
    const permanent = put.permanent ? (this.#host.pushFields() ?? true) : undefined
    const body = valueToJson(put.value, { permanent })
    const { signal } = put.stopped
    const path = keyPath(put.key)
    const answer = await http.send(proxy.url, { method: 'POST', path, body, timeoutMs, signal })
    for await (const _ of answer.lines);
    if (!put.permanent) return
    put.proxy = proxy
    put.failures = 0
    this.#renewLater(put, RENEW_MS)
  }

  #renewLater(put: Put, delayMs: number): void {
    put.cancelTimer()
    put.cancelTimer = this.#host.ports.schedule(() => this.#renewNow(put), delayMs)
  }

  #retryLater(put: Put): void {
    const { random } = this.#host.ports
    this.#renewLater(put, backoffMs(put.failures++, { ...RETRY, random }))
  }

  /** A proxy came into use: it may never have heard of the puts, or have forgotten them. */
  #onReady(proxy: Endpoint): void {
    for (const put of this.#puts.values()) {
      if (put.permanent && put.end !== undefined) this.#renewNow(put, proxy)
    }
  }

  #renewNow(put: Put, proxy = this.#host.pool.current): void {
    put.cancelTimer()
    // Without a proxy, the next one that comes into use is the occasion.
    if (proxy === undefined) return
    this.#due.add(put)
    void this.#renewDue()
  }

  async #renewDue(): Promise<void> {
    if (this.#renewals >= MAX_RENEWALS) return
    this.#renewals++
    for (const put of this.#due) {
      this.#due.delete(put)
      await this.#renewOne(put)
    }
    this.#renewals--
  }

  async #renewOne(put: Put): Promise<void> {
    const { pool, counters } = this.#host
    const proxy = pool.current
    if (proxy === undefined) return
    try {
      await this.#send(put, proxy)
      counters.putsRenewed++
    } catch (error) {
      if (put.stopped.signal.aborted) return
      if (error instanceof ProxyError) pool.reportFailure(proxy, error)
      this.#retryLater(put)
    }
  }

  #randomId(): ValueId {
    const bytes = this.#host.ports.randomBytes(8)
    const id = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
    return id === 0n ? 1n : id
  }
}

export function toEnd(error: unknown): OperationEnd {
  if (error instanceof ProxyError) return { outcome: error.outcome, nodes: [], cause: error }
  const cause = error instanceof Error ? error : new Error(String(error))
  return { outcome: 'failed', nodes: [], cause }
}

/** The announcement that is going on, or that succeeded, does for this put as well. */
function isContinuedBy(earlier: Put, value: Value, permanent: boolean): boolean {
  if (earlier.permanent !== permanent || !earlier.value.contentEquals(value)) return false
  return earlier.end === undefined || earlier.end.outcome === 'ok'
}

function nameOf(key: InfoHash, id: ValueId): string {
  return `${key} ${id}`
}
