// SPDX-License-Identifier: MIT
// Between datagrams and meaning: filters what comes in, keeps track of who sent it, matches answers
// to requests, and encodes what goes out (spec wire, sections 9 and 11). Knows nodes, not searches,
// storage or tables: those hang behind NetworkObserver.

import type { ResolvedConfig } from '../config.ts'
import { MAX_TOKEN_BYTES, TARGET_NODES } from '../constants.ts'
import { WireError } from '../errors.ts'
import { type Family, SocketAddress } from '../id/socket-address.ts'
import type { DhtPorts, Log } from '../ports.ts'
import { isByteText, toByteText } from '../util/bytes.ts'
import type { TimerWheel } from '../util/timer-wheel.ts'
import {
  compactAddress,
  compactId,
  compactNodeBytes,
  compactNodeCount,
} from '../wire/compact-nodes.ts'
import { decodeMessage, eachFragment, looksLikeRequest } from '../wire/decode-message.ts'
import { KIND_NAMES, Kind, Message } from '../wire/message.ts'
import { MessageEncoder } from '../wire/message-encoder.ts'
import { announcedSizes } from '../wire/value-list.ts'
import { Blocklist } from './blocklist.ts'
import { ByteBudget } from './byte-budget.ts'
import { crowdingLast } from './crowd.ts'
import { type DropCounters, newDropCounters } from './drop-counters.ts'
import { FloodGuard } from './flood-guard.ts'
import { FragmentSender } from './fragment-sender.ts'
import { Moves } from './moves.ts'
import type { Node } from './node.ts'
import { NodeCache } from './node-cache.ts'
import type { Outbox } from './outbox.ts'
import { type CompleteMessage, PartialMessages } from './partial-messages.ts'
import { RateLimiter } from './rate-limiter.ts'
import type { Request } from './request.ts'
import { Requests } from './requests.ts'
import { Tokens } from './tokens.ts'

export interface NetworkObserver {
  /** `node` sent a request (`replied` false) or answered one of ours. Not called for clients. */
  onActivity(node: Node, replied: boolean, now: number): void
  onRequest(message: Message, node: Node, from: SocketAddress, now: number): void
  /** Whether a request with announced values may open a reassembly: its token, its socket id. */
  expectsValues(message: Message, from: SocketAddress): boolean
  /** `reporter` sees us at `ip` (its port is meaningless). */
  onReport(ip: SocketAddress, reporter: SocketAddress, now: number): void
  onNodeExpired(node: Node, now: number): void
}

export class NetworkEngine {
  readonly config: ResolvedConfig
  readonly wheel: TimerWheel
  readonly outbox: Outbox
  readonly encoder: MessageEncoder
  readonly requests: Requests
  readonly fragments: FragmentSender
  readonly partials: PartialMessages
  readonly blocklist: Blocklist
  readonly limiter: RateLimiter
  readonly #floods: FloodGuard
  readonly budget: ByteBudget
  readonly tokens: Tokens
  readonly moves: Moves
  readonly log: Log | undefined
  readonly #message = new Message()
  readonly #caches: { readonly 4: NodeCache; readonly 6: NodeCache }
  readonly #observer: NetworkObserver
  #reported: SocketAddress | undefined
  #hasWarnedOfTwin = false
  /** Accepted messages per kind. */
  readonly received: number[] = new Array(KIND_NAMES.length).fill(0)
  readonly dropped = newDropCounters()

