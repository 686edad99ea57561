// SPDX-License-Identifier: MIT
// Sends to endpoints of devices: UnifiedPush, and the push services of browsers (RFC 8030). Each
// endpoint is a destination of its own, one message per request. Their URLs come from strangers.

import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { printable } from '../../../core/value/printable.ts'
import { toJsonText } from '../../protocol/json-text.ts'
import type { Clock } from '../store/clock.ts'
import type { PushTarget } from '../store/records.ts'
import type { Destination, SendOutcome } from './delivery.ts'
import type { EndpointGuard } from './endpoint-guard.ts'
import { TIME_TO_LIVE_S } from './gateway-item.ts'
import { type PostReply, post } from './http-post.ts'
import {
  type DeviceKeys,
  encryptMessage,
  MAX_PLAINTEXT_BYTES,
  readDeviceKeys,
} from './message-encryption.ts'
import { isUrgent, type Notification, notificationData } from './notification.ts'
import type { Vapid } from './vapid.ts'

/** Notifications that wait for one endpoint: more than its subscriptions that change at once. */
const MAX_QUEUED = 256
/** Connections to one push service, and idle ones that are kept in all. */
const MAX_SOCKETS = 16
const MAX_FREE_SOCKETS = 64
const TIMEOUT_MS = 15_000
/** Who refuses so many in a row is no push service, or knows the device no more. */
const MAX_REFUSALS = 10
/** Endpoints whose refusals are counted; the oldest is forgotten. */
const MAX_COUNTED = 10_000
const MAX_REPLY_BYTES = 1024

export interface EndpointOptions {
  readonly guard: EndpointGuard
  readonly vapid: Vapid
  readonly clock: Clock
}

export class Endpoints {
  readonly #options: EndpointOptions
  readonly #agent: Agent
  readonly #secureAgent: SecureAgent
  readonly #refusals = new Map<string, number>()

  constructor(options: EndpointOptions) {
    this.#options = options
    const settings = {
      keepAlive: true,
      maxSockets: MAX_SOCKETS,
      maxFreeSockets: MAX_FREE_SOCKETS,
      timeout: TIMEOUT_MS,
      lookup: options.guard.lookup,
    }
    this.#agent = new Agent(settings)
    this.#secureAgent = new SecureAgent(settings)
  }

  destinationOf(endpoint: string): Destination {
    return {
      name: `endpoint ${endpoint}`,
      batchSize: 1,
      maxQueued: MAX_QUEUED,
      send: async (batch) => this.#counted(endpoint, await this.#send(batch[0]!)),
    }
  }

  close(): void {
    this.#agent.destroy()
    this.#secureAgent.destroy()
  }

  /** Strangers might name a host that never asked for our requests: it gets few of them. */
  #counted(endpoint: string, outcome: SendOutcome): SendOutcome {
    const refusals = (this.#refusals.get(endpoint) ?? 0) + 1
    this.#refusals.delete(endpoint)
    if (outcome.kind === 'sent' || outcome.kind === 'gone') return outcome
    if (refusals >= MAX_REFUSALS && outcome.kind === 'refused') return { kind: 'gone' }
    if (this.#refusals.size >= MAX_COUNTED) {
      this.#refusals.delete(this.#refusals.keys().next().value!)
    }
    this.#refusals.set(endpoint, outcome.kind === 'refused' ? refusals : refusals - 1)
    return outcome
  }

  async #send(notification: Notification): Promise<SendOutcome> {
    const { target, event } = notification
    const { guard, clock, vapid } = this.#options
    // Again: the option may have changed since the subscription was stored.
    const complaint = guard.complaint(target.token)
    if (complaint !== undefined) return { kind: 'refused', reason: `endpoint is not ${complaint}` }
    const url = new URL(target.token)
    const keys = deviceKeys(target)
    if (keys === 'unusable') return { kind: 'refused', reason: 'keys of an endpoint are unusable' }
    const plain = Buffer.from(toJsonText(notificationData(notification, '4.3')))
    if (plain.length > MAX_PLAINTEXT_BYTES) {
      return { kind: 'refused', reason: 'notification is too long for an endpoint' }
    }
    const headers: Record<string, string> = {
      Accept: '*/*',
      'Content-Type': 'application/json',
      TTL: `${TIME_TO_LIVE_S}`,
      Urgency: isUrgent(event) ? 'high' : 'normal',
    }
    if (keys !== undefined) headers['Content-Encoding'] = 'aes128gcm'
    if (target.platform === 'webpush') {
      headers['Authorization'] = vapid.authorization(url.origin, clock.now())
    }
    const body = keys === undefined ? plain : encryptMessage(plain, keys)
    const agent = url.protocol === 'https:' ? this.#secureAgent : this.#agent
    const limits = { timeoutMs: TIMEOUT_MS, maxReplyBytes: MAX_REPLY_BYTES }
    try {
      return outcomeOf(await post({ url, headers, body, agent, ...limits }))
    } catch (error) {
      return failure(error, url)
    }
  }
}

/** Keys of a target; undefined when its messages are sent in plain text. */
export function deviceKeys({
  platform,
  topic,
  keys,
}: PushTarget): DeviceKeys | undefined | 'unusable' {
  // UnifiedPush clients of OpenDHT give them as the topic: `p256dh|auth`.
  const [p256dh = '', auth] = topic.split('|')
  const isInTopic = platform === 'unifiedpush' && auth !== undefined
  if (keys === undefined && !isInTopic) return platform === 'webpush' ? 'unusable' : undefined
  const given = keys ?? { p256dh, auth: auth! }
  return readDeviceKeys(given.p256dh, given.auth) ?? 'unusable'
}

function outcomeOf({ status, retryAfterMs, body }: PostReply): SendOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent' }
  if (status === 404 || status === 410) return { kind: 'gone' }
  const reason = `endpoint: status ${status} ${printable(body.slice(0, 200))}`
  if (status === 429 || status >= 500) return { kind: 'retry', reason, afterMs: retryAfterMs }
  return { kind: 'refused', reason }
}

function failure(error: unknown, url: URL): SendOutcome {
  const { code = '', message } = error as NodeJS.ErrnoException
  const reason = `endpoint at ${url.host}: ${message === '' ? code : message}`
  return { kind: code === 'ERR_ENDPOINT_REFUSED' ? 'refused' : 'retry', reason }
}
