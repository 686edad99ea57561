// SPDX-License-Identifier: MIT
// The backend that is a REST proxy elsewhere, or the one of several that works.

import type {
  Backend,
  BackendPutOptions,
  FamilyStatus,
  Listening,
  OperationEnd,
  OperationEvents,
  PermanentPut,
  PutEvents,
} from '../../api/backend.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Readiness } from '../../core/readiness.ts'
import type { DhtStats } from '../../core/snapshots.ts'
import type { Query } from '../../core/value/query.ts'
import type { Value, ValueId } from '../../core/value/value.ts'
import { ProxyCounters } from './counters.ts'
import type { Endpoint } from './endpoint.ts'
import type { FeedHost } from './feed-host.ts'
import { Listens } from './listens.ts'
import { receiveNotification } from './notifications.ts'
import { defaultPorts, type ProxyPorts } from './ports.ts'
import { GetResults, readValues } from './proxy-get.ts'
import { ProxyHttp } from './proxy-http.ts'
import { checkProxyOptions, type ProxyOptions } from './proxy-options.ts'
import { ProxyPool } from './proxy-pool.ts'
import { ProxyPuts, toEnd } from './proxy-puts.ts'
import { toDhtStats } from './proxy-stats.ts'
import { checkToken, type PushData, PushIdentity, type PushOutcome } from './push.ts'
import { Slots } from './slots.ts'

/** Streams that are opened at the same time. */
const MAX_OPENING = 64

export class ProxyBackend implements Backend {
  onStatus: ((status: FamilyStatus) => void) | undefined
  readonly counters = new ProxyCounters()
  /** Of all proxies that may be used. */
  readonly urls: readonly string[]
  readonly #ports: ProxyPorts
  readonly #pool: ProxyPool
  readonly #http: ProxyHttp
  readonly #puts: ProxyPuts
  readonly #listens: Listens
  readonly #host: FeedHost
  /** Gets that have not ended, by what ends them. */
  readonly #gets = new Map<AbortController, OperationEvents>()
  #push: PushIdentity | undefined
  /** Of the last token: who this device is stays, whether it is notified or not. */
  #identity: PushIdentity | undefined
  #whenIdle: (() => void) | undefined
  #isClosed = false

  /** Throws TypeError or RangeError that names a wrong option. */
  constructor(options: ProxyOptions, ports: ProxyPorts = defaultPorts()) {
    const checked = checkProxyOptions(options)
    const { requestTimeoutMs, push, maxListens, maxPermanent } = checked
    const { counters } = this
    this.urls = checked.urls
    this.#ports = checked.fetch === undefined ? ports : { ...ports, fetch: checked.fetch }
    this.#http = new ProxyHttp(this.#ports, counters)
    const common = { http: this.#http, ports: this.#ports, counters, requestTimeoutMs }
    this.#pool = new ProxyPool({ ...checked, ...common })
    this.#pool.onStatus = (status) => this.onStatus?.(status)
    this.#identity = push && new PushIdentity(push, this.#ports)
    this.#push = this.#identity
    const pool = this.#pool
    const pushFields = () => this.#push?.fields()
    this.#puts = new ProxyPuts({ ...common, pool, maxPermanent, pushFields })
    const opening = new Slots(MAX_OPENING)
    this.#host = { ...common, pool, opening, getAll: (...args) => this.#getAll(...args) }
    this.#listens = new Listens(this.#host, maxListens, this.#push)
    pool.start()
  }

  /** The proxy in use; undefined while none is ready. */
  get proxy(): Endpoint | undefined {
    return this.#pool.current
  }

  startGet(key: InfoHash, query: Query, events: OperationEvents): () => void {
    const stop = new AbortController()
    this.#gets.set(stop, events)
    const results = new GetResults(query, {
      values: (values) => {
        if (!stop.signal.aborted) events.values?.(values, false)
      },
      fields: (fields) => {
        if (!stop.signal.aborted) events.fields?.(fields)
      },
      done: () => {},
    })
    void this.#get(key, results, stop.signal).then((end) => {
      if (this.#gets.delete(stop)) events.done(end)
      this.#checkIdle()
    })
    return () => {
      this.#gets.delete(stop)
      stop.abort(new DOMException('The get was cancelled', 'AbortError'))
    }
  }

