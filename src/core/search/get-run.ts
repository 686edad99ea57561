// SPDX-License-Identifier: MIT
// A get within one search. With a select the question is the query itself. A plain get first asks
// each node for ids and revisions, then fetches every value once, from the first node that listed
// it, falling back to the others (upstream fetches each value from each node: spec node behaviour,
// section 13, item 14).

import type { Request } from '../net/request.ts'
import { FieldValueIndex, unpackFields } from '../value/field-value-index.ts'
import { Field, QUERY_IDS_SEQ, Query, type Select, Where } from '../value/query.ts'
import type { Value, ValueId } from '../value/value.ts'
import type { Message } from '../wire/message.ts'
import { readValues } from '../wire/value-list.ts'
import { LookupRun } from './lookup-run.ts'
import type { SearchNode } from './search-node.ts'

/** Values that are being fetched at a time, in all and from one node. */
const MAX_FETCHES = 32
const MAX_FETCHES_PER_NODE = 8

export interface GetSink {
  onValues(values: readonly Value[]): void
  onFields(fields: readonly FieldValueIndex[]): void
}

export interface GetHost {
  fetch(run: GetRun, fetch: Fetch, member: SearchNode, now: number): Request | undefined
}

/** One revision of one value that some nodes listed. */
export class Fetch {
  readonly valueId: ValueId
  readonly sources: SearchNode[] = []
  request: Request | undefined = undefined
  from: SearchNode | undefined = undefined
  constructor(valueId: ValueId) {
    this.valueId = valueId
  }
}

export class GetRun extends LookupRun {
  readonly query: Query
  /** What nodes are asked: the query, or the list of ids that it matches. */
  readonly question: Query
  readonly #sink: GetSink
  /** The get has ended: answers that still come only tell that their nodes live. */
  isOver = false
  readonly #settled = new Set<SearchNode>()
  readonly #known = new Map<string, Fetch>()
  /** Fetches that wait for their turn, oldest first. */
  #queue: Fetch[] = []
  #running = new Set<Fetch>()
  /** Nodes that answered. */
  readonly answerers = new Set<SearchNode>()

  constructor(query: Query, sink: GetSink) {
    super()
    this.query = query
    this.#sink = sink
    this.question = query.select.isEmpty ? new Query(QUERY_IDS_SEQ.select, query.where) : query
  }

  get isFetching(): boolean {
    return this.#queue.length > 0 || this.#running.size > 0
  }

  needs(member: SearchNode): boolean {
    return !this.#settled.has(member)
  }

  answered(member: SearchNode, message: Message): void {
    this.#settled.add(member)
    this.answerers.add(member)
    if (message.valueCount >= 0) this.#deliver(readValues(message))
    else if (message.fieldsOffset >= 0) this.#onFields(member, message)
  }

  failed(member: SearchNode): void {
    this.#settled.add(member)
  }

  /** Starts the fetches that may start. */
  driveFetches(host: GetHost, now: number): void {
    const waiting: Fetch[] = []
    for (const fetch of this.#queue) {
      const member = this.#running.size < MAX_FETCHES ? this.#pickSource(fetch) : undefined
      if (member === undefined) {
        if (fetch.sources.length > 0) waiting.push(fetch)
        continue
      }
      fetch.request = host.fetch(this, fetch, member, now)
      if (fetch.request === undefined) {
        waiting.push(fetch)
        continue
      }
      fetch.from = member
      this.#running.add(fetch)
    }
    this.#queue = waiting
  }

  /** The values of a fetch arrived; none when the node has dropped it meanwhile. */
  fetched(fetch: Fetch, message: Message): void {
    const values = message.valueCount >= 0 ? readValues(message) : []
    this.#running.delete(fetch)
    if (values.length === 0) this.#retry(fetch)
    else this.#deliver(values)
  }

  fetchFailed(fetch: Fetch): void {
    this.#running.delete(fetch)
    this.#retry(fetch)
  }

  #onFields(member: SearchNode, message: Message): void {
    message.reader.reset(message.source, message.fieldsOffset, message.source.length)
    // Conditions that cannot travel are applied here.
    const fields = unpackFields(message.reader).filter((index) => index.matches(this.query.where))
    if (this.isOver) return
    const { select } = this.query
    if (!select.isEmpty) return this.#sink.onFields(fields.map((index) => pick(index, select)))
    for (const index of fields) {
      const valueId = index.id
      if (valueId === undefined || valueId === 0n) continue
      this.#list(valueId, index.seq ?? 0, member)
    }
  }

  #list(valueId: ValueId, seq: number, member: SearchNode): void {
    const key = `${valueId} ${seq}`
    let fetch = this.#known.get(key)
    if (fetch === undefined) {
      fetch = new Fetch(valueId)
      this.#known.set(key, fetch)
      this.#queue.push(fetch)
    }
    fetch.sources.push(member)
  }

  #pickSource(fetch: Fetch): SearchNode | undefined {
    while (fetch.sources.length > 0) {
      const member = fetch.sources[0]!
      if (member.node.isExpired) {
        fetch.sources.shift()
        continue
      }
      if (this.#runningAt(member) >= MAX_FETCHES_PER_NODE) return undefined
      return fetch.sources.shift()
    }
    return undefined
  }

  #runningAt(member: SearchNode): number {
    let count = 0
    for (const fetch of this.#running) if (fetch.from === member) count++
    return count
  }

  #retry(fetch: Fetch): void {
    fetch.request = undefined
    fetch.from = undefined
    if (fetch.sources.length > 0) this.#queue.push(fetch)
  }

  #deliver(values: readonly Value[]): void {
    if (this.isOver) return
    const matching = values.filter((value) => this.query.where.matches(value))
    if (matching.length > 0) this.#sink.onValues(matching)
  }
}

/** Without the fields that were only asked for to apply a condition. */
function pick(index: FieldValueIndex, select: Select): FieldValueIndex {
  const mask = index.mask & select.mask
  if (mask === index.mask) return index
  return new FieldValueIndex(mask, {
    id: select.has(Field.Id) ? index.id : undefined,
    type: select.has(Field.Type) ? index.type : undefined,
    owner: select.has(Field.Owner) ? index.owner : undefined,
    seq: select.has(Field.Seq) ? index.seq : undefined,
    userType: select.has(Field.UserType) ? index.userType : undefined,
  })
}

/** The question for one value by its id. */
export function queryForId(valueId: ValueId): Query {
  return new Query(undefined, new Where([{ field: Field.Id, value: valueId }]))
}
