// SPDX-License-Identifier: MIT
// What can be set for a client of proxies.

import { describeType } from '../../api/key.ts'
import type { ProxyFetch } from './ports.ts'
import { checkPush, type PushOptions } from './push.ts'

export interface ProxyOptions {
  /**
   * Proxies in the order of preference: `[scheme://]host[:port][/path]`, http unless given. One is
   * in use; another one takes over when it fails.
   */
  proxies: string | readonly string[]
  /** Listen through push notifications instead of open streams. */
  push?: PushOptions | undefined
  /** Sends requests; default the `fetch` of the platform. On Node.js, see `createProxyFetch`. */
  fetch?: ProxyFetch | undefined
  /** For an answer to begin, and between two parts of it. Default 30 s. */
  requestTimeoutMs?: number | undefined
  /** For a proxy to tell its state, before others are asked. Default 5 s. */
  checkTimeoutMs?: number | undefined
  /** How often the proxy in use is asked for its state. Default a minute. */
  checkIntervalMs?: number | undefined
  /** Keys that may be listened to at the same time. Default 16,384. */
  maxListens?: number | undefined
  /** Permanent puts at the same time. Default 65,536. */
  maxPermanent?: number | undefined
}

export interface CheckedProxyOptions {
  readonly urls: readonly string[]
  readonly push: PushOptions | undefined
  readonly fetch: ProxyFetch | undefined
  readonly requestTimeoutMs: number
  readonly checkTimeoutMs: number
  readonly checkIntervalMs: number
  readonly maxListens: number
  readonly maxPermanent: number
}

const MAX_MS = 2 ** 31 - 1
const MAX_PROXIES = 64

/** Throws TypeError or RangeError that names a wrong option. */
export function checkProxyOptions(options: ProxyOptions): CheckedProxyOptions {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object, as { proxies }: got ${describeType(options)}`)
  }
  const { push, fetch } = options
  if (fetch !== undefined && typeof fetch !== 'function') {
    throw new TypeError(`fetch must be a function: got ${describeType(fetch)}`)
  }
  return {
    urls: toUrls(options.proxies),
    push: push && checkPush(push),
    fetch,
    requestTimeoutMs: toCount('requestTimeoutMs', options.requestTimeoutMs ?? 30_000, MAX_MS),
    checkTimeoutMs: toCount('checkTimeoutMs', options.checkTimeoutMs ?? 5000, MAX_MS),
    checkIntervalMs: toCount('checkIntervalMs', options.checkIntervalMs ?? 60_000, MAX_MS),
    maxListens: toCount('maxListens', options.maxListens ?? 16_384, 2 ** 20),
    maxPermanent: toCount('maxPermanent', options.maxPermanent ?? 65_536, 2 ** 20),
  }
}

/** The form that requests are made of: with a scheme, without a slash at the end. */
export function toProxyUrl(text: string): string {
  if (typeof text !== 'string') {
    throw new TypeError(`proxies must be strings: got ${describeType(text)}`)
  }
  let url: URL
  try {
    url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  } catch (cause) {
    throw new TypeError(`proxies must be URLs, as https://host:port: got "${text}"`, { cause })
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`proxies must be reached over http or https: got "${text}"`)
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`proxies must have no user, query or fragment: got "${url.origin}…"`)
  }
  return url.href.replace(/\/+$/, '')
}

function toUrls(proxies: ProxyOptions['proxies']): string[] {
  const list = typeof proxies === 'string' ? [proxies] : proxies
  if (!Array.isArray(list)) {
    throw new TypeError(`proxies must be a URL or an array of them: got ${describeType(proxies)}`)
  }
  if (list.length === 0 || list.length > MAX_PROXIES) {
    throw new RangeError(`proxies must be 1 to ${MAX_PROXIES}: got ${list.length}`)
  }
  return [...new Set(list.map(toProxyUrl))]
}

function toCount(name: string, value: number, max: number): number {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number: got ${describeType(value)}`)
  }
  if (Number.isInteger(value) && value >= 1 && value <= max) return value
  throw new RangeError(`${name} must be a whole number of 1 to ${max}: got ${value}`)
}
