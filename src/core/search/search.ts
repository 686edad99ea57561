// SPDX-License-Identifier: MIT
// One search: the nodes around a key in one family, shared by all gets, puts and listens on it.
// Everything happens in `step`, which is called after every change: it drops dead nodes, lets gets
// ask the closest ones, and, for puts and listens, keeps the closest in step with `find`. Whoever
// is in step (answered within ten minutes, token at hand) gets the puts, the first four get the
// listens: at once when near enough to be one of the eight in the end, or when all eight are. A
// node whose answer is overdue makes room for the next one. A get ends when the eight closest have
// answered, a put when eight nodes have the value. Without any node a search waits while its family
// is connecting, and fails its gets and one-time puts otherwise; permanent puts and listens never
// fail. A deadline calls `step` for renewals.

import { NODE_EXPIRE_TIME_MS, TARGET_NODES } from '../constants.ts'
import type { Outcome } from '../events.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { Family } from '../id/socket-address.ts'
import type { Node } from '../net/node.ts'
import { Deadline } from '../util/timer-wheel.ts'
import type { Query } from '../value/query.ts'
import type { Value, ValueId } from '../value/value.ts'
import { Announce } from './announce.ts'
import { Announces } from './announces.ts'
import type { Closest, ClosestSet } from './closest-set.ts'
import type { FamilySink } from './family-sink.ts'
import { GetRun, type RunSink } from './get-run.ts'
import { GetRuns, type OutcomeJudge } from './get-runs.ts'
import type { IdleLinks } from './idle-searches.ts'
import { closeEnded, ListenGroup, type ListenSink, type Registration } from './listen-group.ts'
import { FindRun } from './lookup-run.ts'
import { Refills } from './refills.ts'
import { SearchCalls } from './search-calls.ts'
import type { SearchNode } from './search-node.ts'
import type { SearchContext } from './search-pool.ts'
import { isCutOff, Silence } from './silence.ts'
import { Vigilance } from './vigilance.ts'

/** After requests were refused because too many are pending, the search tries again after this. */
const RETRY_MS = 1000
/** Nodes that go without an answer, one after the other, before operations are given up. */
const MAX_LOST_IN_A_ROW = 25
/** Listed nodes that one operation takes; a network of a million nodes needs about a hundred. */
const MAX_HEARD = 512
/** So many of the closest nodes are asked whether there are closer ones, before a put ends. */
const WITNESSES = 3

export class Search extends Deadline implements OutcomeJudge {
  readonly id: InfoHash
  readonly context: SearchContext
  readonly nodes: ClosestSet
  readonly #silence: Silence
  readonly #vigilance: Vigilance
  readonly #calls: SearchCalls
  readonly #find: FindRun
  readonly #gets = new GetRuns()
  readonly #puts: Announces
  readonly #listens: ListenGroup[] = []
  /** Nodes that were asked in vain since one last answered. */
  #lost = 0
  /**
   * Since when the nodes around the key are asked for their own sake; undefined when they are not.
   */
  #exploringSince: number | undefined
  lastStepAt: number
  readonly idle: IdleLinks = { older: undefined, newer: undefined, since: undefined }
  /** Dropped: there may be another one for its key. Answers that still come change nothing. */
  #isClosed = false
  readonly #refills: Refills
  /** Nodes that others listed and that were taken, since the last operation began. */
  #heard = 0

