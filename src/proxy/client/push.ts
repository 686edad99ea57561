// SPDX-License-Identifier: MIT
// Push notifications in place of streams: for devices that may not keep connections open. The
// proxy is told where to send them, and what arrives on the device is handed in by the application.

import { describeType } from '../../api/key.ts'
import type { ProxyPorts } from './ports.ts'

/** How proxies reach the device of this client. */
export interface PushOptions {
  /** Of the device: what the push service calls it; for UnifiedPush, the URL of its endpoint. */
  token: string
  /** Names this client among those of the device. Default a random one. */
  clientId?: string | undefined
  /** Of the application. */
  topic?: string | undefined
  platform?: 'android' | 'ios' | 'unifiedpush' | 'webpush' | undefined
}

/** What a notification led to. */
export type PushOutcome =
  /** It concerns nothing that this client knows. */
  | 'ignored'
  /** It is for another client, or for an earlier run of this one. */
  | 'wrong-session'
  | 'put-refreshed'
  | 'listen-refreshed'
  /** The values of a key were fetched anew. */
  | 'values'
  | 'values-expired'
  /** It cannot be read, or what it asked for failed. */
  | 'error'

/** The `data` of a notification: fields of text, or of what JSON knows. */
export type PushData = Readonly<Record<string, unknown>>

/** What proxies are told about this client. */
export class PushIdentity {
  readonly clientId: string
  readonly sessionId: string
  readonly topic: string
  readonly platform: string
  #token: string

  constructor(options: PushOptions, ports: ProxyPorts) {
    const { token, topic = '', platform = '' } = options
    this.#token = token
    this.clientId = options.clientId ?? randomText(ports)
    this.sessionId = randomText(ports)
    this.topic = topic
    this.platform = platform
  }

  get token(): string {
    return this.#token
  }

  /** Returns whether it is another one. */
  setToken(token: string): boolean {
    const isNew = token !== this.#token
    this.#token = token
    return isNew
  }

  /** The fields of all requests that concern notifications. */
  fields(): {
    key: string
    client_id: string
    session_id: string
    topic: string
    platform: string
  } {
    return {
      key: this.#token,
      client_id: this.clientId,
      session_id: this.sessionId,
      topic: this.topic,
      platform: this.platform,
    }
  }
}

/** Throws TypeError for a wrong option. */
export function checkPush(push: PushOptions): PushOptions {
  if (typeof push !== 'object' || push === null) {
    throw new TypeError(`push must be an object, as { token }: got ${describeType(push)}`)
  }
  checkToken(push.token)
  for (const name of ['clientId', 'topic', 'platform'] as const) {
    const text = push[name]
    if (text !== undefined && typeof text !== 'string') {
      throw new TypeError(`push.${name} must be a string: got ${describeType(text)}`)
    }
  }
  return push
}

export function checkToken(token: string): string {
  if (typeof token === 'string' && token !== '') return token
  const got = token === '' ? 'an empty one' : describeType(token)
  throw new TypeError(`token must be a string that is not empty: got ${got}`)
}

const LENGTH = 8
/** Of printable ASCII, from `!` on. */
const FIRST = 0x21
const COUNT = 94

function randomText(ports: ProxyPorts): string {
  const bytes = ports.randomBytes(LENGTH)
  return String.fromCharCode(...Array.from(bytes, (byte) => FIRST + (byte % COUNT)))
}
