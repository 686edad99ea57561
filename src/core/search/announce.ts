// SPDX-License-Identifier: MIT
// A put within one search: brings one value to the closest nodes and, when it is permanent, keeps
// it there (spec node behaviour, section 6). States per node: idle → putting → stored; for a
// permanent value then, shortly before its lifetime ends, → probing → refreshing or putting →
// stored again.

import { REANNOUNCE_MARGIN_MS, TARGET_NODES } from '../constants.ts'
import type { Node } from '../net/node.ts'
import type { Request } from '../net/request.ts'
import { unpackFields } from '../value/field-value-index.ts'
import { packedValue } from '../value/pack-value.ts'
import type { Value } from '../value/value.ts'
import { Kind, type Message } from '../wire/message.ts'
import { type Checking, PutCheck } from './put-check.ts'
import type { SearchNode } from './search-node.ts'
import type { Places } from './search-pool.ts'

export interface AnnounceHost {
  /** `member` may be written to: it is in step, or near enough not to wait for the others. */
  isReady(member: SearchNode, now: number): boolean
  sendPut(announce: Announce, member: SearchNode, now: number): Request | undefined
  sendRefresh(announce: Announce, member: SearchNode, now: number): Request | undefined
  sendProbe(announce: Announce, member: SearchNode, now: number): Request | undefined
  /** `member` keeps failing although it is alive: others are to take its place. */
  giveUp(member: SearchNode, now: number): void
  /** Takes back a request that has not been sent yet; false when it has. */
  recall(request: Request): boolean
}

const NEVER = Number.NEGATIVE_INFINITY
/** A put in a network that is still forming goes on this long … */
const FORMING_LINGER_MS = 60_000
/** … and one that was reported before each of the closest nodes had the value this long. */
const CATCH_UP_MS = 10_000
/** Who gets a value so soon need not be told its age: the clocks of both may differ by more. */
const NEW_MS = 10_000
/** Values that live shorter are not verified: they may be gone by then. */
const MIN_CHECKED_MS = 3 * 60_000
/** Failures in a row at one node before another one takes its place. */
const MAX_FAILURES = 3

class Placement {
  readonly member: SearchNode
  request: Request | undefined = undefined
  /** When the node last acknowledged; -Infinity for never. */
  storedAt = NEVER
  /** When it is to be renewed; Infinity when it is not. */
  renewAt = Number.POSITIVE_INFINITY
  failures = 0

  constructor(member: SearchNode) {
    this.member = member
  }
}

export class Announce {
  readonly value: Value
  readonly packed: Uint8Array
  readonly isPermanent: boolean
  /** Creation time in seconds since the epoch; undefined for "now", whenever that is. */
  readonly #created: number | undefined
  readonly startedAt: number
  readonly #isNewUntil: number
  /** Time from one announcement to the next. */
  readonly #renewalMs: number
  /** One per node; few enough to look through. */
  #placements: Placement[] = []
  /** Nodes that acknowledged it, as long as that was not reported. */
  readonly #holders: Node[] = []
  readonly #check: PutCheck<Placement> | undefined
  /** Nothing is sent any more; answers that still come only tell that their nodes live. */
  isCancelled = false
  /** The outcome was reported; a permanent announce goes on. */
  isReported = false
  /** Until when a one-time put goes on after it was reported, for nodes that turn up meanwhile. */
  lingersUntil = Number.NEGATIVE_INFINITY
  /** It goes on only until each of the closest nodes has it. */
  isCatchingUp = false

  constructor(init: {
    value: Value
    permanent: boolean
    created: number | undefined
    /** It was made right now. */
    isNew: boolean
    lifetimeMs: number
    /** How much sooner than necessary it is renewed, so that thousands are not at once. */
    jitterMs: number
    /** Whether and when it is verified that nodes keep what they acknowledged. */
    checking?: Checking | undefined
    now: number
  }) {
    this.value = init.value
    this.packed = packedValue(init.value)
    this.isPermanent = init.permanent
    this.startedAt = init.now
    this.#created = init.permanent ? undefined : init.created
    this.#isNewUntil = init.isNew ? init.now + NEW_MS : NEVER
    // An old value may be gone before it is looked for.
    const isChecked = init.isNew && init.lifetimeMs >= MIN_CHECKED_MS
    if (isChecked && init.checking !== undefined) this.#check = new PutCheck(init.checking)
    this.#renewalMs = Math.max(1000, init.lifetimeMs - REANNOUNCE_MARGIN_MS - init.jitterMs)
  }

