// SPDX-License-Identifier: MIT
// The remote listens of one search for one filter, shared by all local listeners with that filter
// (spec node behaviour, section 7): registered at the four closest nodes, renewed, kept for a
// minute after the last listener left. Collects what the nodes hold and passes on what is news.

import {
  LISTEN_LINGER_MS,
  LISTEN_NODES,
  MAX_CACHED_VALUES_PER_NODE,
  NODE_EXPIRE_TIME_MS,
} from '../constants.ts'
import type { Request } from '../net/request.ts'
import { Deadline, type TimerWheel } from '../util/timer-wheel.ts'
import type { Query } from '../value/query.ts'
import type { Value, ValueId } from '../value/value.ts'
import type { Closest } from './closest-set.ts'
import { Rooms } from './rooms.ts'
import type { SearchNode } from './search-node.ts'
import { ValueTracker } from './value-tracker.ts'

/** Scratch of all engines: done with before the next call. */
const ROOMS = new Rooms()

/** After this a push has come, or its sender has given up. */
const PUSH_TIME_MS = 10_000
/** Registrations that are due within this time are renewed in one step. */
const TOGETHER_MS = 1000

/** A local listener, as the group sees it. */
export interface ListenSink {
  onNews(group: ListenGroup, values: readonly Value[]): void
  onGone(group: ListenGroup, values: readonly Value[]): void
}

export interface ListenHost {
  readonly wheel: TimerWheel
  readonly renewMs: number
  /** `member` may be written to. */
  isReady(member: SearchNode, now: number): boolean
  /** How much sooner the first renewal of a group comes, so that those of thousands spread out. */
  firstRenewalJitterMs(): number
  lifetimeMs(value: Value): number
  /** Draws a socket id and routes its updates to `registration`. */
  openSocket(registration: Registration): number
  closeSocket(socketId: number): void
  sendListen(registration: Registration, now: number): Request | undefined
}

/**
 * One value that one node reported; gone when neither push nor refresh came within its lifetime.
 */
class Reported extends Deadline {
  readonly registration: Registration
  readonly valueId: ValueId
  constructor(registration: Registration, valueId: ValueId) {
    super()
    this.registration = registration
    this.valueId = valueId
  }
  fire(): void {
    this.registration.drop([this.valueId])
  }
}

/** Our registration at one node. */
export class Registration {
  readonly group: ListenGroup
  readonly member: SearchNode
  readonly socketId: number
  request: Request | undefined = undefined
  /** When the node last acknowledged; -Infinity for never. */
  acknowledgedAt = Number.NEGATIVE_INFINITY
  firstAcknowledgedAt = Number.POSITIVE_INFINITY
  renewAt = Number.NEGATIVE_INFINITY
  readonly #reported = new Map<ValueId, Reported>()

  constructor(group: ListenGroup, member: SearchNode) {
    this.group = group
    this.member = member
    this.socketId = group.host.openSocket(this)
    member.node.references++
  }

  /** The node pushed values. */
  report(values: readonly Value[], now: number): void {
    const { host, tracker, query } = this.group
    const news: Value[] = []
    for (const value of values) {
      if (!query.where.matches(value)) continue
      if (tracker.add(this, value)) news.push(value)
      this.#renew(value, host.lifetimeMs(value), now)
    }
    if (news.length > 0) this.group.publish(news)
  }

  /** The node keeps these values for another lifetime. */
  refresh(ids: readonly ValueId[], now: number): void {
    for (const id of ids) {
      const value = this.group.tracker.find(id)
      if (value !== undefined && this.#reported.has(id)) {
        this.#renew(value, this.group.host.lifetimeMs(value), now)
      }
    }
  }

  /** The node no longer has these values. */
  drop(ids: readonly ValueId[]): void {
    const gone: Value[] = []
    for (const id of ids) {
      const reported = this.#reported.get(id)
      if (reported === undefined) continue
      this.group.host.wheel.cancel(reported)
      this.#reported.delete(id)
      const value = this.group.tracker.remove(this, id)
      if (value !== undefined) gone.push(value)
    }
    if (gone.length > 0) this.group.publishGone(gone)
  }