  constructor(key: InfoHash, context: SearchContext, now: number) {
    super()
    this.id = key.clone()
    this.context = context
    this.nodes = context.emptySet(this.id)
    this.#silence = new Silence(this.nodes)
    this.#refills = new Refills(this.nodes)
    this.#vigilance = new Vigilance(this.id)
    this.#calls = new SearchCalls(this)
    this.#find = new FindRun((member) => this.#isBeingAsked(member))
    this.#puts = new Announces({
      context,
      calls: this.#calls,
      isFound: (closest, at) => this.#find.isComplete(closest, at),
      isHeard: (closest, at) => this.#find.isHeard(closest, at),
      silentSince: (since, at) => this.#silence.since(since, at).size,
      onDue: (at) => this.fire(at),
    })
    this.lastStepAt = now
  }

  get family(): Family {
    return this.context.family
  }

  get gets(): number {
    return this.#gets.size
  }

  get announces(): Announce[] {
    return [...this.#puts]
  }

  get listens(): readonly ListenGroup[] {
    return this.#listens
  }

  /** Nothing to do, and nothing to keep up. */
  get isIdle(): boolean {
    return this.#gets.size === 0 && !this.#needsSync
  }

  isSynced(now: number): boolean {
    return this.#find.isComplete(this.nodes.closest(), now)
  }

  /** The up to eight closest nodes that answer in time. */
  get closest(): Node[] {
    return this.nodes.closest().members.map(({ node }) => node)
  }

  /**
   * Looks up the nodes around the key, for its own sake: asks them whatever they answered before.
   */
  explore(now: number): void {
    this.#begin()
    if (this.#exploringSince !== undefined) return
    this.#takeClosest(now)
    this.#exploringSince = now
    this.step(now)
  }

  get(query: Query, sink: RunSink, now: number): void {
    this.#begin()
    this.#gets.add(new GetRun(query, sink, now))
    this.step(now)
  }

  cancelGet(sink: RunSink): void {
    this.#gets.cancel(sink)
  }

  put(
    value: Value,
    options: { permanent: boolean; created: number | undefined; isNew: boolean },
    sink: FamilySink,
    now: number,
  ): void {
    this.cancelPut(value.id)
    this.#begin()
    const lifetimeMs = this.context.lifetimeMs(value.type)
    const jitterMs = this.context.net.requests.policy.jitterMs(lifetimeMs)
    const { checking } = this.context
    this.#puts.add(new Announce({ value, ...options, lifetimeMs, jitterMs, checking, now }), sink)
    if (options.permanent) this.context.stepForPermanent(this, now)
    else this.step(now)
  }

  cancelPut(valueId: ValueId): void {
    this.#puts.cancel(valueId)
  }

  listen(query: Query, sink: ListenSink, now: number): void {
    this.#begin()
    let group = this.#listens.find((known) => known.query.equals(query))
    if (group === undefined) {
      group = new ListenGroup(query, this.#calls)
      this.#listens.push(group)
    }
    group.join(sink)
    this.step(now)
  }

  cancelListen(sink: ListenSink, now: number): void {
    for (const group of this.#listens) group.leave(sink, now)
    this.step(now)
  }

  /**
   * Values of a synced listen that holds all that `query` asks for; undefined when there is none.
   */
  listened(query: Query, now: number): Value[] | undefined {
    if (this.#listens.length === 0) return undefined
    const closest = this.nodes.closest()
    for (const group of this.#listens) {
      if (query.isSatisfiedBy(group.query) && group.isSynced(closest, now)) {
        return [...group.tracker.values()].filter((value) => query.matches(value))
      }
    }
    return undefined
  }

  /**
   * A node that one of `path` listed. Limited per operation: a peer that invents ever closer nodes
   * would otherwise keep the search from ever ending.
   */
  hear(node: Node, path: number): void {
    if (!this.#isClosed && this.#heard < MAX_HEARD && this.nodes.insert(node, path)) this.#heard++
  }

  /** Who waits for a get, and the renewals of listens, which are frequent, do not wait in turn. */
  fire(now: number): void {
    this.#heard = 0
    if (this.#gets.size > 0 || this.#listens.length > 0) this.step(now)
    else this.context.stepSoon(this, now)
  }

  onAnswer(): void {
    this.#lost = 0
    this.#vigilance.onAnswer()
  }

  /** `member` left a request unanswered: one more node, unless that is not its first one. */
  onSilence(member: SearchNode, now: number): void {
    if (member.isBesieging) return
    if (member.timeouts === 1) {
      this.#lost++
      if (member.answeredAt >= 0) this.#vigilance.onDeath()
    }
    this.#silence.onLost(member, now)
  }

  step(now: number): void {
    if (this.#isClosed) return
    this.lastStepAt = now
    this.nodes.removeExpired()
    closeEnded(this.#listens, now)
    if (this.isIdle) return this.context.idle(this, now)
    const closest = this.#refill(now)
    for (const run of this.#gets) {
      run.drive(closest, this.#calls, now)
      if (run.hasToFetch) run.fetches.drive(this.#calls.fetchHost(run), now)
    }
    if (this.#needsSync) {
      this.#aim(closest, now)
      this.#find.drive(closest, this.#calls, now)
      this.#serve(closest, now)
    }
    this.#finish(closest, now)
    this.#plan(closest, now)
  }

  /** One of several nodes acknowledged the value of `announce`: only that may be over now. */
  onAcknowledged(announce: Announce, now: number): void {
    if (this.#isClosed) return
    if (!this.#puts.finishOne(announce, this.nodes.closest(), now)) this.step(now)
  }

  /** A node goes on to push to `registration`: of a search that only listens, that is no step. */
  onRenewed({ renewAt }: Registration, now: number): void {
    if (this.#isClosed) return
    const isBusy = this.#gets.size > 0 || this.#puts.size > 0 || this.#exploringSince !== undefined
    if (isBusy || this.#listens.length === 0) return this.step(now)
    if (!this.isScheduled || this.at > renewAt) this.context.net.wheel.schedule(this, renewAt)
  }

  /** A node refused or lost the value of `announce`. */
  onNotStored(announce: Announce): void {
    this.#puts.reopen(announce)
  }

  /** To have found nothing says something only when those were asked who would know. */
  outcomeOf({ answerers, hasFound, startedAt }: GetRun, failure: Outcome, now: number): Outcome {
    if (answerers.length === 0) return failure
    if (hasFound) return 'ok'
    return isCutOff(this.id, answerers, this.#silence.since(startedAt, now)) ? 'failed' : 'ok'
  }

  /** Forgets everything; gets and puts end with `outcome`. */
  close(outcome: Outcome): void {
    this.#isClosed = true
    this.#gets.endAll(this.family, () => outcome)
    this.#puts.close(outcome)
    for (const group of this.#listens) group.close()
    this.#listens.length = 0
    for (const request of this.#find.pending.values()) this.context.net.requests.settle(request)
    this.#find.pending.clear()
    this.nodes.clear()
    this.context.net.wheel.cancel(this)
  }

  /** An operation begins: what others used up is none of its business. */
  #begin(): void {
    this.#heard = 0
    this.#lost = 0
  }

  get #needsSync(): boolean {
    return this.#puts.size > 0 || this.#listens.length > 0 || this.#exploringSince !== undefined
  }

  /** Whom `#find` has to ask again: everybody, as long as nodes turn up or go. */
  #aim({ hasLaggards, paths }: Closest, now: number): void {
    const ageMs = this.context.answerAgeMs(now)
    const since = this.#exploringSince
    const isChanging = ageMs < NODE_EXPIRE_TIME_MS || hasLaggards || since !== undefined
    this.#find.maxAgeMs = since === undefined ? ageMs : Math.min(ageMs, now - since)
    this.#find.witnesses = isChanging || paths > 1 ? paths * TARGET_NODES : WITNESSES
    this.#find.maxSilenceMs = this.#vigilance.maxSilenceMs
  }

  /** A get is going to bring an answer of `member`. */
  #isBeingAsked(member: SearchNode): boolean {
    for (const run of this.#gets) if (run.needs(member)) return true
    return false
  }

  /** Takes the closest known nodes while there are too few. */
  #refill(now: number): Closest {
    if (this.nodes.lacksPath) this.context.openPaths(this, now)
    const closest = this.nodes.closest()
    const isForming = this.context.answerAgeMs(now) < NODE_EXPIRE_TIME_MS
    if (!this.#refills.isDue(closest, isForming, now)) return closest
    this.#takeClosest(now)
    return this.nodes.closest()
  }

  #takeClosest(now: number): void {
    this.context.fill(this, now)
    this.#refills.done(now)
  }

  /**
   * Brings values and listens to the closest nodes: to each as soon as it is in step when it is
   * likely to be one of them in the end, otherwise when all of them are.
   */
  #serve(closest: Closest, now: number): void {
    const { members, besiegers } = closest
    const isSynced = this.#find.isComplete(closest, now)
    this.#calls.isSynced = isSynced
    this.#puts.drive(members, now)
    for (const group of this.#listens) group.drive(closest, now)
    const since = this.#exploringSince
    if (since === undefined || !isSynced) return
    const isOver = members.every(({ answeredAt }, i) => i < besiegers || answeredAt >= since)
    if (isOver) this.#exploringSince = undefined
  }

  #finish(closest: Closest, now: number): void {
    this.#gets.finish(this.family, closest, this, now)
    this.#puts.finish(closest, now)
    // Not only when nobody is left: to ask all of thousands of dead nodes would take hours.
    if (this.#lost >= MAX_LOST_IN_A_ROW) this.#giveUp(now)
    else if (this.nodes.size === 0) this.#onLonely(now)
  }

  /** No node is left, and none was found in the cache. */
  #onLonely(now: number): void {
    this.#exploringSince = undefined
    if (this.context.isConnecting()) this.context.wait(this)
    else this.#giveUp(now)
  }

  /** Ends what can end; what is permanent goes on with the nodes that are left or turn up. */
  #giveUp(now: number): void {
    this.#lost = 0
    this.#exploringSince = undefined
    this.#gets.endAll(this.family, (run) => this.outcomeOf(run, 'no-nodes', now))
    this.#puts.giveUp()
    if (this.nodes.size === 0 && !this.isIdle) this.context.wait(this)
    this.context.onLost(now)
  }

  /** Arms the deadline for the next thing that is due by itself. */
  #plan({ members }: Closest, now: number): void {
    if (this.isIdle) return this.context.idle(this, now)
    let next = Number.POSITIVE_INFINITY
    for (const group of this.#listens) next = Math.min(next, group.nextRenewal(now))
    if (this.#needsSync) {
      const ageMs = this.context.answerAgeMs(now)
      this.#vigilance.isNeeded = this.#puts.areKept
      next = Math.min(next, this.#vigilance.nextLook(members, now))
      for (const { answeredAt } of members) {
        if (answeredAt + ageMs > now) next = Math.min(next, answeredAt + ageMs)
      }
    }
    if (this.#calls.wasRefused) next = Math.min(next, now + RETRY_MS)
    this.#calls.wasRefused = false
    const { wheel } = this.context.net
    if (next === Number.POSITIVE_INFINITY) wheel.cancel(this)
    else if (!this.isScheduled || this.at !== next) wheel.schedule(this, next)
  }
}
