// SPDX-License-Identifier: MIT
// Requests to the proxy that this page came from. The token of the dashboard, if there is one, is
// kept for as long as the page is open, and sent only where it is needed.

import { signal } from '@preact/signals'
import { chunksOf } from '../data/chunks-of.ts'

/** Beside the page, also when a reverse proxy puts both into a folder. */
const BASE = new URL('../', location.href.split('#')[0])
const TIMEOUT_MS = 15_000
/** Of what takes its time: a get that asks many nodes, an export of many values. */
export const LONG_TIMEOUT_MS = 60_000
const MAX_RETRY_AFTER_MS = 60_000

export const token = signal('')

export class RequestError extends Error {
  /** 0 when there was no answer at all. */
  readonly status: number
  /** How long the server wants to be left alone; 0 when it did not say. */
  readonly retryAfterMs: number

  constructor(status: number, message: string, retryAfterMs = 0) {
    super(message)
    this.name = 'RequestError'
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

export function urlOf(path: string): URL {
  return new URL(path, BASE)
}

export interface RequestOptions {
  readonly method?: string
  readonly body?: string
  readonly signal?: AbortSignal
  /** With the token: for what not everybody may do. */
  readonly isPrivate?: boolean
  readonly accept?: string
}

/** The headers of the answer are there; rejects with RequestError for all but success. */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', body, signal, isPrivate = false, accept } = options
  const headers = new Headers()
  if (isPrivate && token.value !== '') headers.set('Authorization', `Bearer ${token.value}`)
  if (body !== undefined) headers.set('Content-Type', 'application/json')
  if (accept !== undefined) headers.set('Accept', accept)
  let response: Response
  try {
    response = await fetch(urlOf(path), {
      method,
      headers,
      cache: 'no-store',
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new RequestError(0, 'The proxy does not answer')
  }
  if (response.ok) return response
  const seconds = Number(response.headers.get('Retry-After') ?? 0)
  const retryAfterMs = seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : 0
  throw new RequestError(response.status, await errorText(response), retryAfterMs)
}

/**
 * Runs what has to be done in time, with a signal that ends it: that of the caller, or ours.
 * Rejects with RequestError when it took too long.
 */
export async function within<T>(
  timeoutMs: number,
  stop: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), timeoutMs)
  try {
    return await run(stop === undefined ? limit.signal : AbortSignal.any([stop, limit.signal]))
  } catch (error) {
    if (limit.signal.aborted) throw new RequestError(0, `No answer within ${timeoutMs / 1000} s`)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** The JSON of the answer, which has to come soon. */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return within(TIMEOUT_MS, options.signal, async (signal) => {
    const response = await request(path, { ...options, signal })
    return (await response.json()) as T
  })
}

/** The pause before another attempt: as long as the server wants, if that is longer. */
export function pauseBefore(pauseMs: number, failure: unknown): number {
  return Math.max(pauseMs, failure instanceof RequestError ? failure.retryAfterMs : 0)
}

/** Ends early when `stop` is aborted. */
export function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      stop.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    stop.addEventListener('abort', end)
  })
}

/** The lines of a body as they come. `onBytes` hears of everything, blank lines too. */
export async function* linesOf(response: Response, onBytes?: () => void): AsyncGenerator<string[]> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of chunksOf(response.body)) {
    onBytes?.()
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = parts.pop()!
    if (parts.length > 0) yield parts
  }
  if (rest !== '') yield [rest]
}

async function errorText(response: Response): Promise<string> {
  const text = await response.text().catch(() => '')
  try {
    const { err } = JSON.parse(text) as { err?: unknown }
    if (typeof err === 'string' && err !== '') return err
  } catch {
    // Not one of our errors: somebody stands in between.
  }
  return `The proxy answered with status ${response.status}`
}