  /** Ends the registration: what only this node held is gone. */
  close(): void {
    this.group.host.closeSocket(this.socketId)
    this.member.node.references--
    this.drop([...this.#reported.keys()])
  }

  #renew(value: Value, lifetimeMs: number, now: number): void {
    let reported = this.#reported.get(value.id)
    if (reported === undefined) {
      if (this.#reported.size >= MAX_CACHED_VALUES_PER_NODE) {
        this.drop([this.#reported.keys().next().value!])
      }
      reported = new Reported(this, value.id)
      this.#reported.set(value.id, reported)
    }
    this.group.host.wheel.schedule(reported, now + lifetimeMs)
  }
}

export class ListenGroup {
  readonly query: Query
  readonly host: ListenHost
  readonly tracker = new ValueTracker<Registration>()
  readonly #registrations = new Map<SearchNode, Registration>()
  readonly #sinks = new Set<ListenSink>()
  /** For each of its registrations the same. */
  readonly #jitterMs: number
  /** When the group ends for want of listeners; Infinity while it has some. */
  endsAt = Number.POSITIVE_INFINITY

  constructor(query: Query, host: ListenHost) {
    this.query = query
    this.host = host
    this.#jitterMs = host.firstRenewalJitterMs()
  }

  get registrations(): IterableIterator<Registration> {
    return this.#registrations.values()
  }

  /** Adds a listener and tells it at once what is known. */
  join(sink: ListenSink): void {
    this.#sinks.add(sink)
    this.endsAt = Number.POSITIVE_INFINITY
    const known = [...this.tracker.values()]
    if (known.length > 0) sink.onNews(this, known)
  }

  leave(sink: ListenSink, now: number): void {
    if (!this.#sinks.delete(sink)) return
    if (this.#sinks.size === 0) this.endsAt = now + LISTEN_LINGER_MS
  }

  publish(values: readonly Value[]): void {
    for (const sink of this.#sinks) sink.onNews(this, values)
  }

  publishGone(values: readonly Value[]): void {
    for (const sink of this.#sinks) sink.onGone(this, values)
  }

  /** Registers and renews at the closest nodes; lets go of those that are gone. */
  drive(closest: Closest, now: number): void {
    const members = listened(closest)
    this.#closeStale(members, now)
    for (const member of members) {
      if (!this.host.isReady(member, now)) continue
      let registration = this.#registrations.get(member)
      if (registration === undefined) {
        registration = new Registration(this, member)
        this.#registrations.set(member, registration)
      }
      if (registration.request === undefined && registration.renewAt <= now + TOGETHER_MS) {
        registration.request = this.host.sendListen(registration, now)
      }
    }
  }

  /** True when it was a renewal: nothing but the next one follows from it. */
  onAcknowledged(registration: Registration, now: number): boolean {
    const isRenewal = isAlive(registration.acknowledgedAt, now)
    registration.request = undefined
    registration.acknowledgedAt = now
    registration.firstAcknowledgedAt = Math.min(registration.firstAcknowledgedAt, now)
    registration.renewAt = now + this.host.renewMs - (isRenewal ? 0 : this.#jitterMs)
    return isRenewal
  }

  /** Refused or lost: to be made again when the node is in step. */
  onFailure(registration: Registration): void {
    registration.request = undefined
    registration.renewAt = Number.NEGATIVE_INFINITY
  }

  isRegisteredAt(member: SearchNode): boolean {
    const registration = this.#registrations.get(member)
    return registration !== undefined && registration.acknowledgedAt > Number.NEGATIVE_INFINITY
  }

  /**
   * Every node it should be registered at has acknowledged, long enough ago for the values that it
   * held then to have come, lost pushes included.
   */
  isSynced(closest: Closest, now: number): boolean {
    const members = listened(closest)
    return (
      this.tracker.ignored === 0 &&
      members.length > 0 &&
      members.every((member) => {
        const registration = this.#registrations.get(member)
        if (registration === undefined || !isAlive(registration.acknowledgedAt, now)) return false
        return registration.firstAcknowledgedAt <= now - PUSH_TIME_MS
      })
    )
  }

  /** When `drive` has to be called next; Infinity when nothing is due by itself. */
  nextRenewal(now: number): number {
    let next = this.endsAt
    for (const { request, renewAt, acknowledgedAt } of this.#registrations.values()) {
      if (request !== undefined) continue
      if (renewAt > now) next = Math.min(next, renewAt)
      if (isAlive(acknowledgedAt, now)) next = Math.min(next, acknowledgedAt + NODE_EXPIRE_TIME_MS)
    }
    return next
  }

  /** Ends the remote listens without a word to listeners. */
  close(): void {
    this.#sinks.clear()
    for (const registration of this.#registrations.values()) registration.close()
    this.#registrations.clear()
  }

  /** Nodes that are no longer the closest are not renewed, and let go when their time is over. */
  #closeStale(members: readonly SearchNode[], now: number): void {
    for (const [member, registration] of this.#registrations) {
      if (registration.request !== undefined) continue
      const isDue = members.includes(member)
      if (!isDue) registration.renewAt = Number.POSITIVE_INFINITY
      else if (registration.renewAt === Number.POSITIVE_INFINITY) registration.renewAt = now
      const isOver = !isDue && !isAlive(registration.acknowledgedAt, now)
      if (!member.node.isExpired && !isOver) continue
      this.#registrations.delete(member)
      registration.close()
    }
  }
}

/** Ends and takes out the groups that nobody came back to. */
export function closeEnded(groups: ListenGroup[], now: number): void {
  for (let i = groups.length - 1; i >= 0; i--) {
    const group = groups[i]!
    if (group.endsAt > now) continue
    groups.splice(i, 1)
    group.close()
  }
}

/** The nodes to register at: the closest ones of each path. */
function listened({ members, paths }: Closest): readonly SearchNode[] {
  ROOMS.start(paths, LISTEN_NODES)
  return members.filter((member) => member.isBesieging || ROOMS.take(member.paths))
}

/** A node that acknowledged then still pushes to us, as far as we can know. */
function isAlive(acknowledgedAt: number, now: number): boolean {
  return acknowledgedAt > now - NODE_EXPIRE_TIME_MS
}
