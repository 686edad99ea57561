// SPDX-License-Identifier: MIT
// Client of a gorush gateway, which passes notifications on to the push services of Android and
// iOS. A request carries as many as wait. Gorush names the tokens that failed when it is configured
// with `core.sync: true`; otherwise it only says that it took them.

import { createHash } from 'node:crypto'
import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { printable } from '../../../core/value/printable.ts'
import { toJsonText } from '../../protocol/json-text.ts'
import type { Clock } from '../store/clock.ts'
import type { Destination, SendOutcome } from './delivery.ts'
import { gatewayItem } from './gateway-item.ts'
import { type PostReply, post } from './http-post.ts'
import type { Notification, PushFormat } from './notification.ts'

/** A gateway takes so many by default (`core.max_notification`). */
const BATCH_SIZE = 100
/** Requests at a time, as lanes: the notifications of a device all use the same. */
const LANES = 4
const MAX_QUEUED = 5000
const TIMEOUT_MS = 30_000
const MAX_REPLY_BYTES = 1024 * 1024

/** What push services say of tokens that they will never take again, in gorush's words. */
const DEAD =
  /not ?registered|unregistered|invalid ?registration|entity was not found|bad ?device ?token/i

export class Gateway {
  readonly #url: URL
  readonly #format: PushFormat
  readonly #clock: Clock
  readonly #agent: Agent
  readonly #lanes: Destination[]

  /** `server` as in `parseGateway`. */
  constructor(server: string, format: PushFormat, clock: Clock) {
    this.#url = parseGateway(server)
    this.#format = format
    this.#clock = clock
    const options = { keepAlive: true, maxSockets: LANES }
    this.#agent = this.#url.protocol === 'https:' ? new SecureAgent(options) : new Agent(options)
    this.#lanes = Array.from({ length: LANES }, (_, index) => ({
      name: `gateway ${index}`,
      batchSize: BATCH_SIZE,
      maxQueued: MAX_QUEUED,
      isOurs: true,
      send: (batch) => this.#send(batch),
    }))
  }

  destinationOf(token: string): Destination {
    return this.#lanes[createHash('sha1').update(token).digest()[0]! % LANES]!
  }

  close(): void {
    this.#agent.destroy()
  }

  async #send(batch: readonly Notification[]): Promise<SendOutcome> {
    const now = this.#clock.now()
    const notifications = batch.map((it) => gatewayItem(it, this.#format, now))
    const headers = { Accept: '*/*', 'Content-Type': 'application/json' }
    const body = toJsonText({ notifications })
    const request = { url: this.#url, headers, body, agent: this.#agent }
    const limits = { timeoutMs: TIMEOUT_MS, maxReplyBytes: MAX_REPLY_BYTES }
    try {
      return outcomeOf(await post({ ...request, ...limits }), batch)
    } catch (error) {
      return { kind: 'retry', reason: `push gateway ${this.#url.host}: ${messageOf(error)}` }
    }
  }
}

/**
 * Where a gateway takes notifications: `host:port`, `port` for one on this machine, or a URL, whose
 * path is kept if it has one. Throws TypeError for anything else.
 */
export function parseGateway(server: string): URL {
  const isPort = /^\d+$/.test(server)
  const text = isPort ? `http://localhost:${server}` : server
  const full = /^https?:\/\//i.test(text) ? text : `http://${text}`
  if (server === '' || !URL.canParse(full)) {
    throw new TypeError(
      `push server must be host:port, a port or an http(s) URL: got ${JSON.stringify(server)}`,
    )
  }
  const url = new URL(full)
  if (url.pathname === '/') url.pathname = '/api/push'
  return url
}

function outcomeOf(
  { status, retryAfterMs, body }: PostReply,
  batch: readonly Notification[],
): SendOutcome {
  if (status === 200) return { kind: 'sent', dead: deadTokens(body, batch) }
  const reason = `push gateway: status ${status} ${printable(body.slice(0, 200))}`
  if (status === 429 || status >= 500) return { kind: 'retry', reason, afterMs: retryAfterMs }
  return { kind: 'refused', reason, mayBePart: status === 400 || status === 413 }
}

function deadTokens(body: string, batch: readonly Notification[]): string[] {
  return readLogs(body).flatMap(({ token, error }) => {
    if (typeof token !== 'string' || typeof error !== 'string' || !DEAD.test(error)) return []
    const meant = batch.filter(({ target }) => isShownAs(target.token, token))
    const tokens = [...new Set(meant.map(({ target }) => target.token))]
    return tokens.length === 1 ? tokens : []
  })
}

function readLogs(body: string): { token?: unknown; error?: unknown }[] {
  try {
    const { logs } = JSON.parse(body)
    return Array.isArray(logs) ? logs.filter((it) => typeof it === 'object' && it !== null) : []
  } catch {
    // A gateway of another kind took them all the same: it said 200.
    return []
  }
}

/** Gorush hides the ends of tokens behind asterisks unless it is told not to. */
function isShownAs(token: string, shown: string): boolean {
  if (token === shown) return true
  if (token.length !== shown.length || !/[^*]/.test(shown)) return false
  return [...shown].every((char, index) => char === '*' || char === token[index])
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Of several addresses that were tried, none has the last word.
  return error.message === '' ? String((error as NodeJS.ErrnoException).code) : error.message
}
