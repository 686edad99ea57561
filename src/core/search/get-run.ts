// SPDX-License-Identifier: MIT
// A get within one search. With a select the question is the query itself. A plain get asks one of
// the closest nodes for its values, or a few when answers get lost, and the others for ids and
// revisions; what these list beyond that is fetched once, from one of the nodes that listed it
// (upstream fetches each value from each node: spec node behaviour, section 13, item 14).

import { FieldValueIndex, unpackFields } from '../value/field-value-index.ts'
import { Field, QUERY_IDS_SEQ, Query, type Select } from '../value/query.ts'
import type { Value } from '../value/value.ts'
import type { Message } from '../wire/message.ts'
import { readValues } from '../wire/value-list.ts'
import type { FamilySink } from './family-sink.ts'
import { LookupRun } from './lookup-run.ts'
import type { SearchNode } from './search-node.ts'
import { type Fetch, ValueFetches } from './value-fetches.ts'

/** Values beyond this size are asked for one by one, since nodes limit the size of an answer. */
const MAX_WHOLE_BYTES = 1024 * 1024

export interface GetSink {
  onValues(values: readonly Value[]): void
  onFields(fields: readonly FieldValueIndex[]): void
}

/** Who waits for one. */
export type RunSink = GetSink & FamilySink

export class GetRun extends LookupRun {
  readonly query: Query
  readonly startedAt: number
  /** Something was reported. */
  hasFound = false
  /** What most nodes are asked: the query, or the list of ids that it matches. */
  readonly #question: Query
  readonly fetches = new ValueFetches()
  readonly sink: RunSink
  /** The get has ended: answers that still come only tell that their nodes live. */
  isOver = false
  readonly #settled = new Set<SearchNode>()
  /** Nodes that answered; few enough to look through, as those that follow. */
  readonly answerers: SearchNode[] = []
  /** Nodes that were asked for whole values and have not answered. */
  readonly #whole: SearchNode[] = []
  /** Some node brought whole values unasked for one by one. */
  #hasValues = false

  constructor(query: Query, sink: RunSink, now: number) {
    super()
    this.query = query
    this.startedAt = now
    this.sink = sink
    this.#question = query.select.isEmpty ? new Query(QUERY_IDS_SEQ.select, query.where) : query
  }

  needs(member: SearchNode): boolean {
    return !this.#settled.has(member)
  }

  /** What to ask `member`: for values, as long as less than `sources` nodes are about to answer. */
  questionFor(member: SearchNode, sources: number): Query {
    if (this.#hasValues || !this.query.select.isEmpty) return this.#question
    // Who besieges a key may be silent, and others would wait.
    if (member.isBesieging) return this.#question
    if (this.#timelyWhole() >= sources) return this.#question
    if (!this.#whole.includes(member)) this.#whole.push(member)
    return this.query
  }

  /** `member` was asked for whole values. */
  isWhole(member: SearchNode): boolean {
    return this.#whole.includes(member)
  }

  /** `member` is not going to bring its values at once. */
  forgo(member: SearchNode): void {
    this.#forget(member)
    // Nor is anybody else: there are many of them.
    this.#hasValues = true
  }

  /** Values were listed that have to be fetched. */
  get hasToFetch(): boolean {
    if (!this.fetches.isActive) return false
    if (this.#hasValues) return true
    // Most likely what was listed comes with an answer that is on its way.
    return this.#timelyWhole() === 0
  }

  answered(member: SearchNode, message: Message): void {
    if (!this.answerers.includes(member)) this.answerers.push(member)
    const wasWhole = this.#forget(member)
    if (message.valueCount < 0) {
      this.#settled.add(member)
      if (message.fieldsOffset >= 0) this.#onFields(member, message)
      return
    }
    const values = readValues(message)
    if (values.length > 0) this.#hasValues = true
    // A long answer may have been cut short: then there are ids that it leaves out.
    if (!wasWhole || bytesOf(values) < MAX_WHOLE_BYTES) this.#settled.add(member)
    this.fetches.supply(values)
    this.#deliver(values)
  }

  failed(member: SearchNode): void {
    this.#forget(member)
    this.#settled.add(member)
  }

  /** The values of a fetch arrived; none when the node has dropped it meanwhile. */
  fetched(fetch: Fetch, member: SearchNode, message: Message): void {
    const values = message.valueCount >= 0 ? readValues(message) : []
    this.#deliver(this.fetches.answered(fetch, member, values))
  }

  /** `member` is not going to bring whole values; true when it was. */
  #forget(member: SearchNode): boolean {
    const at = this.#whole.indexOf(member)
    if (at >= 0) this.#whole.splice(at, 1)
    return at >= 0
  }

  /** Nodes that are about to bring whole values. */
  #timelyWhole(): number {
    let timely = 0
    for (const { isLate, isRemoved } of this.#whole) if (!isLate && !isRemoved) timely++
    return timely
  }

  #onFields(member: SearchNode, message: Message): void {
    message.reader.reset(message.source, message.fieldsOffset, message.source.length)
    const listed = unpackFields(message.reader)
    if (this.isOver) return
    const { select, where } = this.query
    // Conditions that cannot travel are applied here.
    const fields = where.isEmpty ? listed : listed.filter((index) => index.matches(where))
    if (!select.isEmpty) {
      if (fields.length > 0) this.hasFound = true
      return this.sink.onFields(fields.map((index) => pick(index, select)))
    }
    for (const { id, seq } of fields) {
      if (id !== undefined && id !== 0n) this.fetches.list(id, seq ?? 0, member)
    }
  }

  #deliver(values: readonly Value[]): void {
    if (this.isOver) return
    const { where } = this.query
    const matching = where.isEmpty ? values : values.filter((value) => where.matches(value))
    if (matching.length === 0) return
    this.hasFound = true
    this.sink.onValues(matching)
  }
}

function bytesOf(values: readonly Value[]): number {
  return values.reduce((sum, { data }) => sum + data.length, 0)
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
