// SPDX-License-Identifier: MIT
// A get within one search. With a select the question is the query itself. A plain get first asks
// each node for ids and revisions, then fetches every value once from one of the nodes that listed
// it (upstream fetches each value from each node: spec node behaviour, section 13, item 14).

import { FieldValueIndex, unpackFields } from '../value/field-value-index.ts'
import { Field, QUERY_IDS_SEQ, Query, type Select } from '../value/query.ts'
import type { Value } from '../value/value.ts'
import type { Message } from '../wire/message.ts'
import { readValues } from '../wire/value-list.ts'
import { LookupRun } from './lookup-run.ts'
import type { SearchNode } from './search-node.ts'
import { type Fetch, ValueFetches } from './value-fetches.ts'

export interface GetSink {
  onValues(values: readonly Value[]): void
  onFields(fields: readonly FieldValueIndex[]): void
}

export class GetRun extends LookupRun {
  readonly query: Query
  /** What nodes are asked: the query, or the list of ids that it matches. */
  readonly question: Query
  readonly fetches = new ValueFetches()
  readonly #sink: GetSink
  /** The get has ended: answers that still come only tell that their nodes live. */
  isOver = false
  readonly #settled = new Set<SearchNode>()
  /** Nodes that answered. */
  readonly answerers = new Set<SearchNode>()

  constructor(query: Query, sink: GetSink) {
    super()
    this.query = query
    this.#sink = sink
    this.question = query.select.isEmpty ? new Query(QUERY_IDS_SEQ.select, query.where) : query
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

  /** The values of a fetch arrived; none when the node has dropped it meanwhile. */
  fetched(fetch: Fetch, member: SearchNode, message: Message): void {
    const values = message.valueCount >= 0 ? readValues(message) : []
    this.#deliver(this.fetches.answered(fetch, member, values))
  }

  #onFields(member: SearchNode, message: Message): void {
    message.reader.reset(message.source, message.fieldsOffset, message.source.length)
    // Conditions that cannot travel are applied here.
    const fields = unpackFields(message.reader).filter((index) => index.matches(this.query.where))
    if (this.isOver) return
    const { select } = this.query
    if (!select.isEmpty) return this.#sink.onFields(fields.map((index) => pick(index, select)))
    for (const { id, seq } of fields) {
      if (id !== undefined && id !== 0n) this.fetches.list(id, seq ?? 0, member)
    }
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
