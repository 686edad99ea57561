// SPDX-License-Identifier: MIT
// One decoded datagram. A single scratch object per engine is filled again for every packet, so
// that the request path allocates nothing: whoever keeps something of it copies it.

import { InfoHash } from '../id/info-hash.ts'
import { EMPTY_BYTES } from '../util/bytes.ts'
import type { Query } from '../value/query.ts'
import { MsgpackReader } from './msgpack-reader.ts'

export const Kind = {
  Unknown: 0,
  Ping: 1,
  Find: 2,
  Get: 3,
  Put: 4,
  Refresh: 5,
  Listen: 6,
  Update: 7,
  Reply: 8,
  Error: 9,
  /** Pieces of the values of an earlier message. */
  Fragment: 10,
  /** `u` map: push to a version-0 listener. */
  Push: 11,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/** Names for counters, logs and traces, by `Kind`. */
export const KIND_NAMES: readonly string[] = [
  'unknown',
  'ping',
  'find',
  'get',
  'put',
  'refresh',
  'listen',
  'update',
  'reply',
  'error',
  'fragment',
  'push',
]

/** Wanted families as bits of `Message.want`. */
export const WANT_IPV4 = 1
export const WANT_IPV6 = 2

/** A byte range of the datagram; `length` is -1 when the field was absent. */
export interface Span {
  offset: number
  length: number
}

export class Message {
  /** The datagram; the ranges and offsets below point into it. */
  source: Uint8Array = EMPTY_BYTES
  /** For handlers that parse the lazily decoded parts. */
  readonly reader = new MsgpackReader(EMPTY_BYTES)
  kind: Kind = Kind.Unknown
  tid = 0
  network = 0
  /** `s`: the sender is a client-only node. */
  isClient = false
  /** Sender; zero when absent. Scratch object, like `hash` and `target`. */
  readonly id = new InfoHash()
  readonly hash = new InfoHash()
  readonly target = new InfoHash()
  /** Wanted families (WANT_* bits); -1 when `w` was absent. */
  want = -1
  /** Empty when absent. A view into the datagram. */
  token: Uint8Array = EMPTY_BYTES
  /** Value id of a refresh or of an acknowledgement. */
  valueId: bigint | undefined = undefined
  socketId = 0
  /** Listen protocol version. */
  version = 0
  /** Creation time of values in seconds since the epoch; undefined when absent. */
  created: number | undefined = undefined
  query: Query | undefined = undefined
  /** Number of elements of `values`, -1 when absent; `valuesOffset` is that of the first one. */
  valueCount = -1
  valuesOffset = 0
  /** Some element of `values` is a size: the value follows in fragments. */
  hasSizes = false
  /** Reassembled values, by index in `values`; set by the reassembly only. */
  parts: (Uint8Array | undefined)[] | undefined = undefined
  /** Offset of the `fileds` map, -1 when absent. */
  fieldsOffset = -1
  expired: bigint[] | undefined = undefined
  refreshed: bigint[] | undefined = undefined
  readonly nodes4: Span = { offset: 0, length: -1 }
  readonly nodes6: Span = { offset: 0, length: -1 }
  /** Our own address as the sender sees it; other lengths than 4 and 16 are left out. */
  readonly ownAddress: Span = { offset: 0, length: -1 }
  errorCode = 0
  /** Entries of the fragment map; `fragmentsOffset` is that of the first one. */
  fragmentCount = 0
  fragmentsOffset = 0
}