  constructor(init: {
    config: ResolvedConfig
    ports: DhtPorts
    wheel: TimerWheel
    outbox: Outbox
    observer: NetworkObserver
    now: number
  }) {
    const { config, ports, wheel, outbox, now } = init
    this.config = config
    this.wheel = wheel
    this.outbox = outbox
    this.log = ports.log
    this.#observer = init.observer
    const { clientMode: isClient, id, network, agent } = config
    this.encoder = new MessageEncoder({ id, network, isClient, agent })
    this.budget = new ByteBudget(config.maxUploadBytesPerSecond, config.maxDownloadBytesPerSecond)
    const { budget } = this
    this.fragments = new FragmentSender(wheel, this.encoder, outbox, budget)
    this.requests = new Requests({
      random: ports.random.fork('requests'),
      wheel,
      outbox,
      fragments: this.fragments,
      budget,
      onExpired: (node, at) => this.expireNode(node, at),
    })
    this.partials = new PartialMessages(wheel)
    const seeds = ports.random.fork('tables')
    this.#caches = { 4: new NodeCache(seeds.uint32()), 6: new NodeCache(seeds.uint32()) }
    this.blocklist = new Blocklist(seeds.uint32())
    this.limiter = new RateLimiter({
      requestsPerSecond: config.maxRequestsPerSecond,
      peerRequestsPerSecond: config.maxPeerRequestsPerSecond,
      seed: seeds.uint32(),
    })
    this.#floods = new FloodGuard(seeds.uint32())
    this.tokens = new Tokens(ports.random.fork('tokens'), wheel, now)
    this.moves = new Moves(this.requests, this.encoder)
  }

  cache(family: Family): NodeCache {
    return this.#caches[family]
  }

  /** One datagram. Never throws, whatever the bytes. */
  receive(datagram: Uint8Array, from: SocketAddress, now: number): void {
    this.budget.received(datagram.length)
    try {
      this.#accept(datagram, from, now)
    } catch (error) {
      if (error instanceof WireError) this.#drop('malformed', from, now)
      else {
        this.dropped.internal++
        this.log?.write('error', `Datagram from ${from} broke the engine: ${describe(error)}`)
      }
    }
  }

  /** A request that was received before, and held until its sender had proved its address. */
  serveHeld(datagram: Uint8Array, from: SocketAddress, now: number): void {
    const message = this.#message
    decodeMessage(message, datagram)
    const node = this.cache(from.family).find(message.id)
    if (node?.address.equals(from)) this.#observer.onRequest(message, node, from, now)
  }

  /** Ends the datagram that was written to the outbox: an answer, or news for a listener. */
  commit(to: SocketAddress): void {
    this.budget.sent(this.outbox.commit(to))
  }

  /** The node counts as gone until it is heard of again. */
  expireNode(node: Node, now: number): void {
    if (node.isExpired) return
    node.expire(now)
    this.#observer.onNodeExpired(node, now)
  }

  /** Ends a request without calling its handler, and forgets what came of its answer. */
  abandon(request: Request): void {
    this.requests.settle(request)
    this.partials.drop(request.address, request.tid)
  }

  /** A node that breaks the protocol is not talked to for a while. */
  block(node: Node, now: number): void {
    this.blocklist.add(node.address, now)
    this.expireNode(node, now)
  }

  /** Nodes of one list of a reply, as far as they are usable; unknown ones enter the cache. */
  listedNodes(message: Message, replier: SocketAddress, family: Family, now: number): Node[] {
    const span = family === 4 ? message.nodes4 : message.nodes6
    const cache = this.cache(family)
    const count = compactNodeCount(span, family, 2 * TARGET_NODES)
    const nodes: Node[] = []
    for (let i = 0; i < count; i++) {
      const at = span.offset + i * compactNodeBytes(family)
      const id = compactId(message.source, at)
      if (id.isZero || id.equals(this.config.id)) continue
      let node = cache.find(id)
      // Hearsay does not move a living node: its address need not be read.
      if (node === undefined || !node.isAlive(now)) {
        const address = listedAddress(message, at, family, replier)
        if (address.family !== family || address.isMartian) continue
        if (this.blocklist.has(address, now)) continue
        node = cache.learn(id, address, now)
      } else if (this.blocklist.has(node.address, now)) continue
      nodes.push(node)
    }
    return crowdingLast(nodes, this.config.maxNodesPerPrefix)
  }

