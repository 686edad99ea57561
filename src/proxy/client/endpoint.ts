// SPDX-License-Identifier: MIT
// One proxy and what is known of its state.
//
//   unknown ──check──▶ ready | unready | down, and from each to each with every answer or failure
//
// `ready`: it answers, and its node can do what it is asked. `unready`: it answers, but has no
// peers, is only starting, or is about to stop. `down`: it does not answer.

import { printable } from '../../core/value/printable.ts'
import { ProxyError } from './proxy-error.ts'
import type { ProxyHttp } from './proxy-http.ts'
import { type ProxyInfo, readProxyInfo } from './proxy-info.ts'

export type EndpointState = 'unknown' | 'ready' | 'unready' | 'down'

export class Endpoint {
  /** Without a slash at the end. */
  readonly url: string
  state: EndpointState = 'unknown'
  /** Of the last answer; undefined when it has not answered yet. */
  info: ProxyInfo | undefined
  /** Checks in a row after which it was not ready. */
  failures = 0
  /** Why it is not ready. */
  error: ProxyError | undefined
  #checking: Promise<void> | undefined

  constructor(url: string) {
    this.url = url
  }

  get isChecking(): boolean {
    return this.#checking !== undefined
  }

  /** Asks the proxy for its state. Whoever asks meanwhile waits for the same answer. */
  check(http: ProxyHttp, timeoutMs: number, signal: AbortSignal): Promise<void> {
    this.#checking ??= this.#check(http, timeoutMs, signal).finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  isDown(error: ProxyError): void {
    this.error = error
    this.state = 'down'
    this.failures++
  }

  isUnready(reason: string): void {
    const text = `proxy ${this.url} is not ready: ${printable(reason)}`
    this.error = new ProxyError(this.url, text)
    this.state = 'unready'
    this.failures++
  }

  /** As if it had refused the request: another proxy may do better. */
  unreadyError(): ProxyError {
    return new ProxyError(this.url, this.error!.message, { status: 503 })
  }

  isReady(): void {
    this.error = undefined
    this.state = 'ready'
    this.failures = 0
  }

  async #check(http: ProxyHttp, timeoutMs: number, signal: AbortSignal): Promise<void> {
    try {
      const { status, lines } = await http.send(this.url, { path: '/', timeoutMs, signal })
      let text = ''
      for await (const line of lines) {
        text += line
        if (text.length > MAX_INFO_CHARACTERS) throw new SyntaxError('the answer is too long')
      }
      this.info = readProxyInfo(text)
      this.#judge(this.info, status)
    } catch (error) {
      this.isDown(toProxyError(this.url, error))
    }
  }

  /** What our own proxies say of themselves is better than what their tables look like. */
  #judge({ ipv4, ipv6 }: ProxyInfo, status: string | undefined): void {
    const isConnected = ipv4.good + ipv6.good > 0
    if (status === undefined ? isConnected : status === 'ready') this.isReady()
    else this.isUnready(status ?? 'its node knows no others')
  }
}

const MAX_INFO_CHARACTERS = 64 * 1024

function toProxyError(url: string, error: unknown): ProxyError {
  if (error instanceof ProxyError) return error
  const text = `proxy ${url} cannot be used: ${(error as Error).message}`
  return new ProxyError(url, text, { cause: error })
}
