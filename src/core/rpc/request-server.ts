// SPDX-License-Identifier: MIT
// Answers requests of peers (spec wire, section 4): one method per request. Everything that changes
// state asks for a token first; nothing here throws for what a peer sent, except WireError.

import { IP_UDP_HEADER_BYTES, MAX_BESIEGERS, SEARCH_NODES, TARGET_NODES } from '../constants.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { Family, SocketAddress } from '../id/socket-address.ts'
import type { NetworkEngine } from '../net/network-engine.ts'
import type { Node } from '../net/node.ts'
import type { RoutingTable } from '../routing/routing-table.ts'
import type { ListenSockets } from '../search/listen-sockets.ts'
import type { KeyStorage } from '../storage/key-storage.ts'
import type { Listeners } from '../storage/listeners.ts'
import type { Storage } from '../storage/storage.ts'
import type { StoredValue } from '../storage/stored-value.ts'
import { ByteSlab } from '../util/byte-slab.ts'
import { type FieldSource, packFields } from '../value/field-value-index.ts'
import { Field, QUERY_ALL, type Query } from '../value/query.ts'
import { compactNodeBytes, writeCompactNodes } from '../wire/compact-nodes.ts'
import { Kind, type Message, WANT_IPV4, WANT_IPV6 } from '../wire/message.ts'
import type { NodeLists } from '../wire/message-encoder.ts'
import type { Answer } from '../wire/message-parts.ts'
import { answerWithValues, readValues } from '../wire/value-list.ts'
import { HeldRequests } from './held-requests.ts'
import type { ListenerUpdates } from './listener-updates.ts'

/** Texts of the protocol's errors; peers only look at the code. */
const ERRORS = {
  203: 'The request lacks a key or a valid value id',
  401: 'The token is missing or wrong',
  404: 'Nothing is stored under this key',
} as const

/** A field list travels in one datagram, with some room for the envelope. */
const MAX_FIELD_LIST_BYTES = 60_000
/** More values do not fit into a field list even with only their ids. */
const MAX_LISTED_VALUES = MAX_FIELD_LIST_BYTES / 4
/** Values of one answer; what is beyond can be asked for by id. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024

export interface ServerContext {
  readonly net: NetworkEngine
  readonly storage: Storage
  readonly listeners: Listeners
  readonly updates: ListenerUpdates
  readonly sockets: ListenSockets
  /** Undefined for a family without socket. */
  table(family: Family): RoutingTable | undefined
  /** Wall time in milliseconds of an instant of the engine's clock. */
  wallMs(now: number): number
}

export class RequestServer {
  readonly #context: ServerContext
  readonly #net: NetworkEngine
  readonly held: HeldRequests
  readonly #amplification: number
  /** For the request that is being handled. */
  #maxAnswerBytes = Number.POSITIVE_INFINITY
  /** Answers with fewer nodes than are known, or without the values. */
  shortened = 0
  /** Errors sent, by code. */
  readonly errors = { 203: 0, 401: 0, 404: 0 }

  constructor(context: ServerContext) {
    this.#context = context
    this.#net = context.net
    this.held = new HeldRequests(context.net)
    const { maxAmplification } = context.net.config
    this.#amplification = maxAmplification < 0 ? Number.POSITIVE_INFINITY : maxAmplification
  }

  handle(message: Message, node: Node, from: SocketAddress, now: number): void {
    this.#maxAnswerBytes = node.isProven(from, now)
      ? Number.POSITIVE_INFINITY
      : this.#forgeableBytes(message, node)
    // Whatever the request is, there is an answer to it.
    node.answeredAt = now
    switch (message.kind) {
      case Kind.Ping:
        return this.#acknowledge(message, from)
      case Kind.Find:
        return this.#answer(message, message.target, from, undefined, now)
      case Kind.Get:
        return this.#get(message, from, now)
      case Kind.Put:
        return this.#put(message, from, now)
      case Kind.Refresh:
        return this.#refresh(message, from, now)
      case Kind.Listen:
        return this.#listen(message, node, from, now)
      case Kind.Update:
        this.#acknowledge(message, from)
        return this.#context.sockets.onUpdate(message, node, from, now)
      default:
        // Pushes to version-0 listeners: we never register as one.
        return
    }
  }

