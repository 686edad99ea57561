// SPDX-License-Identifier: MIT
// The values that a get has seen in lists of nodes, and how it comes by them: each is fetched once,
// from one of the nodes that listed it, from another one when that is overdue or fails. Spreads the
// requests over the nodes, with a window for each.

import type { Request } from '../net/request.ts'
import { Field, Query, Where } from '../value/query.ts'
import type { Value, ValueId } from '../value/value.ts'
import type { SearchNode } from './search-node.ts'

/** Fetches under way at a time, in all and from one node; overdue ones do not count. */
const MAX_FETCHES = 64
const MAX_FETCHES_PER_NODE = 8
/** Fetches that are passed over at a time because their nodes are busy. */
const MAX_BLOCKED = 64

export interface FetchHost {
  /** Asks `member` for the value; undefined when requests are refused right now. */
  fetch(fetch: Fetch, member: SearchNode, now: number): Request | undefined
}

interface Attempt {
  readonly member: SearchNode
  isLate: boolean
}

/** One revision of one value that some nodes listed. */
export class Fetch {
  readonly valueId: ValueId
  /** Nodes that listed it and were not asked yet. */
  readonly sources: SearchNode[] = []
  /** One per node; few enough to look through. */
  readonly attempts: Attempt[] = []
  isQueued = false
  /** It may still bring something. */
  isOpen = false
  isDone = false

  constructor(valueId: ValueId) {
    this.valueId = valueId
  }

  /** The question for it: no other condition is needed, and all of them would have to travel. */
  get query(): Query {
    return new Query(undefined, new Where([{ field: Field.Id, value: this.valueId }]))
  }

  attemptAt(member: SearchNode): Attempt | undefined {
    return this.attempts.find((attempt) => attempt.member === member)
  }
}

export class ValueFetches {
  readonly #known = new Map<bigint, Fetch>()
  /** How many fetches are open. */
  #open = 0
  /** Those of them that wait for their turn. */
  readonly #queue: Fetch[] = []
  /** Requests that are not overdue, by node and in all. */
  readonly #load = new Map<SearchNode, number>()
  #timely = 0

  get isActive(): boolean {
    return this.#open > 0
  }

  /** `member` has this revision of the value. */
  list(valueId: ValueId, seq: number, member: SearchNode): void {
    const fetch = this.#obtain(valueId, seq)
    if (fetch.isDone || fetch.sources.includes(member)) return
    if (fetch.attemptAt(member) !== undefined) return
    fetch.sources.push(member)
    if (fetch.attempts.length === 0) this.#enqueue(fetch)
  }

  /** These arrived without having been fetched. */
  supply(values: readonly Value[]): void {
    for (const { id, seq } of values) {
      const fetch = this.#obtain(id, seq)
      fetch.isDone = true
      this.#close(fetch)
    }
  }

  /** Starts the fetches that may start. */
  drive(host: FetchHost, now: number): void {
    const blocked: Fetch[] = []
    let taken = 0
    while (
      taken < this.#queue.length &&
      this.#timely < MAX_FETCHES &&
      blocked.length < MAX_BLOCKED
    ) {
      const fetch = this.#queue[taken++]!
      fetch.isQueued = false
      if (fetch.isDone) continue
      const wasRefused = !this.#start(fetch, host, now)
      if (fetch.attempts.length === 0) {
        fetch.isQueued = fetch.sources.length > 0
        if (fetch.isQueued) blocked.push(fetch)
        else this.#close(fetch)
      }
      if (wasRefused) break
    }
    if (taken > 0) this.#queue.splice(0, taken, ...blocked)
  }

  /** `member` answered with `values`: those that were asked for. */
  answered(fetch: Fetch, member: SearchNode, values: readonly Value[]): readonly Value[] {
    const wanted = values.filter(({ id }) => id === fetch.valueId)
    if (wanted.length === 0) {
      this.failed(fetch, member)
      return wanted
    }
    this.#leave(fetch, member)
    fetch.isDone = true
    this.#close(fetch)
    return wanted
  }

  /** `member` does not have the value any more, or is gone. */
  failed(fetch: Fetch, member: SearchNode): void {
    this.#leave(fetch, member)
    if (fetch.isDone || fetch.attempts.length > 0) return
    if (fetch.sources.length > 0) this.#enqueue(fetch)
    else if (!fetch.isQueued) this.#close(fetch)
  }

  /** The answer of `member` is overdue: another node may be asked as well. */
  late(fetch: Fetch, member: SearchNode): void {
    const attempt = fetch.attemptAt(member)
    if (attempt === undefined || attempt.isLate) return
    attempt.isLate = true
    this.#relieve(member)
    if (!fetch.isDone && fetch.sources.length > 0) this.#enqueue(fetch)
  }

  #obtain(valueId: ValueId, seq: number): Fetch {
    // Sequence numbers have sixteen bits; a text for each would take ten times as long. Most values
    // have none, and no id is negative.
    const key = seq === 0 ? valueId : -((valueId << 16n) | BigInt(seq))
    let fetch = this.#known.get(key)
    if (fetch === undefined) {
      fetch = new Fetch(valueId)
      this.#known.set(key, fetch)
    }
    return fetch
  }

  #enqueue(fetch: Fetch): void {
    if (!fetch.isOpen) this.#open++
    fetch.isOpen = true
    if (fetch.isQueued) return
    fetch.isQueued = true
    this.#queue.push(fetch)
  }

  #close(fetch: Fetch): void {
    if (fetch.isOpen) this.#open--
    fetch.isOpen = false
  }

  /** False when requests are refused right now. */
  #start(fetch: Fetch, host: FetchHost, now: number): boolean {
    const member = this.#pick(fetch)
    if (member === undefined) return true
    if (host.fetch(fetch, member, now) === undefined) return false
    fetch.sources.splice(fetch.sources.indexOf(member), 1)
    fetch.attempts.push({ member, isLate: false })
    this.#load.set(member, (this.#load.get(member) ?? 0) + 1)
    this.#timely++
    return true
  }

  /** A source that can take another request, rather one that answers in time. */
  #pick(fetch: Fetch): SearchNode | undefined {
    const { sources } = fetch
    for (let i = sources.length - 1; i >= 0; i--) {
      if (sources[i]!.node.isExpired) sources.splice(i, 1)
    }
    const isFree = (member: SearchNode): boolean =>
      (this.#load.get(member) ?? 0) < MAX_FETCHES_PER_NODE
    return (
      sources.find((member) => !member.isLate && isFree(member)) ??
      (sources.every((member) => member.isLate) ? sources.find(isFree) : undefined)
    )
  }

  #leave(fetch: Fetch, member: SearchNode): void {
    const at = fetch.attempts.findIndex((attempt) => attempt.member === member)
    if (at < 0) return
    const [attempt] = fetch.attempts.splice(at, 1)
    if (!attempt!.isLate) this.#relieve(member)
  }

  #relieve(member: SearchNode): void {
    this.#timely--
    const left = (this.#load.get(member) ?? 1) - 1
    if (left > 0) this.#load.set(member, left)
    else this.#load.delete(member)
  }
}
