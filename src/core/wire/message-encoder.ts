// SPDX-License-Identifier: MIT
// Messages to bytes, written in place into the outbox (spec wire, sections 2 to 8). Key order is
// upstream's, so that captured packets re-encode to themselves. One encoder per engine: it knows
// the own id, the network and the client flag.

import type { InfoHash } from '../id/info-hash.ts'
import type { Family, SocketAddress } from '../id/socket-address.ts'
import type { Query } from '../value/query.ts'
import { packQuery } from '../value/query-codec.ts'
import {
  type Answer,
  pad,
  writeAddress,
  writeAnswer,
  writeIds,
  writeValues,
} from './message-parts.ts'
import { MsgpackWriter } from './msgpack-writer.ts'

export interface EncoderConfig {
  readonly id: InfoHash
  readonly network: number
  readonly isClient: boolean
  /** Short text in `v`; peers read and ignore it. */
  readonly agent: string
}

export interface NodeLists {
  /** Compact nodes of 26 and 38 bytes; empty lists are left out. */
  readonly nodes4: Uint8Array
  readonly nodes6: Uint8Array
}

export class MessageEncoder {
  readonly #config: EncoderConfig
  readonly #extra: number
  /** How replies and requests begin: the same bytes every time but for the number of fields. */
  readonly #replyStart: Uint8Array
  readonly #requestStart: Uint8Array
  /** How messages end, by their kind. */
  readonly #tails: Readonly<Record<MarkedKind, Uint8Array>>

  constructor(config: EncoderConfig) {
    this.#config = config
    this.#extra = (config.network !== 0 ? 1 : 0) + (config.isClient ? 1 : 0)
    this.#replyStart = this.#start(4, 'r')
    this.#requestStart = this.#start(5, 'a')
    this.#tails = { q: this.#end('q'), r: this.#end('r'), e: this.#end('e') }
  }

  ping(w: MsgpackWriter, tid: number): void {
    this.#beginRequest(w, 1)
    this.#endRequest(w, 'ping', tid)
  }

  /**
   * `families`: what to ask for in `w`; left out when empty (answer has the carrying family).
   * `padding`: zeros under a key that means nothing, at most 255.
   */
  find(w: MsgpackWriter, tid: number, target: InfoHash, families: readonly Family[], padding = 0) {
    this.#beginRequest(w, 2 + Number(families.length > 0) + Number(padding > 0))
    w.key('target')
    w.hash(target)
    if (families.length > 0) {
      w.key('w')
      w.arrayHeader(families.length)
      for (const family of families) w.unsigned(family === 4 ? 2 : 10)
    }
    pad(w, padding)
    this.#endRequest(w, 'find', tid)
  }

  get(w: MsgpackWriter, tid: number, key: InfoHash, query: Query, padding = 0): void {
    this.#beginRequest(w, 3 + Number(padding > 0))
    w.key('h')
    w.hash(key)
    w.key('q')
    packQuery(w, query)
    pad(w, padding)
    this.#endRequest(w, 'get', tid)
  }

  /** `created`: seconds since the epoch; left out when undefined, which means "now" to the peer. */
  put(
    w: MsgpackWriter,
    tid: number,
    key: InfoHash,
    answer: Answer & { kind: 'values' | 'sizes' },
    token: string,
    created: number | undefined,
  ): void {
    this.#beginRequest(w, created === undefined ? 4 : 5)
    w.key('h')
    w.hash(key)
    writeValues(w, answer)
    if (created !== undefined) {
      w.key('c')
      w.unsigned(created)
    }
    writeToken(w, token)
    this.#endRequest(w, 'put', tid)
  }

  refresh(w: MsgpackWriter, tid: number, key: InfoHash, valueId: bigint, token: string): void {
    this.#beginRequest(w, 4)
    w.key('h')
    w.hash(key)
    w.key('vid')
    w.uint64(valueId)
    writeToken(w, token)
    this.#endRequest(w, 'refresh', tid)
  }

  listen(
    w: MsgpackWriter,
    tid: number,
    key: InfoHash,
    token: string,
    socketId: number,
    query: Query | undefined,
  ): void {
    this.#beginRequest(w, query === undefined ? 5 : 6)
    w.key('ve')
    w.unsigned(1)
    w.key('h')
    w.hash(key)
    writeToken(w, token)
    w.key('sid')
    w.unsigned(socketId)
    if (query !== undefined) {
      w.key('q')
      packQuery(w, query)
    }
    this.#endRequest(w, 'listen', tid)
  }

  /** Push of new or changed values to a listener. */
  update(
    w: MsgpackWriter,
    tid: number,
    key: InfoHash,
    socketId: number,
    answer: Answer & { kind: 'values' | 'sizes' },
    token: Uint8Array,
  ): void {
    this.#beginRequest(w, 6)
    w.key('ve')
    w.unsigned(1)
    w.key('h')
    w.hash(key)
    w.key('sid')
    w.unsigned(socketId)
    writeValues(w, answer)
    w.key('token')
    w.binary(token)
    this.#endRequest(w, 'update', tid)
  }

