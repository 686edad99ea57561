// SPDX-License-Identifier: MIT
// Brings notifications to where they go. Each destination is a lane with a queue: what comes while
// a request is under way leaves together with the next one, a failure makes the lane wait, longer
// each time, and no lane holds up another. Queues are bounded, and nothing is lost uncounted.

import type { Clock } from '../store/clock.ts'
import { merge, mergeName, type Notification } from './notification.ts'

export type SendOutcome =
  /** Taken; `dead` are tokens that the push service does not know any more. */
  | { readonly kind: 'sent'; readonly dead?: readonly string[] }
  /** The destination is gone for good. */
  | { readonly kind: 'gone' }
  /** It will not take this, however often it is tried; `mayBePart`: a part of it perhaps. */
  | { readonly kind: 'refused'; readonly reason: string; readonly mayBePart?: boolean }
  /** Not now; `afterMs` when it said when. */
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number | undefined }

/** Sends a batch to a destination. Must not reject. */
export type Sender = (batch: readonly Notification[]) => Promise<SendOutcome>

export interface Destination {
  /** Notifications to equal names share a lane. */
  readonly name: string
  readonly batchSize: number
  readonly maxQueued: number
  /** The operator's: never waits for those of strangers, who may be slow on purpose. */
  readonly isOurs?: boolean
  readonly send: Sender
}

export interface DeliveryOptions {
  readonly clock: Clock
  /** Uniform in 0 … 1. */
  random(): number
  onDead(token: string): void
  /** What a destination said or did; once per failed request. */
  onFailure(reason: string): void
  /** Notifications that wait, in all. Default 20,000. */
  maxQueued?: number | undefined
  /** Requests at a time to destinations that are not ours. Default 64. */
  maxRequests?: number | undefined
}

export interface DeliveryCounters {
  queued: number
  merged: number
  sent: number
  requests: number
  retries: number
  /** Of a full queue. */
  overflowed: number
  /** Of a destination that was unreachable for too long. */
  abandoned: number
  refused: number
  deadTokens: number
}

/** A destination fails for some two hours before its notifications are given up. */
const MAX_ATTEMPTS = 20
const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 15 * 60_000
/** Longer waits that a push service asks for are cut to this. */
const LONGEST_ASKED_MS = 3600_000

interface Lane {
  destination: Destination
  readonly waiting: Map<string, Notification>
  isBusy: boolean
  failures: number
  /** Of a batch: less than usual after one was refused as a whole. */
  most: number
  cancelRetry: (() => void) | undefined
}

export class Delivery {
  readonly counters: DeliveryCounters = {
    queued: 0,
    merged: 0,
    sent: 0,
    requests: 0,
    retries: 0,
    overflowed: 0,
    abandoned: 0,
    refused: 0,
    deadTokens: 0,
  }
  readonly #options: DeliveryOptions
  readonly #lanes = new Map<string, Lane>()
  /** With something to send, while there are as many requests as may be. */
  readonly #ready = new Set<Lane>()
  #waiting = 0
  #requests = 0
  #isClosed = false

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Notifications that wait, those of requests under way not counted. */
  get waiting(): number {
    return this.#waiting
  }

  push(notification: Notification, destination: Destination): void {
    if (this.#isClosed) return
    this.counters.queued++
    const lane = this.#laneOf(destination)
    const name = mergeName(notification)
    const earlier = lane.waiting.get(name)
    if (earlier !== undefined) {
      this.counters.merged++
      lane.waiting.set(name, merge(earlier, notification))
      return
    }
    const { maxQueued = 20_000 } = this.#options
    if (lane.waiting.size >= destination.maxQueued || this.#waiting >= maxQueued) {
      this.counters.overflowed++
      this.#forgetIdle(lane)
      return
    }
    lane.waiting.set(name, notification)
    this.#waiting++
    this.#offer(lane)
  }

  get #maxRequests(): number {
    return this.#options.maxRequests ?? 64
  }

  /** Drops what waits. Requests under way end by themselves. */
  close(): void {
    this.#isClosed = true
    for (const lane of this.#lanes.values()) lane.cancelRetry?.()
    this.#lanes.clear()
    this.#ready.clear()
    this.#waiting = 0
  }

  #laneOf(destination: Destination): Lane {
    const known = this.#lanes.get(destination.name)
    if (known !== undefined) {
      known.destination = destination
      return known
    }
    const lane: Lane = {
      destination,
      waiting: new Map(),
      isBusy: false,
      failures: 0,
      most: destination.batchSize,
      cancelRetry: undefined,
    }
    this.#lanes.set(destination.name, lane)
    return lane
  }