  /** What to tell nodes of its age: nothing as long as that is next to none. */
  createdAt(now: number): number | undefined {
    return now < this.#isNewUntil ? undefined : this.#created
  }

  /** Nothing is left to do. */
  isOver(now: number): boolean {
    if (!this.isReported || this.isPermanent || this.lingersUntil > now) return false
    return !this.#check?.isOpen
  }

  /** The outcome is told. */
  report(now: number): void {
    this.isReported = true
    this.#check?.plan(now)
  }

  /** It was reported, but goes on for nodes that turn up soon, or answer late. */
  linger(isForming: boolean, places: Places, now: number): void {
    if (this.isPermanent || !places.tryAcquire()) return
    this.isCatchingUp = !isForming
    this.lingersUntil = now + (isForming ? FORMING_LINGER_MS : CATCH_UP_MS)
  }

  /** Some node acknowledged it, and the outcome was reported. */
  get isStored(): boolean {
    return this.isReported && this.#placements.some(({ storedAt }) => storedAt > NEVER)
  }

  /** Nodes that acknowledged it before the outcome was reported, wherever they are by now. */
  get holders(): readonly Node[] {
    return this.#holders
  }

  /** Some node is about to answer. */
  get isWaiting(): boolean {
    return this.#placements.some(({ request }) => request !== undefined)
  }

  isStoredAt(member: SearchNode): boolean {
    const place = this.#at(member)
    return place !== undefined && place.storedAt > NEVER
  }

