// SPDX-License-Identifier: MIT
// The requests of one search: encodes them, and brings their answers back to the run, announce or
// listen that sent them. Every way out of a request ends in `Search.step`.

import { WireError } from '../errors.ts'
import type { InfoHash } from '../id/info-hash.ts'
import { readToken } from '../net/network-engine.ts'
import type { EncodeRequest, Request, RequestHandler } from '../net/request.ts'
import type { TimerWheel } from '../util/timer-wheel.ts'
import { QUERY_ALL, QUERY_IDS_SEQ, type Query } from '../value/query.ts'
import type { Value } from '../value/value.ts'
import { Kind, type Message } from '../wire/message.ts'
import { answerWithValues } from '../wire/value-list.ts'
import type { Announce, AnnounceHost } from './announce.ts'
import { GetRun } from './get-run.ts'
import type { ListenHost, Registration } from './listen-group.ts'
import type { LookupHost, LookupRun } from './lookup-run.ts'
import type { Search } from './search.ts'
import type { SearchNode } from './search-node.ts'
import type { Fetch, FetchHost } from './value-fetches.ts'

const UNAUTHORIZED = 401
/** Unanswered requests in a row after which a node is of no use, however lively it is otherwise. */
const MAX_TIMEOUTS = 2

/** Of which jitter is an eighth: half of the time from one renewal of a listen to the next. */
const LISTEN_SPREAD = 4

/**
 * A node answers a stranger, who may be a forger, with less than three times the bytes of his
 * request, a ping to him included. With so many zeros more, eight nodes fit into an answer: of the
 * family that carries it, or of both; and to a get some ids, or a short value, beside them.
 */
const FIND_PADDING = { 4: 28, 6: 64, both: 130 } as const
const GET_PADDING = { 4: 80, 6: 116 } as const

export class SearchCalls implements LookupHost, AnnounceHost, ListenHost {
  readonly search: Search
  /** A request was refused since this was last reset: something has to be tried again. */
  wasRefused = false
  /** Of the step that is under way: the closest nodes are all in step. */
  isSynced = false

  constructor(search: Search) {
    this.search = search
  }

  get wheel(): TimerWheel {
    return this.search.context.net.wheel
  }

  get renewMs(): number {
    return this.search.context.listenRenewMs
  }

  firstRenewalJitterMs(): number {
    return this.search.context.net.requests.policy.jitterMs(LISTEN_SPREAD * this.renewMs)
  }

  lifetimeMs(value: Value): number {
    return this.search.context.lifetimeMs(value.type)
  }