  /**
   * Push of ids that were refreshed (`re`) or that expired (`exp`); upstream leaves out `h`, `ve`.
   */
  updateIds(
    w: MsgpackWriter,
    tid: number,
    socketId: number,
    token: Uint8Array,
    key: 're' | 'exp',
    ids: readonly bigint[],
  ): void {
    w.mapHeader(5 + this.#extra)
    w.key('a')
    w.mapHeader(4)
    this.#writeId(w)
    w.key('sid')
    w.unsigned(socketId)
    w.key('token')
    w.binary(token)
    writeIds(w, key, ids)
    this.#tail(w, 'q')
    w.key('q')
    w.key('update')
    w.key('t')
    w.unsigned(tid)
  }

  /** Reply without content: to ping and update. */
  acknowledge(w: MsgpackWriter, tid: number, to: SocketAddress): void {
    this.#beginReply(w, 2)
    writeAddress(w, to)
    this.#endMessage(w, 'r', tid)
  }

  /** Reply to put and refresh. */
  stored(w: MsgpackWriter, tid: number, to: SocketAddress, valueId: bigint): void {
    this.#beginReply(w, 3)
    w.key('vid')
    w.uint64(valueId)
    writeAddress(w, to)
    this.#endMessage(w, 'r', tid)
  }

  /** Reply to listen. */
  listening(w: MsgpackWriter, tid: number, to: SocketAddress, token: Uint8Array): void {
    this.#beginReply(w, 3)
    writeAddress(w, to)
    w.key('token')
    w.binary(token)
    this.#endMessage(w, 'r', tid)
  }

  /** Reply to find, and to get with `answer`; also the value push to a version-0 listener. */
  nodes(
    w: MsgpackWriter,
    tid: number,
    to: SocketAddress,
    lists: NodeLists,
    token: Uint8Array,
    answer?: Answer,
  ): void {
    const has4 = lists.nodes4.length > 0
    const has6 = lists.nodes6.length > 0
    this.#beginReply(w, 3 + (has4 ? 1 : 0) + (has6 ? 1 : 0) + (answer === undefined ? 0 : 1))
    writeAddress(w, to)
    if (has4) {
      w.key('n4')
      w.binary(lists.nodes4)
    }
    if (has6) {
      w.key('n6')
      w.binary(lists.nodes6)
    }
    w.key('token')
    w.binary(token)
    if (answer !== undefined) writeAnswer(w, answer)
    this.#endMessage(w, 'r', tid)
  }

  /** `u` map: ids pushed to a version-0 listener; `tid` is the listener's socket id. */
  pushIds(
    w: MsgpackWriter,
    tid: number,
    token: Uint8Array,
    key: 're' | 'exp',
    ids: readonly bigint[],
  ): void {
    w.mapHeader(4 + this.#extra)
    w.key('u')
    w.mapHeader(3)
    this.#writeId(w)
    w.key('token')
    w.binary(token)
    writeIds(w, key, ids)
    this.#tail(w, 'r')
    w.key('t')
    w.unsigned(tid)
  }

  error(w: MsgpackWriter, tid: number, code: number, text: string): void {
    w.mapHeader(5 + this.#extra)
    w.key('e')
    w.arrayHeader(2)
    w.unsigned(code)
    w.text(text)
    w.key('r')
    w.mapHeader(1)
    this.#writeId(w)
    this.#endMessage(w, 'e', tid)
  }

  /** One piece of the value at `index`; `data` holds `length` bytes of it from `offset` on. */
  fragment(w: MsgpackWriter, tid: number, index: number, offset: number, data: Uint8Array): void {
    w.mapHeader(3 + this.#extra)
    if (this.#config.network !== 0) {
      w.key('n')
      w.unsigned(this.#config.network)
    }
    if (this.#config.isClient) {
      w.key('s')
      w.boolean(true)
    }
    w.key('y')
    w.key('p')
    w.key('t')
    w.unsigned(tid)
    w.key('p')
    w.mapHeader(1)
    w.unsigned(index)
    w.mapHeader(2)
    w.key('o')
    w.unsigned(offset)
    w.key('d')
    w.binary(data)
  }

  #beginRequest(w: MsgpackWriter, fields: number): void {
    writeStart(w, this.#requestStart, fields)
  }

  #endRequest(w: MsgpackWriter, name: string, tid: number): void {
    w.key('q')
    w.key(name)
    this.#endMessage(w, 'q', tid)
  }

  #beginReply(w: MsgpackWriter, fields: number): void {
    writeStart(w, this.#replyStart, fields)
  }

  #writeId(w: MsgpackWriter): void {
    w.key('id')
    w.hash(this.#config.id)
  }

  #endMessage(w: MsgpackWriter, kind: MarkedKind, tid: number): void {
    w.key('t')
    w.unsigned(tid)
    this.#tail(w, kind)
  }

  #tail(w: MsgpackWriter, kind: MarkedKind): void {
    w.raw(this.#tails[kind])
  }

  #start(items: number, content: 'a' | 'r'): Uint8Array {
    const w = new MsgpackWriter()
    w.mapHeader(items + this.#extra)
    w.key(content)
    w.mapHeader(0)
    this.#writeId(w)
    return w.take()
  }

  #end(kind: MarkedKind): Uint8Array {
    const w = new MsgpackWriter()
    w.key('y')
    w.key(kind)
    w.key('v')
    w.key(this.#config.agent)
    if (this.#config.network !== 0) {
      w.key('n')
      w.unsigned(this.#config.network)
    }
    if (this.#config.isClient) {
      w.key('s')
      w.boolean(true)
    }
    return w.take()
  }
}

/** What `y` says: request, reply or error. */
type MarkedKind = 'q' | 'r' | 'e'

/** Where the map below `a` or `r` begins, behind the outer map's header and that key. */
const FIELDS_AT = 3
/** Header of a map of up to 15 fields. */
const SMALL_MAP = 0x80

function writeStart(w: MsgpackWriter, start: Uint8Array, fields: number): void {
  start[FIELDS_AT] = SMALL_MAP | fields
  w.raw(start)
}

/** A token that a peer gave: they are kept as byte texts (`toByteText`). */
function writeToken(w: MsgpackWriter, token: string): void {
  w.key('token')
  w.byteText(token)
}