  #accept(datagram: Uint8Array, from: SocketAddress, now: number): void {
    if (from.isMartian) {
      this.dropped.martian++
      return
    }
    if (this.blocklist.has(from, now)) {
      this.dropped.blocked++
      return
    }
    // Answers of whom we asked are always read: anybody could flood in its name.
    const isFlooding = this.#floods.isFlooding(from, now)
    if (isFlooding && (looksLikeRequest(datagram) || !this.requests.isAwaited(from))) {
      this.dropped.flooding++
      return
    }
    const message = this.#message
    decodeMessage(message, datagram)
    if (message.network !== this.config.network) this.#drop('otherNetwork', from, now)
    else if (message.kind === Kind.Fragment) this.#onFragments(message, from, now)
    else if (message.id.isZero) this.#drop('noSender', from, now)
    else if (message.id.equals(this.config.id)) this.#onOwnId(message, from)
    else if (isAnswer(message.kind)) this.#onHeader(message, from, now)
    else if (this.#isServed(from, now)) this.#onHeader(message, from, now)
  }

  /** Two nodes with one id hide each other from the network, which users see only by this. */
  #onOwnId({ kind, tid }: Message, from: SocketAddress): void {
    this.dropped.ownId++
    const isOurs = !isAnswer(kind) && this.requests.isPending(tid)
    if (isOurs || this.#hasWarnedOfTwin || !this.log?.enabled('warning')) return
    this.#hasWarnedOfTwin = true
    this.log.write('warning', `${from} has the id of this node and is ignored: ${this.config.id}`)
  }

