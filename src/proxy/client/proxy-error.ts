// SPDX-License-Identifier: MIT
// What went wrong with a request to a proxy. Users meet it as the `cause` of a DhtError.

import type { Outcome } from '../../core/events.ts'

export class ProxyError extends Error {
  /** Of the proxy. */
  readonly url: string
  /** Of HTTP; undefined when the proxy did not answer. */
  readonly status: number | undefined

  constructor(url: string, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'ProxyError'
    this.url = url
    this.status = options.status
  }

  /** Another proxy could not do better. */
  get isOurFault(): boolean {
    return this.status === 400 || this.status === 413 || this.status === 414
  }

  /** As operations name it. */
  get outcome(): Exclude<Outcome, 'ok'> {
    if (this.status === undefined || this.status === 503) return 'no-nodes'
    return this.status === 429 || this.status === 413 ? 'limit' : 'failed'
  }
}

export function unanswered(url: string, cause: unknown): ProxyError {
  const text = `proxy ${url} did not answer: ${describe(cause)}`
  return new ProxyError(url, text, { cause })
}

export function refused(url: string, status: number, body: string): ProxyError {
  const said = body === '' ? '' : `: ${body}`
  return new ProxyError(url, `proxy ${url} answered with status ${status}${said}`, { status })
}

/** `fetch` says little itself; what its cause says is what people look for. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { cause: inner } = cause
  return inner instanceof Error
    ? `${cause.message} (${inner.message || inner.name})`
    : cause.message
}
