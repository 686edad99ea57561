// SPDX-License-Identifier: MIT
// One question that a search asks the nodes around its key, each once, a few at a time: the `find`
// that puts and listens need, or the `get` of one operation. Per node: not asked → asked →
// answered or failed. A node whose answer is overdue no longer counts as asked: the next candidate
// is asked in its place, and whichever of them answers counts. At last, a few more are asked
// than take their places, so that to find out who is dead takes fewer waits in a row.

import {
  MAX_SOLICITED_NEAR,
  MAX_SOLICITED_NODES,
  NODE_EXPIRE_TIME_MS,
  TARGET_NODES,
} from '../constants.ts'
import type { Request } from '../net/request.ts'
import type { Message } from '../wire/message.ts'
import type { Closest } from './closest-set.ts'
import { PATIENT_WAITS, type SearchNode } from './search-node.ts'

/** Requests that are overdue, but not for long, beside which as many as usual are made. */
const MAX_OVERDUE = 8

export interface LookupHost {
  /**
   * Sends the question of `run` to `member`, who may be a spare; undefined when requests are
   * refused right now.
   */
  ask(run: LookupRun, member: SearchNode, isSpare: boolean, now: number): Request | undefined
  /** `member` is likely to be one of the closest nodes that there are. */
  isNear(member: SearchNode, now: number): boolean
}

export abstract class LookupRun {
  /** Requests on their way, by node. */
  readonly pending = new Map<SearchNode, Request>()

  /**
   * `member`, the closest but `rank` of those that count, still has to be asked for this run. The
   * rank of those that besiege the key is negative.
   */
  abstract needs(member: SearchNode, rank: number, now: number): boolean
  /** The answer of `member` is in; its token and node lists are dealt with by the search. */
  abstract answered(member: SearchNode, message: Message, now: number): void
  /** `member` gave no usable answer. */
  abstract failed(member: SearchNode, now: number): void

  /** Asks whom it may ask. Nobody is asked twice while a request is on its way. */
  drive({ members, besiegers, paths, spares }: Closest, host: LookupHost, now: number): void {
    let asked = 0
    let overdue = 0
    for (const member of this.pending.keys()) {
      if (member.isRemoved) continue
      if (!member.isLate) asked++
      else if (member.waits <= PATIENT_WAITS) overdue++
    }
    // When nobody answers in time, to ask everybody would make that worse.
    asked += Math.max(0, overdue - MAX_OVERDUE)
    const farthest = members[besiegers + TARGET_NODES - 1]
    const isThere = farthest === undefined || host.isNear(farthest, now)
    const limit = besiegers + paths * (isThere ? MAX_SOLICITED_NEAR : MAX_SOLICITED_NODES)
    const candidates = spares.length > 0 ? [...members, ...spares] : members
    for (let i = 0; i < candidates.length; i++) {
      const member = candidates[i]!
      const isSpare = i >= members.length
      if (asked >= (isSpare ? limit + spares.length : limit)) return
      if (this.pending.has(member) || !this.needs(member, i - besiegers, now)) continue
      const request = host.ask(this, member, isSpare, now)
      if (request === undefined) return
      this.pending.set(member, request)
      asked++
    }
  }

  /** The closest nodes have all answered, or others in place of those that are overdue. */
  isComplete({ members, besiegers, isWorthWaiting }: Closest, now: number): boolean {
    if (members.length === 0 || isWorthWaiting) return false
    // Loops, here and below: these run with every answer, and closures would be half of the work.
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!
      if (this.pending.has(member) || this.needs(member, i - besiegers, now)) return false
    }
    return true
  }
}

/**
 * Finds out who is closest, and asks for the tokens that are missing. Not everybody has to be asked
 * who is closer to the key than he is: a few of the closest know their surroundings, and tokens are
 * good for all keys.
 */
export class FindRun extends LookupRun {
  readonly #isBeingAsked: (member: SearchNode) => boolean
  /** So many of the closest nodes have to have answered, each within `maxAgeMs`. */
  witnesses = TARGET_NODES
  maxAgeMs = 0
  /** Whoever answered nothing for so long may be dead. */
  maxSilenceMs = Number.POSITIVE_INFINITY

  /** `isBeingAsked`: a get asks the node, and its answer will do as well. */
  constructor(isBeingAsked: (member: SearchNode) => boolean) {
    super()
    this.#isBeingAsked = isBeingAsked
  }

  needs(member: SearchNode, rank: number, now: number): boolean {
    const isRanked = rank >= 0 && rank < this.witnesses
    const isWitness = isRanked && member.answeredAt <= now - this.maxAgeMs
    const isDoubtful = member.node.lastReplyAt <= now - this.maxSilenceMs
    if (!isWitness && !isDoubtful && member.node.isWritable(now)) return false
    return !this.#isBeingAsked(member)
  }

  override isComplete(closest: Closest, now: number): boolean {
    const { members, isWorthWaiting } = closest
    if (members.length === 0 || isWorthWaiting || !this.isHeard(closest, now)) return false
    for (const { node } of members) if (!node.isWritable(now)) return false
    return true
  }

  /** The closest ones have answered: others that are still to be asked are hardly closer. */
  isHeard({ members, besiegers }: Closest, now: number): boolean {
    const since = now - NODE_EXPIRE_TIME_MS
    const end = Math.min(members.length, besiegers + this.witnesses)
    for (let i = besiegers; i < end; i++) if (members[i]!.answeredAt <= since) return false
    return true
  }

  answered(): void {}
  failed(): void {}
}