  /** Whether a request from this address is worked on; counts it when not. */
  #isServed(from: SocketAddress, now: number): boolean {
    if (!this.limiter.allow(from, now)) this.#drop('rateLimited', from, now)
    else if (!this.budget.isServing(now)) this.dropped.overBudget++
    else return true
    return false
  }

  /** Counts what was read in vain. */
  #drop(reason: keyof DropCounters, from: SocketAddress, now: number): void {
    this.dropped[reason]++
    if (!from.isLoopback) this.#floods.useless(from, now)
  }

  /** A message whose values may still be on their way. */
  #onHeader(message: Message, from: SocketAddress, now: number): void {
    if (!message.hasSizes || !this.#expectsValues(message, from)) {
      return this.#process(message, from, now)
    }
    const sizes = announcedSizes(message)
    if (!sizes.some((size) => size > 0)) return this.#process(message, from, now)
    const isNew = !this.partials.hasHeader(from, message.tid)
    const complete = this.partials.open(from, message.tid, message.source, sizes, now)
    if (complete !== undefined) this.#onComplete(complete, from, now)
    else if (isNew) this.#onProgress(message.tid, from, now)
  }

  #expectsValues(message: Message, from: SocketAddress): boolean {
    if (!isAnswer(message.kind)) return this.#observer.expectsValues(message, from)
    return this.requests.match(message.tid, from) !== undefined
  }

  #onFragments(message: Message, from: SocketAddress, now: number): void {
    const { partials } = this
    if (!partials.has(from, message.tid) && !this.requests.isPending(message.tid)) {
      // A first early fragment counts as a request, so that strangers cannot fill the reassembly.
      if (!this.#isServed(from, now)) return
    }
    const before = partials.bytes
    let complete: CompleteMessage | undefined
    eachFragment(message, (index, offset, data) => {
      complete ??= partials.add(from, message.tid, index, offset, data, now)
    })
    this.received[Kind.Fragment]!++
    if (complete !== undefined) return this.#onComplete(complete, from, now)
    if (partials.bytes > before) this.#onProgress(message.tid, from, now)
  }

  #onProgress(tid: number, from: SocketAddress, now: number): void {
    const request = this.requests.match(tid, from)
    if (request !== undefined) this.requests.prolong(request, now)
  }

  #onComplete(complete: CompleteMessage, from: SocketAddress, now: number): void {
    const message = this.#message
    decodeMessage(message, complete.header)
    message.parts = complete.parts
    this.#process(message, from, now)
  }

  #process(message: Message, from: SocketAddress, now: number): void {
    this.received[message.kind]!++
    if (isAnswer(message.kind)) return this.#onAnswer(message, from, now)
    const node = this.#sender(message, from, now)
    const isMoving = node.address !== from
    if (isMoving && message.kind === Kind.Listen) {
      // It would make us push to the old address. Whoever has moved repeats it when that is proved.
      this.dropped.unexpected++
      return
    }
    if (!node.isClient && !isMoving) this.#observer.onActivity(node, false, now)
    this.#observer.onRequest(message, node, from, now)
  }

  #onAnswer(message: Message, from: SocketAddress, now: number): void {
    const request = this.requests.match(message.tid, from)
    if (request === undefined) {
      this.dropped.unexpected++
      this.requests.onStrayAnswer(message.tid, from, now)
      return
    }
    if (request.node !== undefined && !request.node.id.equals(message.id)) {
      // Somebody else lives at that address now.
      this.dropped.unexpected++
      this.expireNode(request.node, now)
      this.requests.expire(request, now)
      return
    }
    this.requests.settle(request)
    const node = this.#replier(message, from, now)
    request.node = node
    this.requests.onAnswer(node, request, now)
    if (!node.isClient) this.#observer.onActivity(node, true, now)
    this.#reportAddress(message, from, now)
    if (message.kind === Kind.Error) request.handler.onError(request, message.errorCode, now)
    else request.handler.onReply(request, message, now)
  }

  #reportAddress(message: Message, from: SocketAddress, now: number): void {
    const { offset, length } = message.ownAddress
    if (length !== 4 && length !== 16) return
    // Reports carry no port. Most of them say the same again.
    if (!this.#reported?.matches(message.source, offset, length)) {
      this.#reported = SocketAddress.fromBytes(message.source, offset, length, 0)
    }
    if (!this.#reported.isUnspecified) this.#observer.onReport(this.#reported, from, now)
  }

  /** Entry of whoever sent a request. Without proof of address a living node is not moved. */
  #sender(message: Message, from: SocketAddress, now: number): Node {
    const cache = this.cache(from.family)
    const node = cache.find(message.id)
    if (node === undefined) {
      const created = cache.create(message.id, from, message.isClient, now)
      created.heardOf(now)
      return created
    }
    if (!node.address.equals(from)) {
      if (node.isAlive(now)) {
        this.moves.verify(node, from, now)
        return node
      }
    }
    // One object per address: what was compared once is compared by identity from now on.
    node.address = from
    node.heardOf(now)
    cache.touch(node)
    return node
  }

  /** Entry of whoever answered one of our requests from the address that we asked. */
  #replier(message: Message, from: SocketAddress, now: number): Node {
    const cache = this.cache(from.family)
    const node = cache.find(message.id) ?? cache.create(message.id, from, message.isClient, now)
    node.address = from
    // Believed in an answer only: a request with its id and address could be anybody's.
    node.isClient = message.isClient
    node.replied(now)
    cache.admit(node)
    cache.touch(node)
    return node
  }
}

/** The address of the node at `offset` of a list that `replier` sent. */
function listedAddress(
  { source }: Message,
  offset: number,
  family: Family,
  replier: SocketAddress,
): SocketAddress {
  const address = compactAddress(source, offset, family)
  // Who lists a loopback address means itself or a neighbour on its host.
  if (address.isLoopback && replier.family === family) return replier.withPort(address.port)
  return address
}

/**
 * The token that a peer sends, as a byte text; undefined for none and for one that is too long.
 * Mostly it is the one that is `known`.
 */
export function readToken({ token }: Message, known: string | undefined): string | undefined {
  if (token.length === 0 || token.length > MAX_TOKEN_BYTES) return undefined
  return known !== undefined && isByteText(known, token) ? known : toByteText(token)
}

function isAnswer(kind: Kind): boolean {
  return kind === Kind.Reply || kind === Kind.Error
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
