// SPDX-License-Identifier: MIT
// Requests to the proxy that this page came from. The token of the dashboard, if there is one, is
// kept for as long as the page is open, and sent only where it is needed.

import { signal } from '@preact/signals'

/** Beside the page, also when a reverse proxy puts both into a folder. */
const BASE = new URL('../', location.href.split('#')[0])
const TIMEOUT_MS = 15_000

export const token = signal('')

export class RequestError extends Error {
  /** 0 when there was no answer at all. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'RequestError'
    this.status = status
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
  throw new RequestError(response.status, await errorText(response))
}

/** The JSON of the answer, which has to come soon. */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit])
  try {
    const response = await request(path, { ...options, signal })
    return (await response.json()) as T
  } catch (error) {
    if (limit.aborted) throw new RequestError(0, `No answer within ${TIMEOUT_MS / 1000} s`)
    throw error
  }
}

/** The lines of a body as they come. `onBytes` hears of everything, blank lines too. */
export async function* linesOf(response: Response, onBytes?: () => void): AsyncGenerator<string[]> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of response.body) {
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
