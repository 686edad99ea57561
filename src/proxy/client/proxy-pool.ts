// SPDX-License-Identifier: MIT
// The proxies that may be used, and which of them is. The first that is ready stays in use until it
// fails; then all others are asked at once, and the first that is ready takes over. Proxies that
// are not ready are asked again after growing times, none of them at the same time as others.

import type { FamilyStatus } from '../../api/backend.ts'
import { untilAborted } from '../../api/on-abort.ts'
import type { NodeStatus } from '../../core/events.ts'
import type { FamilyReadiness, Readiness, UnreadyReason } from '../../core/readiness.ts'
import type { ProxyCounters } from './counters.ts'
import { Endpoint } from './endpoint.ts'
import { backoffMs, type ProxyPorts } from './ports.ts'
import { ProxyError } from './proxy-error.ts'
import type { ProxyHttp } from './proxy-http.ts'
import { familyStatus, type ProxyInfo } from './proxy-info.ts'

export interface PoolOptions {
  readonly urls: readonly string[]
  readonly checkTimeoutMs: number
  /** How often the proxy in use is asked. */
  readonly checkIntervalMs: number
}

export interface PoolInit extends PoolOptions {
  readonly http: ProxyHttp
  readonly ports: ProxyPorts
  readonly counters: ProxyCounters
}

const RETRY = { baseMs: 1000, maxMs: 60_000 }
/** For the preferred proxy alone, when there are others. */
const PATIENCE_MS = 500
/** Tries of one request at the same proxy: a connection that was kept may have been closed. */
const MAX_TRIES = 2

export class ProxyPool {
  readonly #init: PoolInit
  readonly #proxies: readonly Endpoint[]
  readonly #retries = new Map<Endpoint, () => void>()
  /** Those that left a request without an answer, until it is clear why. */
  readonly #doubts = new Map<Endpoint, Promise<void>>()
  readonly #readyListeners = new Set<(proxy: Endpoint) => void>()
  /** The ready one in use. */
  #current: Endpoint | undefined
  /** The one in use before: what was opened there may still work. */
  #last: Endpoint | undefined
  #searching: Promise<void> | undefined
  #cancelCheck = (): void => {}
  /** Of the ports' clock. */
  #searchedAt = Number.NEGATIVE_INFINITY
  readonly #closed = new AbortController()
  #status: FamilyStatus = { ipv4: 'connecting', ipv6: 'connecting' }
  onStatus: (status: FamilyStatus) => void = () => {}

  constructor(init: PoolInit) {
    this.#init = init
    this.#proxies = init.urls.map((url) => new Endpoint(url))
    init.http.onStatus = (url, status) => this.#onReported(url, status)
  }

  /** Begins to look for a proxy. */
  start(): void {
    void this.#search()
  }

  close(): void {
    this.#closed.abort(new DOMException('The client was closed', 'AbortError'))
    this.#cancelCheck()
    for (const cancel of this.#retries.values()) cancel()
    this.#retries.clear()
    this.#readyListeners.clear()
  }

  get #isClosed(): boolean {
    return this.#closed.signal.aborted
  }

  /** The proxy in use; undefined while none is ready. */
  get current(): Endpoint | undefined {
    return this.#current
  }

