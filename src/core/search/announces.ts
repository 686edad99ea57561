// SPDX-License-Identifier: MIT
// The puts of one search. Only those that are open are looked at when the search goes a step: a
// settled one is at each of the closest nodes, and waits for others to turn up or for its time.

import { NODE_EXPIRE_TIME_MS, TARGET_NODES } from '../constants.ts'
import type { Outcome } from '../events.ts'
import { Deadline } from '../util/timer-wheel.ts'
import type { ValueId } from '../value/value.ts'
import type { Announce, AnnounceHost } from './announce.ts'
import type { Closest } from './closest-set.ts'
import type { FamilySink } from './family-sink.ts'
import type { SearchNode } from './search-node.ts'
import type { SearchContext } from './search-pool.ts'

/** What the puts need of their search. */
export interface AnnouncesHost {
  readonly context: SearchContext
  readonly calls: AnnounceHost
  /** Nobody else is closer. */
  isFound(closest: Closest, now: number): boolean
  /** Those who know best say so. */
  isHeard(closest: Closest, now: number): boolean
  /** How many nodes that were known to live do not answer any more. */
  silentSince(since: number, now: number): number
  /** A put has to do something by itself: go a step. */
  onDue(now: number): void
}

/** One of them; its deadline is the next thing that it has to do by itself. */
class Put extends Deadline {
  readonly announce: Announce
  readonly sink: FamilySink
  readonly #onDue: (put: Put, now: number) => void

  constructor(announce: Announce, sink: FamilySink, onDue: (put: Put, now: number) => void) {
    super()
    this.announce = announce
    this.sink = sink
    this.#onDue = onDue
  }

  fire(now: number): void {
    this.#onDue(this, now)
  }
}

export class Announces implements Iterable<Announce> {
  readonly #host: AnnouncesHost
  readonly #puts = new Map<ValueId, Put>()
  readonly #open = new Set<Put>()
  /** Whom the settled ones were brought to. */
  #served: readonly SearchNode[] = []

  constructor(host: AnnouncesHost) {
    this.#host = host
  }

  get size(): number {
    return this.#puts.size
  }

  /** All were brought to where they belong: what is left is to keep them there. */
  get areKept(): boolean {
    return this.#puts.size > 0 && this.#open.size === 0
  }

  *[Symbol.iterator](): Iterator<Announce> {
    for (const { announce } of this.#puts.values()) yield announce
  }

  add(announce: Announce, sink: FamilySink): void {
    const put = new Put(announce, sink, this.#onDue)
    this.#puts.set(announce.value.id, put)
    this.#open.add(put)
  }

  /** Sends nothing more; requests that are on their way go on, as those of a get do. */
  cancel(valueId: ValueId): void {
    const put = this.#puts.get(valueId)
    if (put === undefined) return
    this.#forget(put)
    put.announce.isCancelled = true
  }

  /** Brings what is open to `members`. */
  drive(members: readonly SearchNode[], now: number): void {
    if (!isSame(members, this.#served)) {
      this.#served = members
      for (const put of this.#puts.values()) this.#open.add(put)
    }
    for (const { announce } of this.#open) announce.drive(members, this.#host.calls, now)
  }

  /** Reports those that are done, and settles or forgets them. */
  finish(closest: Closest, now: number): void {
    for (const put of this.#open) this.#finish(put, closest, now)
  }

  /** Like `finish` for one; false when it has to be looked at together with everything else. */
  finishOne(announce: Announce, closest: Closest, now: number): boolean {
    const put = this.#find(announce)
    if (put === undefined) return false
    this.#finish(put, closest, now)
    const isOpen = this.#open.has(put)
    return isOpen ? announce.isWaiting : this.size > 0
  }

  /** A node refused or lost the value of `announce`. */
  reopen(announce: Announce): void {
    const put = this.#find(announce)
    if (put !== undefined) this.#open.add(put)
  }

  /** Nobody can be reached: only permanent ones go on, in the hope that somebody turns up. */
  giveUp(): void {
    for (const put of [...this.#puts.values()]) {
      if (!put.announce.isPermanent) this.#forget(put)
      this.#end(put, 'no-nodes')
    }
  }

  close(outcome: Outcome): void {
    for (const put of [...this.#puts.values()]) {
      this.cancel(put.announce.value.id)
      this.#end(put, outcome)
    }
  }

  #find(announce: Announce): Put | undefined {
    const put = this.#puts.get(announce.value.id)
    return put?.announce === announce ? put : undefined
  }

  #finish(put: Put, closest: Closest, now: number): void {
    const { announce } = put
    const { members, hasLaggards } = closest
    const isComplete = announce.isComplete(members) && this.#host.isFound(closest, now)
    const isSafe = hasLaggards && this.#host.isHeard(closest, now) && announce.isSafe(members, now)
    const isDone = isComplete || isSafe
    if (!announce.isReported && isDone) this.#report(put, closest, isComplete, now)
    if (!announce.isReported) return
    const hasCaughtUp = announce.isCatchingUp && isComplete && !hasLaggards
    if (hasCaughtUp || announce.isOver(now)) return this.#forget(put)
    if (announce.isSettled(members, now)) this.#open.delete(put)
    this.#plan(put, announce.nextRenewal(now))
  }

  #report({ announce, sink }: Put, closest: Closest, isComplete: boolean, now: number): void {
    const { context } = this.#host
    const { isShort, hasLaggards } = closest
    announce.report(now)
    // In a network that is still forming, those who turn up soon get the value too.
    const isForming = isShort || context.answerAgeMs(now) < NODE_EXPIRE_TIME_MS
    if (isForming || !isComplete || hasLaggards) announce.linger(isForming, context.lingering, now)
    // A node or two cannot stand in for all of the others that were there a moment ago.
    const silent = this.#host.silentSince(announce.startedAt, now)
    const { holders } = announce
    const wanted = Math.min(TARGET_NODES, holders.length + silent)
    sink.onFamilyDone(context.family, holders.length < wanted / 2 ? 'failed' : 'ok', holders)
  }

  #end({ announce, sink }: Put, outcome: Outcome): void {
    if (announce.isReported) return
    announce.isReported = true
    sink.onFamilyDone(this.#host.context.family, outcome, [])
  }

  #plan(put: Put, at: number): void {
    const { wheel } = this.#host.context.net
    if (at === Number.POSITIVE_INFINITY) wheel.cancel(put)
    else if (!put.isScheduled || put.at !== at) wheel.schedule(put, at)
  }

  readonly #onDue = (put: Put, now: number): void => {
    if (put.announce.isOver(now)) this.#forget(put)
    else this.#open.add(put)
    this.#host.onDue(now)
  }

  #forget(put: Put): void {
    const { announce } = put
    announce.stop(this.#host.calls)
    this.#puts.delete(announce.value.id)
    this.#open.delete(put)
    const { net, lingering } = this.#host.context
    net.wheel.cancel(put)
    if (announce.lingersUntil > Number.NEGATIVE_INFINITY) lingering.release()
  }
}

function isSame(a: readonly SearchNode[], b: readonly SearchNode[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