  startListen(key: InfoHash, query: Query, events: OperationEvents): Listening {
    return this.#listens.start(key, query, events)
  }

  startPut(key: InfoHash, value: Value, options: BackendPutOptions, events: PutEvents): void {
    this.#puts.start(key, value, options, {
      started: (identified, forget) => events.started(identified, forget),
      done: (end) => {
        events.done(end)
        this.#checkIdle()
      },
    })
  }

  cancelPut(key: InfoHash, id: ValueId): boolean {
    return this.#puts.cancel(key, id)
  }

  pendingPuts(key: InfoHash): Value[] {
    return this.#puts.pending(key)
  }

  permanentPuts(): PermanentPut[] {
    return this.#puts.permanent()
  }

  /** What is being put from here, and what is known of keys that are listened to. */
  localValues(key: InfoHash, query: Query): Value[] {
    const own = this.#puts.pending(key).filter((value) => query.matches(value))
    const isOwn = (value: Value): boolean => own.some(({ id }) => id === value.id)
    return [...own, ...this.#listens.values(key, query).filter((value) => !isOwn(value))]
  }

  async stats(): Promise<DhtStats> {
    const operations = this.#gets.size + this.#puts.count + this.#listens.keys
    return toDhtStats(this.#pool.info, operations)
  }

  status(): FamilyStatus {
    return this.#pool.status()
  }

  readiness(): Readiness {
    return this.#pool.readiness()
  }

  /** The network of this host changed: proxies are asked at once. */
  connectivityChanged(): void {
    this.#pool.recheck()
  }

  /**
   * Another token of the device, or none: then listens go on through streams. Everything is told to
   * the proxy anew.
   */
  setPushToken(token: string | undefined): void {
    if (token === undefined) this.#push = undefined
    else {
      this.#identity ??= new PushIdentity({ token: checkToken(token) }, this.#ports)
      const isNew = this.#identity.setToken(checkToken(token))
      if (this.#push !== undefined && !isNew) return
      this.#push = this.#identity
    }
    this.#listens.usePush(this.#push)
    this.#puts.renewAll()
  }

  /** Never rejects. */
  async receiveNotification(data: PushData): Promise<PushOutcome> {
    const { counters } = this
    counters.notifications++
    const outcome = await receiveNotification(data, {
      identity: this.#push,
      listens: this.#listens,
      puts: this.#puts,
    })
    if (outcome === 'ignored' || outcome === 'wrong-session') counters.notificationsIgnored++
    return outcome
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#listens.close()
    this.#puts.close()
    for (const [stop, events] of [...this.#gets]) {
      this.#gets.delete(stop)
      stop.abort(new DOMException('The client was closed', 'AbortError'))
      events.done({ outcome: 'closed', nodes: [] })
    }
    this.#pool.close()
    this.#whenIdle?.()
  }

  /** Closes it as soon as no get and no put is under way; for who has gone over to another one. */
  async retire(): Promise<void> {
    if (!this.#isIdle) await new Promise<void>((resolve) => (this.#whenIdle = resolve))
    this.close()
  }

  get #isIdle(): boolean {
    return this.#gets.size === 0 && this.#puts.count === 0
  }

  #checkIdle(): void {
    if (this.#isIdle) this.#whenIdle?.()
  }

  async #get(key: InfoHash, results: GetResults, signal: AbortSignal): Promise<OperationEnd> {
    try {
      await this.#pool.run(async (proxy) => {
        for (const value of this.#puts.pending(key)) results.add(value)
        await readValues(this.#host, { proxy, key, signal }, (value) => results.add(value))
        // The answer of a node without peers is no answer of the network.
        if (results.isEmpty && proxy.state === 'unready') throw proxy.unreadyError()
      }, signal)
      return { outcome: 'ok', nodes: [] }
    } catch (error) {
      return toEnd(error)
    }
  }

  async #getAll(proxy: Endpoint, key: InfoHash, signal: AbortSignal): Promise<Value[]> {
    const values: Value[] = []
    await readValues(this.#host, { proxy, key, signal }, (value) => values.push(value))
    return values
  }
}
