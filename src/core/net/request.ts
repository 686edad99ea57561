// SPDX-License-Identifier: MIT
// One request that waits for its answer. States: sent (attempt 1) → repeated (late) → answered,
// refused (error), expired or cancelled; exactly one of the last four, and then never anything
// more.

import type { SocketAddress } from '../id/socket-address.ts'
import { Deadline } from '../util/timer-wheel.ts'
import { Kind, type Message } from '../wire/message.ts'
import type { MsgpackWriter } from '../wire/msgpack-writer.ts'
import type { Node } from './node.ts'

/** How often a request is sent at most. */
const MAX_ATTEMPTS = 5

/** Writes a request with this transaction id, the same bytes every time. */
export type EncodeRequest = (writer: MsgpackWriter, tid: number) => void

/** Whoever sent a request hears of it through these. */
export interface RequestHandler {
  /** The answer. `request.node` is known by now, also when only an address was asked. */
  onReply(request: Request, message: Message, now: number): void
  /** The peer refused: 203, 401 or 404. The request is settled by that. */
  onError(request: Request, code: number, now: number): void
  /**
   * A wait passed without answer: the request is going to be repeated, unless this settles it. Or
   * its node only takes long as usual, while others would have answered.
   */
  onLate(request: Request, now: number): void
  /** Given up after the last attempt, or sending failed. */
  onExpired(request: Request, now: number): void
}

/** What is to be sent, to whom, and what for. */
export interface Outgoing {
  readonly kind: Kind
  /** Undefined asks an address whose node is not known yet. */
  readonly node: Node | undefined
  readonly address: SocketAddress
  readonly handler: RequestHandler
  /** What it is sent for; default the handler. */
  readonly flow?: object | undefined
  readonly encode: EncodeRequest
  /** Values that follow in fragments. */
  readonly values?: readonly Uint8Array[] | undefined
  /** Default 5. */
  readonly maxAttempts?: number | undefined
}

export class Request extends Deadline {
  readonly tid: number
  readonly kind: Kind
  /** Undefined for a ping to an address whose node is not known yet. */
  node: Node | undefined
  readonly address: SocketAddress
  readonly handler: RequestHandler
  /** What it is sent for: requests of different ones take turns. */
  readonly flow: object
  readonly #onTimer: (request: Request, now: number) => void
  /** What to send again: cheaper than to keep the bytes, as most requests are answered at once. */
  encode: EncodeRequest
  /** Values that follow the message in fragments. */
  values: readonly Uint8Array[] | undefined
  readonly isFragmented: boolean
  /** What a push holds in memory; 0 for other requests. */
  pushedBytes = 0
  maxAttempts: number
  attempts = 0
  waitMs = 0
  /** Its first wait has passed. */
  isLate = false
  /** It counts among those that are under way at its node; owned by `NodeQueues`. */
  isUnderWay = false
  /** Fragments of its answer have come. */
  hasProgressed = false
  /** When it was sent first and last. */
  sentAt: number
  repeatedAt = 0
  isPending = true

  constructor(
    tid: number,
    outgoing: Outgoing,
    onTimer: (request: Request, now: number) => void,
    now: number,
  ) {
    super()
    const { kind, node, address, handler, flow, encode, values } = outgoing
    this.tid = tid
    this.kind = kind
    this.node = node
    this.address = address
    this.handler = handler
    this.flow = flow ?? handler
    this.encode = encode
    this.values = values
    this.isFragmented = values !== undefined
    this.maxAttempts = outgoing.maxAttempts ?? MAX_ATTEMPTS
    this.sentAt = now
    this.#onTimer = onTimer
  }

  /** One whose fragments may be too much for the line, together with others of its kind. */
  get isLarge(): boolean {
    return this.kind === Kind.Put && this.isFragmented
  }

  /** A question or an order of an operation: pings are few, others have limits of their own. */
  get isPaced(): boolean {
    return this.kind !== Kind.Ping && this.kind !== Kind.Update && !this.isFragmented
  }

  fire(now: number): void {
    this.#onTimer(this, now)
  }

  /** Its node has one more request pending, until it is released. */
  hold(): void {
    if (this.node === undefined) return
    this.node.pendingRequests++
    this.node.references++
  }

  release(node: Node): void {
    node.pendingRequests--
    if (this.isLate) node.overdueRequests--
    node.references--
  }

  /** A wait has passed, or its node is silent and there is no point in waiting. */
  becomeLate(now: number): void {
    if (this.isLate) return
    this.isLate = true
    if (this.node === undefined) return
    this.node.overdueRequests++
    this.node.overdueSince = now
  }
}

/** A handler whose sender does not care; override what matters. */
export class QuietHandler implements RequestHandler {
  onReply(_request: Request, _message: Message, _now: number): void {}
  onError(_request: Request, _code: number, _now: number): void {}
  onLate(_request: Request, _now: number): void {}
  onExpired(_request: Request, _now: number): void {}
}
