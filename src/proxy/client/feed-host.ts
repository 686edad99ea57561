// SPDX-License-Identifier: MIT
// What the feeds of all keys share, and how they read values.

import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Value } from '../../core/value/value.ts'
import { checkValueSize } from '../../core/value/value-size.ts'
import { type JsonInput, parseJson } from '../protocol/json-reader.ts'
import { requireObject, valueFromJson } from '../protocol/value-json.ts'
import type { ProxyCounters } from './counters.ts'
import type { Endpoint } from './endpoint.ts'
import type { ProxyPorts } from './ports.ts'
import type { ProxyHttp } from './proxy-http.ts'
import type { ProxyPool } from './proxy-pool.ts'
import type { Slots } from './slots.ts'

export interface FeedHost {
  readonly pool: ProxyPool
  readonly http: ProxyHttp
  readonly ports: ProxyPorts
  readonly counters: ProxyCounters
  readonly requestTimeoutMs: number
  /** For streams that are being opened: after a failure there may be thousands. */
  readonly opening: Slots
  /** All values under a key, from the given proxy. Rejects with ProxyError unless it is whole. */
  getAll(proxy: Endpoint, key: InfoHash, signal: AbortSignal): Promise<Value[]>
}

export interface StreamLine {
  /** Where to go on after it; proxies of our own alone have it. */
  readonly cursor: string | undefined
  /** `reset`: all that exists follows. `sync`: that was all. */
  readonly mark: 'reset' | 'sync' | undefined
  /** Undefined in lines that are marks. */
  readonly value: Value | undefined
  readonly expired: boolean
}

const MAX_CURSOR = 64

/** `end` for the empty object, which ends a stream; undefined for what is no line of a stream. */
export function readStreamLine(line: string): StreamLine | 'end' | undefined {
  try {
    const json = requireObject(parseJson(line))
    if (Object.keys(json).length === 0) return 'end'
    const cursor = toCursor(json['cursor'])
    if (json['id'] === undefined && cursor !== undefined) {
      const mark = json['reset'] === true ? 'reset' : json['sync'] === true ? 'sync' : undefined
      return { cursor, mark, value: undefined, expired: false }
    }
    const value = valueFromJson(json)
    if (value.id === 0n) return undefined
    checkValueSize(value)
    return { cursor, mark: undefined, value, expired: json['expired'] === true }
  } catch {
    // Whatever a proxy sends, it is one value less.
    return undefined
  }
}

function toCursor(json: JsonInput | undefined): string | undefined {
  return typeof json === 'string' && json.length <= MAX_CURSOR ? json : undefined
}