  /** How long an answer to what may be forged may be. */
  #forgeableBytes({ source }: Message, node: Node): number {
    const asked = source.length + IP_UDP_HEADER_BYTES
    // A newcomer was pinged just now.
    const sent = node.pendingRequests > 0 ? PING_BYTES : 0
    return this.#amplification * asked - sent - IP_UDP_HEADER_BYTES
  }

  /** Whether a put or update with announced values may open a reassembly. */
  expectsValues(message: Message, from: SocketAddress): boolean {
    if (message.kind === Kind.Put) return this.#hasToken(message, from)
    return message.kind === Kind.Update && this.#context.sockets.expects(message, from)
  }

  #get(message: Message, from: SocketAddress, now: number): void {
    if (message.hash.isZero) return this.#refuse(message, from, 203)
    const key = this.#context.storage.find(message.hash)
    const answer = key && findAnswer(key, message.query ?? QUERY_ALL)
    this.#answer(message, message.hash, from, answer, now)
  }

  #put(message: Message, from: SocketAddress, now: number): void {
    if (message.hash.isZero) return this.#refuse(message, from, 203)
    if (!this.#hasToken(message, from)) return this.#refuse(message, from, 401)
    if (message.valueCount < 0) return
    const isNear = this.#isNear(message.hash, from.family, now)
    const createdAt = this.#createdAt(message, now)
    const key = message.hash.clone()
    for (const value of readValues(message, SLAB)) {
      if (value.id === 0n) return this.#refuse(message, from, 203)
      if (isNear) this.#context.storage.put(key, value, { createdAt, from, now })
      this.#net.encoder.stored(this.#net.outbox.writer, message.tid, from, value.id)
      this.#net.commit(from)
    }
  }

  #refresh(message: Message, from: SocketAddress, now: number): void {
    if (message.hash.isZero) return this.#refuse(message, from, 203)
    if (!this.#hasToken(message, from)) return this.#refuse(message, from, 401)
    const valueId = message.valueId ?? 0n
    // Unlike upstream an unknown id is refused even when its key is known: the peer then puts.
    if (!this.#context.storage.refresh(message.hash, valueId, now)) {
      return this.#refuse(message, from, 404)
    }
    this.#net.encoder.stored(this.#net.outbox.writer, message.tid, from, valueId)
    this.#net.commit(from)
  }

  #listen(message: Message, node: Node, from: SocketAddress, now: number): void {
    if (message.hash.isZero) return this.#refuse(message, from, 203)
    if (!this.#hasToken(message, from)) return this.#refuse(message, from, 401)
    const { listeners, updates } = this.#context
    const { socketId, version, tid } = message
    const query = message.query ?? QUERY_ALL
    const key = message.hash.clone()
    const result = listeners.add(key, node, { socketId, version, query }, now)
    // At a limit the peer gets no answer, and registers elsewhere.
    if (result === 'refused') return
    // What is stored already is pushed before the answer, as upstream does.
    const listener = listeners.find(key, node, socketId)!
    if (result === 'added') updates.pushExisting(listener, now)
    else updates.pushMissed(listener, now)
    const token = this.#net.tokens.issue(from)
    this.#net.encoder.listening(this.#net.outbox.writer, tid, from, token)
    this.#net.commit(from)
  }

  #answer(
    message: Message,
    target: InfoHash,
    from: SocketAddress,
    answer: Answer | undefined,
    now: number,
  ): void {
    const lists = this.nodeLists(target, wanted(message, from.family), now)
    const token = this.#net.tokens.issue(from)
    const { encoder, outbox, fragments } = this.#net
    const { writer } = outbox
    const start = writer.position
    encoder.nodes(writer, message.tid, from, lists, token, answer)
    // Values in fragments are longer than any request.
    const isShort = answer?.kind !== 'sizes' && writer.position - start <= this.#maxAnswerBytes
    if (!isShort && this.#maxAnswerBytes !== Number.POSITIVE_INFINITY) {
      writer.position = start
      if (answer !== undefined && this.held.hold(message, from, now)) return
      return this.#answerBriefly(message, from, lists, token)
    }
    this.#net.commit(from)
    if (answer?.kind === 'sizes') fragments.send(from, message.tid, answer.packed, now)
  }

  /** As many nodes as whoever may be a forger gets, of the family that carries the answer first. */
  #answerBriefly(message: Message, from: SocketAddress, lists: NodeLists, token: Uint8Array): void {
    const { encoder, outbox } = this.#net
    const { writer } = outbox
    const start = writer.position
    encoder.nodes(writer, message.tid, from, { nodes4: NO_NODES, nodes6: NO_NODES }, token)
    let room = this.#maxAnswerBytes - (writer.position - start)
    writer.position = start
    const cut = (list: Uint8Array, family: Family): Uint8Array => {
      const size = compactNodeBytes(family)
      const count = Math.max(0, Math.floor((room - LIST_OVERHEAD_BYTES) / size))
      const some = list.subarray(0, count * size)
      if (some.length > 0) room -= some.length + LIST_OVERHEAD_BYTES
      return some
    }
    const other = from.family === 4 ? 6 : 4
    const own = cut(from.family === 4 ? lists.nodes4 : lists.nodes6, from.family)
    const rest = cut(other === 4 ? lists.nodes4 : lists.nodes6, other)
    const brief = from.family === 4 ? { nodes4: own, nodes6: rest } : { nodes4: rest, nodes6: own }
    encoder.nodes(writer, message.tid, from, brief, token)
    this.#net.commit(from)
    this.shortened++
  }

  /**
   * The closest good nodes of the families in `want`, in compact form; valid until the next call.
   */
  nodeLists(target: InfoHash, want: number, now: number): NodeLists {
    return {
      nodes4: want & WANT_IPV4 ? this.#compact(target, 4, now) : NO_NODES,
      nodes6: want & WANT_IPV6 ? this.#compact(target, 6, now) : NO_NODES,
    }
  }

  #compact(target: InfoHash, family: Family, now: number): Uint8Array {
    const nodes = this.#context.table(family)?.closestGood(target, TARGET_NODES, now) ?? []
    return writeCompactNodes(LISTS[family], nodes, family)
  }

  #acknowledge(message: Message, from: SocketAddress): void {
    this.#net.encoder.acknowledge(this.#net.outbox.writer, message.tid, from)
    this.#net.commit(from)
  }

  #refuse(message: Message, from: SocketAddress, code: keyof typeof ERRORS): void {
    this.errors[code]++
    this.#net.encoder.error(this.#net.outbox.writer, message.tid, code, ERRORS[code])
    this.#net.commit(from)
  }

  #hasToken(message: Message, from: SocketAddress): boolean {
    return this.#net.tokens.check(from, message.token)
  }

  /**
   * False when fourteen good nodes, besides those who may besiege the key, are closer; or all that
   * we know, of eight or more.
   */
  #isNear(key: InfoHash, family: Family, now: number): boolean {
    if (this.#net.config.clientMode) return false
    const closest =
      this.#context.table(family)?.closestGood(key, MAX_BESIEGERS + SEARCH_NODES, now) ?? []
    const farthest = closest[closest.length - 1]
    if (farthest === undefined || closest.length < TARGET_NODES) return true
    return key.compareDistance(this.#net.config.id, farthest.id) < 0
  }

  /**
   * Creation time of the values on the engine's clock. Peers tell it in whole seconds, so the age
   * is taken in whole seconds, too: else all values of a second would end in one millisecond.
   */
  #createdAt(message: Message, now: number): number {
    if (message.created === undefined) return now
    const ageS = Math.floor(this.#context.wallMs(now) / 1000) - message.created
    return now - 1000 * Math.max(0, ageS)
  }
}

