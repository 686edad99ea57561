// SPDX-License-Identifier: MIT
// The requests of one engine that wait for answers: sends, repeats and settles them (spec wire,
// section 11). Transaction ids are random and unique among the pending ones; an answer counts only
// from the address that was asked.

import { MAX_PENDING_REQUESTS } from '../constants.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import type { Random } from '../ports.ts'
import { NumberMap } from '../util/number-map.ts'
import { Job, type TimerWheel } from '../util/timer-wheel.ts'
import { KIND_NAMES, Kind } from '../wire/message.ts'
import { socketHash } from './address-groups.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { FragmentSender } from './fragment-sender.ts'
import type { Node } from './node.ts'
import { NodeQueues } from './node-queues.ts'
import type { Outbox } from './outbox.ts'
import { type Outgoing, Request } from './request.ts'
import { RetryPolicy } from './retry-policy.ts'
import { SecondAnswers } from './second-answers.ts'
import { SendWindow } from './send-window.ts'

/** Peers cause pushes to listeners: they may not use up what the own operations need. */
const MAX_PENDING_PUSHES = (MAX_PENDING_REQUESTS * 3) / 4
/** Requests pending at a listener from which on it gets no pushes. */
const MAX_PENDING_AT_LISTENER = 1024
/** Bytes that pending pushes hold in memory, all listeners together. */
const MAX_PUSHED_BYTES = 32 * 1024 * 1024
/** What a value costs beside its bytes while it waits. */
const WAITING_VALUE_BYTES = 128

/** Addresses are told apart so far, among those that are waited for. */
const AWAITED_SLOTS = 256

/** The fragments of a message have left after this time, whatever waits before them. */
const MAX_PACING_MS = 10_000
/** Long waits are looked at anew so often: what is known of round trips may have changed. */
const SLICE_MS = 500
/** A large message that waits for its turn looks so often whether it has come. */
const TURN_MS = 50

export class Requests {
  readonly #random: Random
  readonly #wheel: TimerWheel
  readonly #outbox: Outbox
  readonly #fragments: FragmentSender
  readonly #budget: ByteBudget
  readonly #onExpired: (node: Node, now: number) => void
  readonly #pending = new NumberMap<Request>()
  /** How many of them went to addresses of each slot. */
  readonly #awaited = new Uint32Array(AWAITED_SLOTS)
  readonly policy: RetryPolicy
  readonly #secondAnswers = new SecondAnswers()
  /** Large puts: pushes have limits of their own, for each listener. */
  readonly #window = new SendWindow()
  readonly #queues = new NodeQueues()
  #pushedBytes = 0
  /** Addresses that cannot be reached, until the next millisecond. */
  readonly #unreachable = new Set<string>()
  /** Messages sent per kind, repetitions included. */
  readonly sent: number[] = new Array(KIND_NAMES.length).fill(0)
  /** Requests given up, repeated, and refused because too many are pending. */
  expired = 0
  repeated = 0
  refused = 0
  /** Repetitions that were not necessary: both were answered. */
  spurious = 0

