// SPDX-License-Identifier: MIT
// The feed that is a stream of a proxy. However a stream ends, or when another proxy comes into
// use, it is opened anew, after a growing time; and since it then begins with all values that
// exist, nothing is missed and what is known already is not repeated. What a new stream does not
// mention is looked for with a get before it counts as gone. Proxies of our own can go on where a
// stream broke off: their lines have cursors.

import type { InfoHash } from '../../core/id/info-hash.ts'
import { keyPath } from '../protocol/paths.ts'
import type { Endpoint } from './endpoint.ts'
import { type FeedHost, readStreamLine } from './feed-host.ts'
import type { Feed, KeyListen } from './key-listen.ts'
import { backoffMs, sleep } from './ports.ts'
import { ProxyError } from './proxy-error.ts'

const REOPEN = { baseMs: 200, maxMs: 30_000 }
/** A stream that lived so long counts as a success. */
const LASTING_MS = 10_000
/**
 * A stream that was silent for so long is opened anew: connections die without a word, and some
 * runtimes end a body after five minutes of silence.
 */
const SILENCE_MS = 4 * 60_000
/** Streams with cursors are never silent for more than 30 s. */
const CURSOR_SILENCE_MS = 75_000
/** What exists is mentioned within this time, as a rule. */
const GRACE_MS = 2000
/** After a get that failed, or that found what the stream does not mention. */
const AGAIN_MS = 30_000

export class StreamFeed implements Feed {
  readonly #host: FeedHost
  readonly #key: InfoHash
  readonly #listen: KeyListen
  readonly #stopped = new AbortController()
  /** Where the last stream ended, and of which proxy it was. */
  #cursor: { readonly proxy: Endpoint; readonly text: string } | undefined
  #cancelConfirm = (): void => {}

  constructor(host: FeedHost, key: InfoHash, listen: KeyListen) {
    this.#host = host
    this.#key = key
    this.#listen = listen
  }

  start(): void {
    // It only ends by being stopped, which is no error.
    this.#run().catch(() => {})
  }

  stop(): void {
    this.#cancelConfirm()
    this.#stopped.abort(new DOMException('Nobody listens any more', 'AbortError'))
  }

  async #run(): Promise<void> {
    const { pool, ports, counters } = this.#host
    const { signal } = this.#stopped
    let last: Endpoint | undefined
    for (let failures = 0; !signal.aborted; ) {
      const proxy = await pool.ready(signal)
      if (proxy !== last) failures = 0
      last = proxy
      const openedAt = ports.now()
      const wasReplaced = await this.#follow(proxy)
      if (signal.aborted || wasReplaced) continue
      counters.streamsLost++
      failures = ports.now() - openedAt >= LASTING_MS ? 0 : failures + 1
      const { random } = ports
      await sleep(ports.schedule, backoffMs(failures, { ...REOPEN, random }), signal)
    }
  }

  /** Reads one stream to its end. Returns whether we ended it to open another one. */
  async #follow(proxy: Endpoint): Promise<boolean> {
    const { pool, http, counters, requestTimeoutMs: timeoutMs } = this.#host
    const replaced = new AbortController()
    const replace = (): void => replaced.abort()
    const ignoreReady = pool.onReady((next) => {
      if (next !== proxy) replace()
    })
    const ignoreStop = forward(this.#stopped.signal, replace)
    let cancelSilence = (): void => {}
    const restartSilence = (): void => {
      cancelSilence()
      const limitMs = this.#cursor?.proxy === proxy ? CURSOR_SILENCE_MS : SILENCE_MS
      cancelSilence = this.#host.ports.schedule(replace, limitMs)
    }
    const { signal } = replaced
    const endTurn = await this.#host.opening.take()
    try {
      const path = `${keyPath(this.#key)}/listen?resume${this.#cursorFor(proxy)}`
      const { lines } = await http.send(proxy.url, { path, timeoutMs, isEndless: true, signal })
      endTurn()
      counters.streamsOpened++
      if (this.#cursor === undefined) this.#beginAnew()
      restartSilence()
      for await (const line of lines) {
        restartSilence()
        if (!this.#onLine(line, proxy)) break
      }
    } catch (error) {
      if (error instanceof ProxyError && !signal.aborted) pool.reportFailure(proxy, error)
    } finally {
      endTurn()
      cancelSilence()
      ignoreReady()
      ignoreStop()
    }
    return signal.aborted
  }

  /** As a part of the path; a cursor of another proxy is of no use. */
  #cursorFor(proxy: Endpoint): string {
    if (this.#cursor?.proxy !== proxy) this.#cursor = undefined
    return this.#cursor === undefined ? '' : `=${encodeURIComponent(this.#cursor.text)}`
  }

  #beginAnew(): void {
    this.#listen.restart()
    this.#confirmLater(GRACE_MS)
  }

  /** Returns whether the stream goes on. */
  #onLine(text: string, proxy: Endpoint): boolean {
    const line = readStreamLine(text)
    if (line === 'end') return false
    if (line === undefined) {
      this.#host.counters.malformed++
      return true
    }
    const { cursor, mark, value } = line
    // A server that does not go on where we were begins with everything, marked or not.
    if (mark === 'reset' || (cursor === undefined && this.#cursor !== undefined)) this.#beginAnew()
    this.#cursor = cursor === undefined ? undefined : { proxy, text: cursor }
    if (mark === 'sync') this.#confirmLater(0)
    if (value === undefined) return true
    if (line.expired) this.#listen.onExpired([value.id])
    else this.#listen.onValues([value])
    return true
  }

  #confirmLater(delayMs: number): void {
    this.#cancelConfirm()
    if (this.#listen.isSettled || this.#stopped.signal.aborted) return
    this.#cancelConfirm = this.#host.ports.schedule(() => void this.#confirm(), delayMs)
  }

  /** A proxy that is not ready knows of nothing that would be an answer. */
  async #confirm(): Promise<void> {
    const { pool, counters } = this.#host
    const proxy = pool.current
    try {
      if (proxy !== undefined && !this.#listen.isSettled) {
        const values = await this.#host.getAll(proxy, this.#key, this.#stopped.signal)
        if (pool.current !== proxy) return this.#confirmLater(GRACE_MS)
        counters.vanished += this.#listen.confirm(new Set(values.map(({ id }) => id)))
      }
    } catch {
      // The proxy has trouble, or nobody listens any more.
    }
    this.#confirmLater(AGAIN_MS)
  }
}

function forward(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) action()
  signal.addEventListener('abort', action, { once: true })
  return () => signal.removeEventListener('abort', action)
}