  #forgetIdle(lane: Lane): void {
    if (lane.waiting.size === 0 && !lane.isBusy) this.#lanes.delete(lane.destination.name)
  }

  #offer(lane: Lane): void {
    if (lane.isBusy || lane.cancelRetry !== undefined || lane.waiting.size === 0) return
    const hasTurn = lane.destination.isOurs === true || this.#requests < this.#maxRequests
    if (hasTurn) void this.#send(lane)
    else this.#ready.add(lane)
  }

  async #send(lane: Lane): Promise<void> {
    const { batchSize, isOurs = false, send } = lane.destination
    const batch = [...lane.waiting].slice(0, Math.min(batchSize, lane.most))
    for (const [name] of batch) lane.waiting.delete(name)
    this.#waiting -= batch.length
    lane.isBusy = true
    if (!isOurs) this.#requests++
    this.counters.requests++
    const outcome = await send(batch.map(([, notification]) => notification))
    if (!isOurs) this.#requests--
    lane.isBusy = false
    if (this.#isClosed) return
    this.#settle(lane, batch, outcome)
    this.#offer(lane)
    this.#forgetIdle(lane)
    for (const next of this.#ready) {
      this.#ready.delete(next)
      this.#offer(next)
      if (this.#requests >= this.#maxRequests) break
    }
  }

  #settle(lane: Lane, batch: readonly [string, Notification][], outcome: SendOutcome): void {
    if (outcome.kind === 'retry') return this.#retry(lane, batch, outcome)
    lane.failures = 0
    if (outcome.kind === 'refused' && outcome.mayBePart === true && batch.length > 1) {
      // One of them may be what it does not take, or they are too many.
      lane.most = Math.ceil(batch.length / 2)
      this.counters.retries++
      return this.#putBack(lane, batch)
    }
    lane.most = Math.min(lane.most * 2, lane.destination.batchSize)
    if (outcome.kind === 'refused') {
      this.counters.refused += batch.length
      this.#options.onFailure(outcome.reason)
      return
    }
    const dead =
      outcome.kind === 'gone' ? batch.map(([, { target }]) => target.token) : (outcome.dead ?? [])
    for (const token of new Set(dead)) {
      this.counters.deadTokens++
      this.#drop(lane, token)
      this.#options.onDead(token)
    }
    this.counters.sent += outcome.kind === 'gone' ? 0 : batch.length - dead.length
  }

  #retry(
    lane: Lane,
    batch: readonly [string, Notification][],
    { reason, afterMs }: SendOutcome & { kind: 'retry' },
  ): void {
    this.#options.onFailure(reason)
    lane.failures++
    if (lane.failures >= MAX_ATTEMPTS) {
      this.counters.abandoned += batch.length
      lane.failures = 0
      return
    }
    this.counters.retries++
    this.#putBack(lane, batch)
    lane.cancelRetry = this.#options.clock.after(this.#delay(lane.failures, afterMs), () => {
      lane.cancelRetry = undefined
      this.#offer(lane)
    })
  }

  /** Before what came since. */
  #putBack(lane: Lane, batch: readonly [string, Notification][]): void {
    const later = [...lane.waiting]
    lane.waiting.clear()
    for (const [name, notification] of batch) lane.waiting.set(name, notification)
    this.#waiting += batch.length
    for (const [name, notification] of later) {
      const earlier = lane.waiting.get(name)
      if (earlier === undefined) lane.waiting.set(name, notification)
      else {
        lane.waiting.set(name, merge(earlier, notification))
        this.counters.merged++
        this.#waiting--
      }
    }
  }

  /** Half of the delay is random, so that proxies that failed together do not return together. */
  #delay(failures: number, askedMs: number | undefined): number {
    const most = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS)
    const delay = (most / 2) * (1 + this.#options.random())
    return Math.max(delay, Math.min(askedMs ?? 0, LONGEST_ASKED_MS))
  }

  #drop(lane: Lane, token: string): void {
    for (const [name, { target }] of lane.waiting) {
      if (target.token !== token) continue
      lane.waiting.delete(name)
      this.#waiting--
    }
  }
}