  constructor(ports: {
    random: Random
    wheel: TimerWheel
    outbox: Outbox
    fragments: FragmentSender
    budget: ByteBudget
    /** A node did not answer any attempt of a request. */
    onExpired: (node: Node, now: number) => void
  }) {
    this.#random = ports.random
    this.policy = new RetryPolicy(ports.random)
    this.#wheel = ports.wheel
    this.#outbox = ports.outbox
    this.#fragments = ports.fragments
    this.#budget = ports.budget
    this.#onExpired = ports.onExpired
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** Requests that had to wait because many were under way at their nodes. */
  get queued(): number {
    return this.#queues.queued
  }

  /** A random id that nothing waits for, never 0. */
  newTid(): number {
    for (;;) {
      const tid = this.#random.uint32()
      if (tid !== 0 && !this.#pending.has(tid)) return tid
    }
  }

  /** Sends a request as soon as it may; undefined, and no handler is called, with too many. */
  send(outgoing: Outgoing, now: number): Request | undefined {
    if (!this.#hasRoom(outgoing)) {
      this.refused++
      return undefined
    }
    const tid = this.newTid()
    const request = new Request(tid, outgoing, this.#timer, now)
    if (request.kind === Kind.Update) this.#hold(request, bytesOf(request.values))
    this.#pending.set(tid, request)
    request.hold()
    this.#awaited[slotOf(request.address)]!++
    const delayMs = this.#delayMs(request, now)
    if (delayMs === 0) this.#send(request, now)
    else {
      this.#budget.delayed++
      this.#wheel.schedule(request, now + delayMs)
    }
    return request
  }

  /** The pending request that an answer with this id from this address belongs to. */
  match(tid: number, from: SocketAddress): Request | undefined {
    const request = this.#pending.get(tid)
    return request?.address.equals(from) ? request : undefined
  }

  /** An answer of `address` may come; now and then true for others, too. */
  isAwaited(address: SocketAddress): boolean {
    return this.#awaited[slotOf(address)]! > 0
  }

  /** Some request with this id is pending, whoever was asked. */
  isPending(tid: number): boolean {
    return this.#pending.has(tid)
  }

  /**
   * A part of the answer came: the next one gets another wait before the request is repeated. Only
   * parts that bring it nearer to its end count, so that no peer can hold it up for ever.
   */
  prolong(request: Request, now: number): void {
    request.hasProgressed = true
    this.#wheel.schedule(request, Math.max(request.at, now + this.policy.gapMs(request, now)))
  }

  /** `node` answered `request`, which is settled: learns how long that took. */
  onAnswer(node: Node, request: Request, now: number): void {
    this.policy.onAnswer(node, request, now)
    this.#queues.onAnswer(node, request)
    this.#sendQueued(now)
    if (request.isLarge) {
      this.#window.onAnswer(request, now)
      this.#sendWaiting(now)
    }
    this.#secondAnswers.note(node, request, now)
  }

  /** An answer that nothing waits for: it may be the second one to a request. */
  onStrayAnswer(tid: number, from: SocketAddress, now: number): void {
    const known = this.#secondAnswers.take(tid, from)
    if (known === undefined) return
    this.spurious++
    this.policy.onSpurious(known.node, known.ms, now)
  }

  /** Ends a request without calling its handler. Harmless when it is settled already. */
  settle(request: Request): void {
    if (!request.isPending) return
    request.isPending = false
    this.#wheel.cancel(request)
    this.#pending.delete(request.tid)
    this.#awaited[slotOf(request.address)]!--
    if (request.node !== undefined) {
      request.release(request.node)
      if (this.#queues.leave(request.node, request)) this.#wheel.schedule(this.#catchUp, 0)
    }
    this.#pushedBytes -= request.pushedBytes
    if (request.attempts > 0) this.#budget.awaited--
    request.encode = nothing
    request.values = undefined
  }

  /**
   * Takes back a request that waits to be sent. False when it was sent, and for one whose node is
   * silent: its sender was told that it is late, and hears how that ends.
   */
  recall(request: Request): boolean {
    if (request.attempts > 0 || request.isLate) return false
    this.settle(request)
    return true
  }

  /** Gives up a request at once: sending failed, or its node is gone. */
  expire(request: Request, now: number): void {
    if (!request.isPending) return
    const { node, sentAt } = request
    this.settle(request)
    this.expired++
    if (request.isLarge) {
      this.#window.forget(request)
      this.#sendWaiting(now)
    }
    // Somebody who talked to us meanwhile is alive: only this request was lost.
    if (node !== undefined && node.lastSeenAt < sentAt) this.#onExpired(node, now)
    request.handler.onExpired(request, now)
  }

  /**
   * The network refuses to carry anything to `address`: gives up what was sent there. Within the
   * next millisecond, so that a whole batch of failures costs one look at the pending requests.
   */
  sendFailed(address: SocketAddress, now: number): void {
    this.#unreachable.add(address.toString())
    if (!this.#giveUp.isScheduled) this.#wheel.schedule(this.#giveUp, now + 1)
  }

  #hasRoom({ kind, node, values }: Outgoing): boolean {
    if (kind !== Kind.Update) return this.pendingCount < MAX_PENDING_REQUESTS
    const atListener = node?.pendingRequests ?? 0
    return (
      this.pendingCount < MAX_PENDING_PUSHES &&
      atListener < MAX_PENDING_AT_LISTENER &&
      this.#pushedBytes + bytesOf(values) < MAX_PUSHED_BYTES
    )
  }

  readonly #giveUp = new Job((now) => {
    const isLost = ({ address }: Request): boolean => this.#unreachable.has(address.toString())
    const lost = [...this.#pending].filter(isLost)
    this.#unreachable.clear()
    for (const request of lost) this.expire(request, now)
  })

  /** For places that became free otherwise than by an answer. */
  readonly #catchUp = new Job((now) => this.#sendQueued(now))

  readonly #timer = (request: Request, now: number): void => {
    const delayMs = this.#delayMs(request, now)
    if (delayMs > 0) return this.#wheel.schedule(request, now + delayMs)
    if (request.attempts === 0) {
      // Nobody is there any more.
      if (request.isUnderWay) return this.expire(request, now)
      return this.#send(request, now)
    }
    const leftMs = this.policy.leftMs(request, now)
    if (leftMs > 0) {
      this.#wheel.schedule(request, now + Math.min(leftMs, SLICE_MS))
      // Its node is known to take that long, but others would have answered.
      if (!request.isLate && this.policy.isSlow(request, now)) this.#stepAside(request, now)
      return
    }
    const isOverrun = request.isLarge && this.#window.onLate(request, now)
    if (this.policy.isHopeless(request, now)) this.expire(request, now)
    else if (isOverrun) this.#send(request, now)
    else this.#repeat(request, now)
    if (request.isLarge) this.#sendWaiting(now)
  }

  #repeat(request: Request, now: number): void {
    if (!request.isLate) this.policy.onLate(request)
    this.#stepAside(request, now)
    if (request.isPending) this.#send(request, now)
  }

  /** Others may be asked in its place, and in that of what waits for a silent node. */
  #stepAside(request: Request, now: number): void {
    const { node, sentAt } = request
    request.becomeLate(now)
    request.handler.onLate(request, now)
    if (node === undefined) return
    if (node.lastSeenAt < sentAt) {
      for (const waiting of this.#queues.waitingFor(node)) {
        if (waiting.isLate || !waiting.isPending) continue
        waiting.becomeLate(now)
        waiting.handler.onLate(waiting, now)
      }
    }
    if (this.#queues.onLate(node, request, now)) this.#sendQueued(now)
  }

  /** How long the budget makes it wait. */
  #delayMs({ values, address, tid }: Request, now: number): number {
    if (values !== undefined && this.#budget.isUploadLimited && this.#fragments.waiting > 0) {
      // One large message after the other: receivers give up those that take ten seconds. And
      // nobody can answer one before its fragments have left.
      return this.#fragments.isSending(address, tid) ? MAX_PACING_MS : TURN_MS
    }
    return this.#budget.delayMs(now)
  }