  /** Brings or renews the value where that is due, at those of `members` that are ready for it. */
  drive(members: readonly SearchNode[], host: AnnounceHost, now: number): void {
    for (const member of members) {
      const place = this.#at(member) ?? this.#add(member)
      if (place.request !== undefined || !host.isReady(member, now)) continue
      if (place.storedAt === NEVER) {
        place.request = host.sendPut(this, member, now)
      } else if (place.renewAt <= now) {
        place.request = host.sendProbe(this, member, now)
      }
    }
    if (this.#check !== undefined && this.#check.at <= now) this.#verify(this.#check, host, now)
    if (this.#placements.length > members.length) this.#forgetOthers(members, host, now)
  }

  /** Every one of `members` acknowledged the value. */
  isComplete(members: readonly SearchNode[]): boolean {
    if (members.length === 0) return false
    for (const member of members) if (!this.isStoredAt(member)) return false
    return true
  }

  /** Each of `members` has it, and nothing is due or under way. */
  isSettled(members: readonly SearchNode[], now: number): boolean {
    for (const { request, renewAt } of this.#placements) {
      if (request !== undefined || renewAt <= now) return false
    }
    return this.isComplete(members)
  }

  /**
   * As many nodes as are wanted acknowledged it, among them all of the closest that can be written
   * to so far: whoever looks for it finds it, though some that stand in for others lack it yet.
   */
  isSafe(members: readonly SearchNode[], now: number): boolean {
    if (this.#holders.length < TARGET_NODES) return false
    const others = members.filter((member) => !this.isStoredAt(member))
    return others.length < members.length / 2 && !others.some(({ node }) => node.isWritable(now))
  }

  /** When `drive` has to be called next; Infinity when nothing is due by itself. */
  nextRenewal(now: number): number {
    let next = this.#check?.at ?? Number.POSITIVE_INFINITY
    if (this.lingersUntil > now) next = Math.min(next, this.lingersUntil)
    if (!this.isPermanent) return next
    for (const { request, renewAt } of this.#placements) {
      if (request === undefined && renewAt > now) next = Math.min(next, renewAt)
    }
    return next
  }

  /** An answer to a put, refresh or probe of this value. */
  onReply(
    member: SearchNode,
    request: Request,
    message: Message,
    host: AnnounceHost,
    now: number,
  ): void {
    const place = this.#at(member)
    if (place === undefined || this.isCancelled) return
    place.request = undefined
    if (request.kind !== Kind.Get) {
      const { node } = member
      if (!this.isReported && !this.#holders.includes(node)) this.#holders.push(node)
      return this.#stored(place, now)
    }
    const isListed = this.#isListed(message)
    if (this.#check?.isAsked(place)) return this.#onChecked(place, isListed, host, now)
    place.request = isListed ? host.sendRefresh(this, member, now) : host.sendPut(this, member, now)
  }

  /** Refused or lost. A refresh of a value that the node no longer has becomes a put. */
  onFailure(member: SearchNode, code: number, host: AnnounceHost, now: number): void {
    const place = this.#at(member)
    if (place === undefined || this.isCancelled) return
    if (this.#check?.isAsked(place)) this.#onChecked(place, undefined, host, now)
    const isForgotten = code === 404 && place.request?.kind === Kind.Refresh
    place.request = isForgotten ? host.sendPut(this, member, now) : undefined
    if (isForgotten) return
    place.storedAt = NEVER
    place.failures++
    if (place.failures >= MAX_FAILURES) host.giveUp(member, now)
  }

  /** Nobody else is to get it. */
  stop(host: AnnounceHost): void {
    for (const place of this.#placements) {
      if (this.#takeBack(place, host)) place.request = undefined
    }
  }

  /** Asks whoever acknowledged it whether it is there. */
  #verify(check: PutCheck<Placement>, host: AnnounceHost, now: number): void {
    const holders = this.#placements.filter(
      ({ storedAt, request }) => storedAt > NEVER && request === undefined,
    )
    const ask = (place: Placement): boolean => {
      place.request = host.sendProbe(this, place.member, now)
      return place.request !== undefined
    }
    check.begin(holders, ask, now)
  }

  #onChecked(place: Placement, has: boolean | undefined, host: AnnounceHost, now: number): void {
    const verdict = this.#check?.answered(place, has, now)
    if (verdict === undefined) return
    for (const lacking of verdict.again) lacking.storedAt = NEVER
    for (const lacking of verdict.given) {
      lacking.storedAt = NEVER
      host.giveUp(lacking.member, now)
    }
  }

  #stored(place: Placement, now: number): void {
    place.storedAt = now
    place.failures = 0
    if (this.isPermanent) place.renewAt = now + this.#renewalMs
  }

  /** The node has our revision or a later one. */
  #isListed(message: Message): boolean {
    if (message.fieldsOffset < 0) return false
    message.reader.reset(message.source, message.fieldsOffset, message.source.length)
    return unpackFields(message.reader).some(
      (index) => index.id === this.value.id && (index.seq ?? 0) >= this.value.seq,
    )
  }

  /**
   * Nodes that left the closest ones are not renewed; what they stored expires there. Until then
   * they are remembered: with loss, members come and go with each answer that is late.
   */
  #forgetOthers(members: readonly SearchNode[], host: AnnounceHost, now: number): void {
    this.#placements = this.#placements.filter((place) => {
      const { member, request, storedAt, renewAt } = place
      if (members.some(({ node }) => node === member.node)) return true
      if (request !== undefined) return !this.#takeBack(place, host)
      return storedAt > NEVER && renewAt > now
    })
  }

  /**
   * A copy that waits for its turn is not needed any more: on a slow line it holds up others. Not a
   * probe, whose answer a check waits for.
   */
  #takeBack({ request, storedAt }: Placement, host: AnnounceHost): boolean {
    return request !== undefined && storedAt === NEVER && host.recall(request)
  }

  /** By node: one that left the search altogether comes back as another member. */
  #at({ node }: SearchNode): Placement | undefined {
    for (const place of this.#placements) if (place.member.node === node) return place
    return undefined
  }

  #add(member: SearchNode): Placement {
    const place = new Placement(member)
    this.#placements.push(place)
    return place
  }
}
