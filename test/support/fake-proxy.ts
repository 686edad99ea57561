// SPDX-License-Identifier: MIT
// Proxies without a network: what a ProxyClient fetches is answered here, from values that tests
// put there, and in the ways in which real proxies fail.

import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { Value } from '../../src/core/value/value.ts'
import type { ProxyFetch, ProxyPorts, ProxyRequest } from '../../src/proxy/client/ports.ts'
import { parseJson } from '../../src/proxy/protocol/json-reader.ts'
import { valueFromJson, valueToJson } from '../../src/proxy/protocol/value-json.ts'
import { VirtualSchedule } from './virtual-schedule.ts'

export interface FakeRequest {
  readonly method: string
  readonly path: string
  readonly body: string | undefined
}

interface Stream {
  readonly path: string
  readonly controller: ReadableStreamDefaultController<Uint8Array>
}

export class FakeProxy {
  readonly url: string
  /** All requests, with the path behind the URL. */
  readonly requests: FakeRequest[] = []
  /** Values by path, as `/key/…`. */
  readonly values = new Map<string, Map<bigint, Value>>()
  /** Refuses connections. */
  isDown = false
  /** So many requests are cut off without an answer. */
  failsNext = 0
  /** Accepts connections and never answers. */
  isMute = false
  /** Nodes that it says it knows. */
  good = 4
  /** Of its status header; undefined without one. */
  status: string | undefined
  /** Answers these methods with this status alone. */
  refusals: Record<string, number> = {}
  refusalText = '{"err":"refused"}'
  /** Gets answer with this, for ever. */
  endlessLine: string | undefined
  /** Gets end without their last chunk. */
  breaksGets = false
  /** Hears of every request before it is answered. */
  onRequest: (request: FakeRequest) => void = () => {}
  readonly #streams = new Set<Stream>()

  constructor(url: string) {
    this.url = url
  }

  get streams(): number {
    return this.#streams.size
  }

  requestsOf(method: string): FakeRequest[] {
    return this.requests.filter((request) => request.method === method)
  }

  /** Stores a value and tells who listens. */
  put(key: string, value: Value): void {
    const path = pathOf(key)
    this.#at(path).set(value.id, value)
    this.#tell(path, valueToJson(value))
  }

  expire(key: string, id: bigint): void {
    const path = pathOf(key)
    const value = this.#at(path).get(id)
    this.#at(path).delete(id)
    if (value !== undefined) this.#tell(path, valueToJson(value, { expired: true }))
  }

  /** Without telling anybody. */
  forget(key: string, id: bigint): void {
    this.#at(pathOf(key)).delete(id)
  }

  /** Sends a line to all streams. */
  say(line: string): void {
    for (const { controller } of this.#streams) controller.enqueue(encode(line))
  }

  /** Ends all streams, with or without the last chunk. */
  endStreams(how: 'whole' | 'broken'): void {
    for (const { controller } of this.#streams) {
      if (how === 'whole') controller.close()
      else controller.error(new TypeError('terminated'))
    }
    this.#streams.clear()
  }

  /** As a process that dies: nobody gets an answer any more. */
  die(): void {
    this.isDown = true
    this.endStreams('broken')
  }

  answer(request: FakeRequest, signal: AbortSignal): Response {
    this.requests.push(request)
    this.onRequest(request)
    if (this.failsNext > 0) {
      this.failsNext--
      throw new TypeError('fetch failed', { cause: new Error('other side closed') })
    }
    if (this.isDown) throw new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })
    const { method, path, body = '' } = request
    const refusal = this.refusals[method]
    if (refusal !== undefined) return this.#reply(`${this.refusalText}\n`, refusal)
    if (path === '/') return this.#reply(this.#info())
    if (method === 'SUBSCRIBE' || method === 'UNSUBSCRIBE') return this.#reply('{}\n')
    if (method === 'POST') {
      const value = valueFromJson(parseJson(body))
      this.#at(path).set(value.id, value)
      this.#tell(path, valueToJson(value))
      return this.#reply(`${valueToJson(value)}\n`)
    }
    if (path.includes('/listen')) return this.#listen(path.replace(/\/listen.*/, ''), signal)
    return this.#get(path)
  }

  #get(path: string): Response {
    const lines = [...this.#at(path).values()].map((value) => `${valueToJson(value)}\n`)
    const { endlessLine } = this
    if (endlessLine !== undefined) {
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void =>
        controller.enqueue(encode(endlessLine))
      return this.#reply(new ReadableStream({ pull }))
    }
    if (!this.breaksGets) return this.#reply(lines.join(''))
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const line = lines.shift()
        if (line !== undefined) controller.enqueue(encode(line))
        else controller.error(new TypeError('terminated'))
      },
    })
    return this.#reply(body)
  }

  #listen(path: string, signal: AbortSignal): Response {
    let stream: Stream
    const body = new ReadableStream<Uint8Array>({
      cancel: () => void this.#streams.delete(stream),
      start: (controller) => {
        stream = { path, controller }
        this.#streams.add(stream)
        signal.addEventListener('abort', () => {
          if (this.#streams.delete(stream)) controller.error(signal.reason)
        })
        for (const value of this.#at(path).values()) {
          controller.enqueue(encode(`${valueToJson(value)}\n`))
        }
      },
    })
    return this.#reply(body)
  }

  #reply(body: string | ReadableStream<Uint8Array>, status = 200): Response {
    const headers = this.status === undefined ? undefined : { 'OpenDHT-Status': this.status }
    return new Response(body, { status, ...(headers && { headers }) })
  }

  #info(): string {
    const none = { good: 0, dubious: 0, incoming: 0 }
    const ipv4 = { ...none, good: this.good }
    const info = { node_id: 'a1', ipv4, ipv6: none, public_ip: '192.0.2.1', ops: 0 }
    return `${JSON.stringify(info)}\n`
  }

  #tell(path: string, line: string): void {
    for (const stream of this.#streams) {
      if (stream.path === path) stream.controller.enqueue(encode(`${line}\n`))
    }
  }

  #at(path: string): Map<bigint, Value> {
    const values = this.values.get(path) ?? new Map<bigint, Value>()
    this.values.set(path, values)
    return values
  }
}

/** Some proxies, by their URLs, and a clock that stands still. */
export class FakeProxies {
  readonly clock = new VirtualSchedule()
  /** Requests that wait for an answer. */
  pending = 0
  readonly proxies: readonly FakeProxy[]
  readonly urls: string[]

  constructor(count = 1) {
    this.proxies = Array.from({ length: count }, (_, i) => new FakeProxy(`http://p${i}.test`))
    this.urls = this.proxies.map(({ url }) => url)
  }

  readonly fetch: ProxyFetch = async (url, { method, body, signal }: ProxyRequest) => {
    signal.throwIfAborted()
    const proxy = this.proxies.find((it) => url.startsWith(`${it.url}/`))!
    this.pending++
    if (proxy.isMute) await aborted(signal).finally(() => this.pending--)
    else this.pending--
    return proxy.answer({ method, path: url.slice(proxy.url.length), body }, signal)
  }

  get ports(): ProxyPorts {
    const { clock } = this
    return {
      fetch: this.fetch,
      schedule: clock.schedule,
      now: () => clock.now,
      random: () => 0.5,
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function pathOf(key: string): string {
  return `/key/${InfoHash.get(key)}`
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