  ask(run: LookupRun, member: SearchNode, isSpare: boolean, now: number): Request | undefined {
    const handler = new LookupHandler(this.search, run, member)
    const key = this.search.id
    const { family, net, wantedFamilies } = this.search.context
    if (run instanceof GetRun) {
      // Nobody should wait for the values of a spare: it may be dead, and need not be asked at all.
      const isSource = !isSpare && this.isNear(member, now)
      const sources = isSource ? net.requests.policy.redundancy(family) : 0
      return this.#get(member, key, run.questionFor(member, sources), handler, now)
    }
    const isKnown = member.node.knowsUs(now)
    const padding = isKnown ? 0 : FIND_PADDING[wantedFamilies.length > 0 ? 'both' : family]
    return this.#send(Kind.Find, member, handler, now, (writer, tid) =>
      this.#encoder.find(writer, tid, key, wantedFamilies, padding),
    )
  }

  isReady(member: SearchNode, now: number): boolean {
    return member.node.isWritable(now) && (this.isSynced || this.isNear(member, now))
  }

  isNear(member: SearchNode, now: number): boolean {
    return this.search.context.isNear(this.search.id, member.id, now)
  }

  /** What the fetches of one get need. */
  fetchHost(run: GetRun): FetchHost {
    return {
      fetch: (fetch, member, now) => {
        const handler = new FetchHandler(this.search, run, fetch, member)
        return this.#get(member, this.search.id, fetch.query, handler, now)
      },
    }
  }

  sendPut(announce: Announce, member: SearchNode, now: number): Request | undefined {
    const { token } = member.node
    if (token === undefined) return undefined
    const answer = answerWithValues([announce.packed])
    const values = answer.kind === 'sizes' ? answer.packed : undefined
    const created = announce.createdAt(now)
    const handler = new AnnounceHandler(this.search, announce, member, this)
    return this.#send(
      Kind.Put,
      member,
      handler,
      now,
      (writer, tid) => this.#encoder.put(writer, tid, this.search.id, answer, token, created),
      values,
    )
  }

  sendRefresh(announce: Announce, member: SearchNode, now: number): Request | undefined {
    const { token } = member.node
    if (token === undefined) return undefined
    const handler = new AnnounceHandler(this.search, announce, member, this)
    return this.#send(Kind.Refresh, member, handler, now, (writer, tid) =>
      this.#encoder.refresh(writer, tid, this.search.id, announce.value.id, token),
    )
  }

  sendProbe(announce: Announce, member: SearchNode, now: number): Request | undefined {
    const handler = new AnnounceHandler(this.search, announce, member, this)
    return this.#get(member, this.search.id, QUERY_IDS_SEQ, handler, now)
  }

  giveUp(member: SearchNode, now: number): void {
    this.search.context.net.expireNode(member.node, now)
  }

  recall(request: Request): boolean {
    return this.search.context.net.requests.recall(request)
  }

  openSocket(registration: Registration): number {
    return this.search.context.sockets.open(registration)
  }

  closeSocket(socketId: number): void {
    this.search.context.sockets.close(socketId)
  }

  sendListen(registration: Registration, now: number): Request | undefined {
    const { member, group, socketId } = registration
    const { token } = member.node
    if (token === undefined) return undefined
    // A listener gets whole values; without conditions the query says nothing and is left out.
    const query = group.query.where.wire.isEmpty ? undefined : group.query
    const handler = new ListenHandler(this.search, registration)
    return this.#send(Kind.Listen, member, handler, now, (writer, tid) =>
      this.#encoder.listen(writer, tid, this.search.id, token, socketId, query),
    )
  }

  get #encoder() {
    return this.search.context.net.encoder
  }

  #get(
    member: SearchNode,
    key: InfoHash,
    query: Query,
    handler: RequestHandler,
    now: number,
  ): Request | undefined {
    const padding = member.node.knowsUs(now) ? 0 : GET_PADDING[this.search.context.family]
    return this.#send(Kind.Get, member, handler, now, (writer, tid) =>
      this.#encoder.get(writer, tid, key, query ?? QUERY_ALL, padding),
    )
  }

  #send(
    kind: Kind,
    member: SearchNode,
    handler: RequestHandler,
    now: number,
    encode: EncodeRequest,
    values?: readonly Uint8Array[],
  ): Request | undefined {
    const { node } = member
    const { search } = this
    const outgoing = { kind, node, address: node.address, handler, flow: search, encode, values }
    const request = search.context.net.requests.send(outgoing, now)
    if (request === undefined) this.wasRefused = true
    return request
  }
}

/** Common to all requests of a search: overdue nodes step aside, and the search goes on. */
abstract class CallHandler implements RequestHandler {
  readonly search: Search
  readonly member: SearchNode
  /** Goes with the request, if its kind needs one. */
  readonly #token: string | undefined

  constructor(search: Search, member: SearchNode) {
    this.search = search
    this.member = member
    this.#token = member.node.token
  }

  onReply(request: Request, message: Message, now: number): void {
    this.answered()
    try {
      this.reply(request, message, now)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.search.context.net.dropped.malformed++
      this.failure(0, now)
    }
    this.search.step(now)
  }

  onError(_request: Request, code: number, now: number): void {
    this.answered()
    if (code === UNAUTHORIZED) this.#onUnauthorized(now)
    this.failure(code, now)
    this.search.step(now)
  }

  onLate(request: Request, now: number): void {
    this.member.isLate = true
    this.member.waits = request.attempts
    this.search.step(now)
  }

  onExpired(_request: Request, now: number): void {
    const { member, search } = this
    // Unless it is gone, only this request was lost: it may be asked again.
    member.isLate = false
    member.timeouts++
    search.onSilence(member, now)
    if (member.timeouts >= MAX_TIMEOUTS) search.context.net.expireNode(member.node, now)
    this.failure(0, now)
    search.step(now)
  }

  protected abstract reply(request: Request, message: Message, now: number): void
  /** `code` is that of the protocol's error, 0 when no answer came. */
  protected abstract failure(code: number, now: number): void

  protected answered(): void {
    this.member.isLate = false
    this.member.timeouts = 0
    this.search.onAnswer()
  }

  #onUnauthorized(now: number): void {
    const { node } = this.member
    if (this.#token !== undefined && node.refused(this.#token)) {
      this.search.context.net.expireNode(node, now)
    }
  }
}

