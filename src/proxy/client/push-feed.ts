// SPDX-License-Identifier: MIT
// The feed that is a subscription: the proxy notifies the device that something changed, and a get
// tells what. Subscriptions end after 24 hours unless they are renewed.

import type { InfoHash } from '../../core/id/info-hash.ts'
import type { ValueId } from '../../core/value/value.ts'
import { toJsonText } from '../protocol/json-text.ts'
import { keyPath } from '../protocol/paths.ts'
import type { Endpoint } from './endpoint.ts'
import type { FeedHost } from './feed-host.ts'
import type { Feed, KeyListen } from './key-listen.ts'
import { backoffMs, sleep } from './ports.ts'
import { ProxyError } from './proxy-error.ts'
import type { PushIdentity } from './push.ts'

const RENEW_MS = 22 * 60 * 60_000
const RETRY = { baseMs: 1000, maxMs: 5 * 60_000 }

export class PushFeed implements Feed {
  readonly #host: FeedHost
  readonly #key: InfoHash
  readonly #listen: KeyListen
  readonly #identity: PushIdentity
  readonly #stopped = new AbortController()
  /** Where the subscription is, and with which token. */
  #subscribed: { readonly proxy: Endpoint; readonly token: string } | undefined
  #renewal = new AbortController()
  #fetching: Promise<void> | undefined
  #isOutdated = false
  /** Of the proxy's clock: of the last notification that was taken into account. */
  #notifiedAt = 0

  constructor(host: FeedHost, key: InfoHash, listen: KeyListen, identity: PushIdentity) {
    this.#host = host
    this.#key = key
    this.#listen = listen
    this.#identity = identity
  }

  start(): void {
    // It only ends by being stopped, which is no error.
    this.#run().catch(() => {})
  }

  stop(): void {
    this.#stopped.abort(new DOMException('Nobody listens any more', 'AbortError'))
    void this.#unsubscribe()
  }

  /** Subscribes anew, at once: the proxy asked for it, or the token is another one. */
  renew(): void {
    this.#renewal.abort()
  }

  /** The proxy told that something changed. Rejects when it cannot be asked what. */
  async onChanged(time: number): Promise<void> {
    this.#notifiedAt = Math.max(this.#notifiedAt, time)
    await this.#fetch()
  }

  /** The proxy told that these are gone. Returns whether that is the latest news. */
  onExpired(ids: readonly ValueId[], time: number): boolean {
    if (time < this.#notifiedAt) return false
    this.#notifiedAt = time
    this.#listen.onExpired(ids)
    return true
  }

  async #run(): Promise<void> {
    const { pool, ports } = this.#host
    const { signal } = this.#stopped
    for (let failures = 0; !signal.aborted; ) {
      const proxy = await pool.ready(signal)
      this.#renewal = new AbortController()
      try {
        await this.#subscribe(proxy)
        await this.#fetch()
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof ProxyError) pool.reportFailure(proxy, error)
        const { random } = ports
        await sleep(ports.schedule, backoffMs(failures++, { ...RETRY, random }), signal)
        continue
      }
      await this.#untilOutdated(proxy)
    }
  }

  /** Until the subscription has to be renewed, or another proxy comes into use. */
  async #untilOutdated(proxy: Endpoint): Promise<void> {
    const { pool, ports } = this.#host
    const { signal } = this.#renewal
    const ignoreReady = pool.onReady((next) => {
      if (next !== proxy) this.renew()
    })
    const stop = (): void => this.renew()
    this.#stopped.signal.addEventListener('abort', stop, { once: true })
    // However it ends, the subscription is looked at again.
    await sleep(ports.schedule, RENEW_MS, signal).catch(() => {})
    this.#stopped.signal.removeEventListener('abort', stop)
    ignoreReady()
  }

  async #subscribe(proxy: Endpoint): Promise<void> {
    const fields = this.#identity.fields()
    const last = this.#subscribed
    const isRenewal = last?.proxy === proxy && last.token === fields.key
    const body = toJsonText({ ...fields, refresh: isRenewal ? true : undefined })
    const { http, counters, requestTimeoutMs: timeoutMs } = this.#host
    const { signal } = this.#stopped
    const path = keyPath(this.#key)
    const { lines } = await http.send(proxy.url, {
      method: 'SUBSCRIBE',
      path,
      body,
      timeoutMs,
      signal,
    })
    // What it lists is fetched anyway, with what the reply may leave out.
    for await (const _ of lines);
    this.#subscribed = { proxy, token: fields.key }
    counters.subscriptions++
  }

  async #unsubscribe(): Promise<void> {
    if (this.#subscribed === undefined) return
    const { proxy, token } = this.#subscribed
    const body = toJsonText({ key: token, client_id: this.#identity.clientId })
    const { http, requestTimeoutMs: timeoutMs } = this.#host
    const path = keyPath(this.#key)
    try {
      const { lines } = await http.send(proxy.url, {
        method: 'UNSUBSCRIBE',
        path,
        body,
        timeoutMs,
      })
      for await (const _ of lines);
    } catch {
      // It ends by itself within a day, and what comes of it until then is ignored.
    }
  }

  /** Fetches what there is; who asks while that goes on gets what there is afterwards. */
  #fetch(): Promise<void> {
    if (this.#fetching !== undefined) {
      this.#isOutdated = true
      return this.#fetching
    }
    this.#fetching = this.#fetchAll().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetchAll(): Promise<void> {
    const { pool, counters } = this.#host
    const { signal } = this.#stopped
    do {
      this.#isOutdated = false
      const proxy = await pool.ready(signal)
      const values = await this.#host.getAll(proxy, this.#key, signal)
      this.#listen.restart()
      this.#listen.onValues(values)
      counters.vanished += this.#listen.confirm(new Set(values.map(({ id }) => id)))
    } while (this.#isOutdated)
  }
}