  /** Sends it, as soon as there is room at its node, or for large ones in general. */
  #send(request: Request, now: number): void {
    const { node, attempts } = request
    if (node !== undefined && attempts === 0 && request.isPaced) {
      if (!this.#queues.enter(node, request)) return
    }
    if (request.isLarge && !this.#window.enter(request, bytesOf(request.values))) {
      this.#wheel.cancel(request)
      return
    }
    this.#sendNow(request, now)
  }

  /** Large puts whose turn has come. */
  #sendWaiting(now: number): void {
    for (;;) {
      const request = this.#window.next()
      if (request === undefined) return
      this.#sendNow(request, now)
    }
  }

  /** Those whose turn at their nodes has come. */
  #sendQueued(now: number): void {
    for (;;) {
      const request = this.#queues.next()
      if (request === undefined) break
      // Its handler is told on its own time: this is in the middle of something else.
      if (request.node!.isExpired) this.#wheel.schedule(request, now)
      else this.#sendNow(request, now)
    }
    this.#wheel.cancel(this.#catchUp)
  }

  #sendNow(request: Request, now: number): void {
    if (request.attempts === 0) {
      request.sentAt = now
      this.#budget.awaited++
    } else {
      this.repeated++
    }
    const bytes = this.#write(request)
    if (request.kind === Kind.Update && request.attempts === 0) this.#hold(request, bytes)
    this.#afterSend(request, now)
  }

  #hold(request: Request, bytes: number): void {
    request.pushedBytes += bytes
    this.#pushedBytes += bytes
  }

  /** Returns the length of the datagram. */
  #write(request: Request): number {
    request.encode(this.#outbox.writer, request.tid)
    const bytes = this.#outbox.commit(request.address)
    this.#budget.sent(bytes)
    return bytes
  }

  #afterSend(request: Request, now: number): void {
    request.attempts++
    request.repeatedAt = now
    this.sent[request.kind]!++
    const transferMs = request.isLarge ? this.#window.transferMs(request) : 0
    request.waitMs = Math.max(this.policy.waitMs(request, now), transferMs)
    const waitMs = request.waitMs + this.policy.jitterMs(request.waitMs)
    // While the own line is what takes long, no other node would have answered sooner.
    const isWhole = transferMs === request.waitMs || request.attempts >= request.maxAttempts
    this.#wheel.schedule(request, now + (isWhole ? waitMs : Math.min(waitMs, SLICE_MS)))
    if (request.values === undefined) return
    const { address, tid, values } = request
    const areWaiting = this.#fragments.send(address, tid, values, now, (at) => {
      if (request.isPending) this.#wheel.schedule(request, at + waitMs)
    })
    // Nobody can answer before the last fragment has left.
    if (areWaiting) this.#wheel.schedule(request, now + waitMs + MAX_PACING_MS)
  }
}

const slotOf = (to: SocketAddress): number => socketHash(0, to) & (AWAITED_SLOTS - 1)

function nothing(): void {}

function bytesOf(values: readonly Uint8Array[] | undefined): number {
  let bytes = 0
  for (const value of values ?? []) bytes += value.length + WAITING_VALUE_BYTES
  return bytes
}