/** A find or get around the key: brings a token and closer nodes, and perhaps values. */
class LookupHandler extends CallHandler {
  readonly #run: LookupRun

  constructor(search: Search, run: LookupRun, member: SearchNode) {
    super(search, member)
    this.#run = run
  }

  override onLate(request: Request, now: number): void {
    const { member, search } = this
    // Part of the values got lost. To send all of them again would not go better: one by one.
    if (request.hasProgressed && this.#run instanceof GetRun && this.#run.isWhole(member)) {
      search.context.net.abandon(request)
      this.#run.pending.delete(member)
      this.#run.forgo(member)
      return search.step(now)
    }
    super.onLate(request, now)
  }

  protected reply(_request: Request, message: Message, now: number): void {
    const { member, search } = this
    this.#run.pending.delete(member)
    if (takeNodes(search, member, message, now)) this.#run.answered(member, message, now)
    else this.#run.failed(member, now)
  }

  protected failure(code: number, now: number): void {
    this.#run.pending.delete(this.member)
    this.#run.failed(this.member, now)
    // No error answers a find or a get of ours: do not ask such a node again.
    if (code !== 0) this.search.context.net.expireNode(this.member.node, now)
  }
}

class FetchHandler extends CallHandler {
  readonly #run: GetRun
  readonly #fetch: Fetch

  constructor(search: Search, run: GetRun, fetch: Fetch, member: SearchNode) {
    super(search, member)
    this.#run = run
    this.#fetch = fetch
  }

  override onLate(request: Request, now: number): void {
    this.#run.fetches.late(this.#fetch, this.member)
    super.onLate(request, now)
  }

  protected reply(_request: Request, message: Message): void {
    this.#run.fetched(this.#fetch, this.member, message)
  }

  protected failure(): void {
    this.#run.fetches.failed(this.#fetch, this.member)
  }
}

class AnnounceHandler extends CallHandler {
  readonly #announce: Announce
  readonly #host: AnnounceHost

  constructor(search: Search, announce: Announce, member: SearchNode, host: AnnounceHost) {
    super(search, member)
    this.#announce = announce
    this.#host = host
  }

  override onReply(request: Request, message: Message, now: number): void {
    if (request.kind === Kind.Get || this.member.isLate) return super.onReply(request, message, now)
    this.answered()
    this.reply(request, message, now)
    this.search.onAcknowledged(this.#announce, now)
  }

  protected reply(request: Request, message: Message, now: number): void {
    if (request.kind !== Kind.Get) this.member.node.authErrors = 0
    // A probe is a get: with its token nobody has to be asked for one until the next probe.
    else if (!takeNodes(this.search, this.member, message, now)) return this.failure(0, now)
    this.#announce.onReply(this.member, request, message, this.#host, now)
  }

  protected failure(code: number, now: number): void {
    this.#announce.onFailure(this.member, code, this.#host, now)
    this.search.onNotStored(this.#announce)
  }
}

class ListenHandler extends CallHandler {
  readonly #registration: Registration

  constructor(search: Search, registration: Registration) {
    super(search, registration.member)
    this.#registration = registration
  }

  override onReply(request: Request, message: Message, now: number): void {
    if (this.member.isLate) return super.onReply(request, message, now)
    this.answered()
    if (this.#renewed(message, now)) this.search.onRenewed(this.#registration, now)
    else this.search.step(now)
  }

  protected reply(_request: Request, message: Message, now: number): void {
    this.#renewed(message, now)
  }

  /** False when the node was not known to have it. */
  #renewed(message: Message, now: number): boolean {
    const { node } = this.member
    node.authErrors = 0
    // A fresh token, when there is one, does not count as an answer to a search.
    node.token = readToken(message, node.token) ?? node.token
    return this.#registration.group.onAcknowledged(this.#registration, now)
  }

  protected failure(): void {
    this.#registration.group.onFailure(this.#registration)
  }
}

/** Keeps the token and the nodes of an answer to a find or get. False when it has no token. */
function takeNodes(search: Search, member: SearchNode, message: Message, now: number): boolean {
  const token = readToken(message, member.node.token)
  if (token === undefined) {
    // Without a token nobody can write to it: of no use to any search.
    search.context.net.block(member.node, now)
    return false
  }
  member.node.gave(token, now)
  member.answeredAt = now
  search.context.learn(search, message, member, now)
  return true
}