const NO_NODES = new Uint8Array(0)
/** At most, with headers. */
const PING_BYTES = 100
/** Its key, and how long it is. */
const LIST_OVERHEAD_BYTES = 6
/** For values on their way into the storage, which packs them again; shared by all engines. */
const SLAB = new ByteSlab()
/** Scratch of all engines: done with before the next call. */
const LISTS = {
  4: new Uint8Array(TARGET_NODES * compactNodeBytes(4)),
  6: new Uint8Array(TARGET_NODES * compactNodeBytes(6)),
}

function wanted(message: Message, carrier: Family): number {
  if (message.want >= 0) return message.want
  return carrier === 4 ? WANT_IPV4 : WANT_IPV6
}

/** Fields that are at hand without parsing the value; all that most gets ask for. */
const BRIEF_FIELDS = (1 << Field.Id) | (1 << Field.Type) | (1 << Field.Seq)

function briefOf({ id, type, seq }: StoredValue): FieldSource {
  return { id, type, seq, isEncrypted: false, owner: undefined, userType: '' }
}

/** What the values under `key` answer to `query`; undefined when none matches. */
function findAnswer(key: KeyStorage, query: Query): Answer | undefined {
  const selectsFields = !query.select.isEmpty
  const matching = key.select(query, selectsFields ? MAX_LISTED_VALUES : undefined)
  if (matching.length === 0) return undefined
  if (selectsFields) {
    const { mask } = query.select
    const isBrief = (mask & ~BRIEF_FIELDS) === 0
    const values = matching.map((stored) => (isBrief ? briefOf(stored) : stored.value))
    return {
      kind: 'fields',
      write: (writer) => void packFields(writer, query.select, values, MAX_FIELD_LIST_BYTES),
    }
  }
  const packed: Uint8Array[] = []
  let bytes = 0
  for (const stored of matching) {
    bytes += stored.length
    if (bytes > MAX_ANSWER_BYTES) break
    packed.push(stored.packed)
  }
  return answerWithValues(packed)
}
