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
  /** Where there may be a subscription, and with which token: also while its answer is awaited. */
  readonly #places = new Map<Endpoint, { readonly token: string; readonly isSure: boolean }>()
  #subscribing: Promise<void> = Promise.resolve()
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
      // Also the same one again: it may have been restarted, and forgotten everything.
      const ignoreReady = pool.onReady(() => this.renew())
      try {
        this.#subscribing = this.#subscribe(proxy)
        await this.#subscribing
        await this.#fetch()
        failures = 0
        await this.#untilOutdated()
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof ProxyError) pool.reportFailure(proxy, error)
        const { random } = ports
        await sleep(ports.schedule, backoffMs(failures++, { ...RETRY, random }), signal)
      } finally {
        ignoreReady()
      }
    }
  }

  /** Until the subscription has to be renewed, or a proxy comes into use. */
  async #untilOutdated(): Promise<void> {
    const { signal } = this.#renewal
    if (this.#stopped.signal.aborted) return
    const stop = (): void => this.renew()
    this.#stopped.signal.addEventListener('abort', stop, { once: true })
    // However it ends, the subscription is looked at again.
    await sleep(this.#host.ports.schedule, RENEW_MS, signal).catch(() => {})
    this.#stopped.signal.removeEventListener('abort', stop)
  }

  async #subscribe(proxy: Endpoint): Promise<void> {
    const fields = this.#identity.fields()
    const { key: token } = fields
    const last = this.#places.get(proxy)
    const isSure = last?.isSure === true && last.token === token
    const body = toJsonText({ ...fields, refresh: isSure ? true : undefined })
    const { http, counters, opening, requestTimeoutMs: timeoutMs } = this.#host
    const path = keyPath(this.#key)
    const endTurn = await opening.take()
    try {
      this.#stopped.signal.throwIfAborted()
      this.#places.set(proxy, { token, isSure })
      // Not ended by `stop`: the proxy may have heard of it, and is told that it ended afterwards.
      const { lines } = await http.send(proxy.url, { method: 'SUBSCRIBE', path, body, timeoutMs })
      // What it lists is fetched anyway, with what the reply may leave out.
      for await (const _ of lines);
      this.#places.set(proxy, { token, isSure: true })
      counters.subscriptions++
    } finally {
      endTurn()
    }
  }

  async #unsubscribe(): Promise<void> {
    await this.#subscribing.catch(() => {})
    await Promise.all([...this.#places].map(([proxy, { token }]) => this.#leave(proxy, token)))
  }

  async #leave(proxy: Endpoint, token: string): Promise<void> {
    const body = toJsonText({ key: token, client_id: this.#identity.clientId })
    const { http, requestTimeoutMs: timeoutMs } = this.#host
    const path = keyPath(this.#key)
    try {
      const { lines } = await http.send(proxy.url, { method: 'UNSUBSCRIBE', path, body, timeoutMs })
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
