// SPDX-License-Identifier: MIT
// Single requests to a proxy, with limits of time. Bodies are sent as plain text: browsers then ask
// no permission before a POST, which proxies of OpenDHT would not answer for the paths of keys.

import { printable } from '../../core/value/printable.ts'
import type { ProxyCounters } from './counters.ts'
import { linesOf } from './json-lines.ts'
import type { ProxyPorts, ProxyResponse } from './ports.ts'
import { refused, unanswered } from './proxy-error.ts'

export interface Sent {
  readonly method?: string
  readonly path: string
  readonly body?: string
  /** For the head of the answer, and between two parts of its body. */
  readonly timeoutMs: number
  /** When there is none between two parts. */
  readonly isEndless?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Lines of an answer with status 200. */
export interface Answer {
  readonly status: string | undefined
  /** To be read to its end, or left by leaving the loop. Throws ProxyError when it breaks off. */
  readonly lines: AsyncIterable<string>
}

/** Has the status of the proxy's node, in replies of our own proxies. */
export const STATUS_HEADER = 'OpenDHT-Status'
const MAX_SHOWN = 200

export class ProxyHttp {
  readonly #ports: ProxyPorts
  readonly #counters: ProxyCounters
  /** Hears the status in every answer that has one. */
  onStatus: (url: string, status: string) => void = () => {}

  constructor(ports: ProxyPorts, counters: ProxyCounters) {
    this.#ports = ports
    this.#counters = counters
  }

  /** Rejects with ProxyError, or with the reason of the signal. */
  async send(url: string, sent: Sent): Promise<Answer> {
    const { method = 'GET', path, body, signal } = sent
    signal?.throwIfAborted()
    const watch = new Deadline(this.#ports, sent)
    this.#counters.requests++
    let response: ProxyResponse
    try {
      const request = { method, signal: watch.signal, ...(body !== undefined && { body }) }
      response = await this.#ports.fetch(url + path, request)
    } catch (error) {
      watch.end()
      throw this.#failure(url, error, sent)
    }
    const status = response.headers.get(STATUS_HEADER)?.slice(0, MAX_SHOWN)
    if (status !== undefined) this.onStatus(url, status)
    const lines = this.#lines(url, response, { watch, sent })
    if (response.status === 200) return { status, lines }
    this.#counters.refused++
    throw refused(url, response.status, await beginning(lines))
  }

  async *#lines(
    url: string,
    response: ProxyResponse,
    { watch, sent }: { watch: Deadline; sent: Sent },
  ): AsyncGenerator<string, void, undefined> {
    if (sent.isEndless) watch.pause()
    try {
      if (response.body === null) return
      yield* linesOf(response.body, () => {
        if (!sent.isEndless) watch.restart()
      })
    } catch (error) {
      throw this.#failure(url, error, sent)
    } finally {
      watch.end()
    }
  }

  #failure(url: string, error: unknown, { signal }: Sent): unknown {
    if (signal?.aborted) return signal.reason
    this.#counters.unanswered++
    return unanswered(url, error)
  }
}

/** Aborts a request when nothing comes for too long, or when the caller does. */
class Deadline {
  readonly #controller = new AbortController()
  readonly #ports: ProxyPorts
  readonly #sent: Sent
  #cancel = (): void => {}
  readonly #abort = (): void => this.#controller.abort(this.#sent.signal?.reason)

  constructor(ports: ProxyPorts, sent: Sent) {
    this.#ports = ports
    this.#sent = sent
    sent.signal?.addEventListener('abort', this.#abort, { once: true })
    this.restart()
    if (sent.signal?.aborted) this.#abort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  restart(): void {
    this.pause()
    const { timeoutMs } = this.#sent
    this.#cancel = this.#ports.schedule(() => {
      const text = `nothing came for ${timeoutMs} ms`
      this.#controller.abort(new DOMException(text, 'TimeoutError'))
    }, timeoutMs)
  }

  pause(): void {
    this.#cancel()
  }

  end(): void {
    this.pause()
    this.#sent.signal?.removeEventListener('abort', this.#abort)
  }
}

/** What a refusal says, as far as people want to read it. */
async function beginning(lines: AsyncIterable<string>): Promise<string> {
  try {
    for await (const line of lines) return printable(line.trim().slice(0, MAX_SHOWN))
  } catch {
    // The status alone has to do.
  }
  return ''
}