  /** What the proxy in use, or else one that answers at least, said of its node. */
  get info(): ProxyInfo | undefined {
    return (this.#current ?? this.#proxies.find(({ state }) => state === 'unready'))?.info
  }

  status(): FamilyStatus {
    return this.#status
  }

  readiness(): Readiness {
    const reason = this.#unreadyReason()
    const family = (status: NodeStatus): FamilyReadiness =>
      status === 'connected'
        ? { isReady: true, reason: undefined }
        : { isReady: false, reason: reason ?? (status === 'connecting' ? status : 'unreachable') }
    const { ipv4, ipv6 } = this.#status
    return {
      isReady: reason === undefined,
      reason,
      ipv4: family(ipv4),
      ipv6: family(ipv6),
    }
  }

  /** Calls `listener` whenever a proxy comes into use, also the same one again. */
  onReady(listener: (proxy: Endpoint) => void): () => void {
    this.#readyListeners.add(listener)
    return () => void this.#readyListeners.delete(listener)
  }

  /** The proxy in use, as soon as there is one. Rejects with the reason of the signal. */
  ready(signal: AbortSignal): Promise<Endpoint> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (this.#current !== undefined) return Promise.resolve(this.#current)
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        remove()
        signal.removeEventListener('abort', abort)
        act()
      }
      const abort = (): void => settle(() => reject(signal.reason))
      const remove = this.onReady((proxy) => settle(() => resolve(proxy)))
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  /**
   * Runs a request at the proxy in use, and again at others while it fails there. Without a ready
   * one, those that answer at least are tried. Rejects with the last ProxyError, or with the reason
   * of the signal.
   */
  async run<T>(action: (proxy: Endpoint) => Promise<T>, signal: AbortSignal): Promise<T> {
    const tries = new Map<Endpoint, number>()
    let failure: ProxyError | undefined
    for (;;) {
      const proxy = await this.#obtain(tries, signal)
      if (proxy === undefined) throw failure ?? this.#noProxy()
      tries.set(proxy, (tries.get(proxy) ?? 0) + 1)
      try {
        return await action(proxy)
      } catch (error) {
        if (!(error instanceof ProxyError) || error.isOurFault) throw error
        failure = error
        if (error.status !== undefined) tries.set(proxy, MAX_TRIES)
        this.reportFailure(proxy, error)
      }
    }
  }

  /**
   * A request failed, or a stream broke off. Without an answer that may mean that the proxy is
   * gone, or nothing: it is asked, and counts as gone when it does not answer soon.
   */
  reportFailure(proxy: Endpoint, error: ProxyError): void {
    if (this.#isClosed) return
    if (error.status === undefined) this.#doubt(proxy, error)
    if (error.status !== 503 || proxy.state === 'unready') return
    proxy.isUnready('it says so')
    this.#onChecked(proxy)
  }

  /** Asks all proxies now, as after a change of the network. */
  recheck(): void {
    if (this.#isClosed) return
    this.#cancelCheck()
    void this.#search()
  }

  async #obtain(
    tries: ReadonlyMap<Endpoint, number>,
    signal: AbortSignal,
  ): Promise<Endpoint | undefined> {
    const isLeft = (proxy: Endpoint | undefined): proxy is Endpoint =>
      proxy !== undefined && (tries.get(proxy) ?? 0) < MAX_TRIES
    signal.throwIfAborted()
    const doubt = this.#current && this.#doubts.get(this.#current)
    if (doubt !== undefined) await untilAborted(doubt, signal)
    if (isLeft(this.#current)) return this.#current
    if (this.#current === undefined && this.#mayHelpToSearch(tries)) {
      await untilAborted(this.#search(), signal)
    }
    const left = [this.#current, ...this.#proxies].filter(isLeft)
    const untried = left.filter((proxy) => !tries.has(proxy))
    const byState = (list: readonly Endpoint[], state: string): Endpoint | undefined =>
      list.find((proxy) => proxy.state === state)
    return (
      byState(untried, 'ready') ??
      byState(untried, 'unknown') ??
      byState(untried, 'unready') ??
      byState(left, 'ready') ??
      byState(left, 'unready')
    )
  }

  #doubt(proxy: Endpoint, error: ProxyError): void {
    if (this.#doubts.has(proxy)) return
    const doubt = this.#withPatience(this.#check(proxy)).then(() => {
      this.#doubts.delete(proxy)
      if (!proxy.isChecking || this.#isClosed) return
      proxy.isDown(error)
      this.#onChecked(proxy)
    })
    this.#doubts.set(proxy, doubt)
  }

  /** There was no answer yet, or the one that there was may be outdated. */
  #mayHelpToSearch(tries: ReadonlyMap<Endpoint, number>): boolean {
    if (this.#searching !== undefined || tries.size > 0) return true
    return this.#init.ports.now() - this.#searchedAt >= RETRY.baseMs
  }

  get #hasSearched(): boolean {
    return this.#searchedAt > Number.NEGATIVE_INFINITY
  }

  /** Asks the preferred proxy, and unless it is ready soon, all others. Ends with a success. */
  #search(): Promise<void> {
    this.#searching ??= this.#askAll().finally(() => {
      this.#searching = undefined
      this.#searchedAt = this.#init.ports.now()
      this.#updateStatus()
    })
    return this.#searching
  }

  async #askAll(): Promise<void> {
    const preferred = this.#current ?? this.#proxies.find(({ state }) => state === 'unknown')
    if (preferred !== undefined) {
      await this.#withPatience(this.#check(preferred))
      if (preferred.state === 'ready') return
    }
    await new Promise<void>((resolve) => {
      const ended = this.#proxies.map(async (proxy) => {
        // Of one that was asked before, either the answer is awaited or it is known.
        if (proxy !== preferred || proxy.isChecking) await this.#check(proxy)
        if (proxy.state === 'ready') resolve()
      })
      void Promise.all(ended).then(() => resolve())
    })
  }

  /** Until the end of the check, or until it takes so long that others may be better. */
  #withPatience(check: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#init.ports.schedule(resolve, PATIENCE_MS)
      void check.then(() => {
        cancel()
        resolve()
      })
    })
  }

  async #check(proxy: Endpoint): Promise<void> {
    const { http, checkTimeoutMs, counters } = this.#init
    this.#retries.get(proxy)?.()
    this.#retries.delete(proxy)
    counters.checks++
    await proxy.check(http, checkTimeoutMs, this.#closed.signal)
    if (!this.#isClosed) this.#onChecked(proxy)
  }

  #onChecked(proxy: Endpoint): void {
    if (proxy.state === 'ready') {
      if (this.#current === undefined) this.#use(proxy)
    } else {
      this.#retryLater(proxy)
      if (this.#current === proxy) {
        this.#current = undefined
        this.#cancelCheck()
        void this.#search()
      }
    }
    if (this.#current === proxy) this.#checkLater(proxy)
    this.#updateStatus()
  }

  #use(proxy: Endpoint): void {
    if (this.#last !== undefined && this.#last !== proxy) this.#init.counters.switches++
    this.#current = proxy
    this.#last = proxy
    for (const listener of [...this.#readyListeners]) listener(proxy)
  }

  #checkLater(proxy: Endpoint): void {
    const { ports, checkIntervalMs } = this.#init
    this.#cancelCheck()
    const delayMs = checkIntervalMs * (1 - ports.random() / 4)
    this.#cancelCheck = ports.schedule(() => void this.#check(proxy), delayMs)
  }

  #retryLater(proxy: Endpoint): void {
    const { schedule, random } = this.#init.ports
    this.#retries.get(proxy)?.()
    const delayMs = backoffMs(proxy.failures - 1, { ...RETRY, random })
    this.#retries.set(
      proxy,
      schedule(() => void this.#check(proxy), delayMs),
    )
  }

  /** Our own proxies say in every answer how they are. */
  #onReported(url: string, status: string): void {
    const current = this.#current
    if (current === undefined || current.url !== url || status === 'ready') return
    current.isUnready(status)
    this.#onChecked(current)
  }

  #updateStatus(): void {
    const { ipv4, ipv6 } = this.#status
    const next = this.#readStatus()
    if (next.ipv4 === ipv4 && next.ipv6 === ipv6) return
    this.#status = next
    if (!this.#isClosed) this.onStatus(next)
  }

  #readStatus(): FamilyStatus {
    const { info } = this
    if (info !== undefined) {
      const isReady = this.#current !== undefined
      const { ipv4, ipv6 } = info
      return { ipv4: familyStatus(ipv4, isReady), ipv6: familyStatus(ipv6, isReady) }
    }
    const status = this.#hasSearched ? 'disconnected' : 'connecting'
    return { ipv4: status, ipv6: status }
  }

  #unreadyReason(): UnreadyReason | undefined {
    if (this.#isClosed) return 'closed'
    if (this.#current !== undefined) return undefined
    if (!this.#hasSearched) return 'starting'
    return this.#proxies.some(({ state }) => state === 'unready') ? 'connecting' : 'unreachable'
  }

  #noProxy(): ProxyError {
    const [first] = this.#proxies
    const why = this.#proxies.map(({ error }) => error?.message).filter((it) => it !== undefined)
    return new ProxyError(first!.url, `no proxy can be used: ${why.join('; ')}`)
  }
}
