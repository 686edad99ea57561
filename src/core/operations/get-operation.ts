// SPDX-License-Identifier: MIT
// A get or query of the user: local values first, then what the searches of both families find,
// each (id, content) once; done when both families are.

import type { DhtEvent, OperationId, Outcome } from '../events.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { Family } from '../id/socket-address.ts'
import type { Node } from '../net/node.ts'
import type { FamilySink } from '../search/family-sink.ts'
import type { GetSink } from '../search/get-run.ts'
import type { FieldValueIndex } from '../value/field-value-index.ts'
import type { Query } from '../value/query.ts'
import type { Value, ValueId } from '../value/value.ts'
import { FamilyResults } from './family-results.ts'

export class GetOperation implements GetSink, FamilySink {
  readonly id: OperationId
  readonly key: InfoHash
  readonly query: Query
  readonly startedAt: number
  readonly #events: DhtEvent[]
  readonly #results: FamilyResults
  readonly #values = new Map<ValueId, Value[]>()
  readonly #fields = new Map<ValueId | undefined, FieldValueIndex[]>()
  readonly #onDone: (operation: GetOperation) => void
  readonly #onLagging: (operation: GetOperation) => void
  isOver = false

  constructor(init: {
    id: OperationId
    key: InfoHash
    query: Query
    startedAt: number
    families: readonly Family[]
    events: DhtEvent[]
    onDone: (operation: GetOperation) => void
    onLagging: (operation: GetOperation) => void
  }) {
    this.id = init.id
    this.key = init.key
    this.query = init.query
    this.startedAt = init.startedAt
    this.#events = init.events
    this.#onDone = init.onDone
    this.#onLagging = init.onLagging
    this.#results = new FamilyResults(init.families)
  }

  get laggards(): readonly Family[] {
    return this.#results.laggards
  }

  onValues(values: readonly Value[]): void {
    const fresh = values.filter((value) => this.#isFresh(value))
    if (fresh.length === 0) return
    this.#events.push({ kind: 'values', operation: this.id, values: fresh, expired: false })
  }

  onFields(fields: readonly FieldValueIndex[]): void {
    const fresh = fields.filter((index) => this.#isFreshIndex(index))
    if (fresh.length === 0) return
    this.#events.push({ kind: 'fields', operation: this.id, fields: fresh })
  }

  onFamilyDone(family: Family, outcome: Outcome, nodes: readonly Node[]): void {
    if (this.#results.add(family, outcome, nodes)) this.end()
    else if (this.laggards.length > 0) this.#onLagging(this)
  }

  /** What it does in `family` is of no interest any more. */
  giveUp(family: Family): void {
    this.onFamilyDone(family, 'failed', [])
  }

  /** Ends with what the families have reported so far. */
  end(): void {
    this.isOver = true
    this.#events.push(this.#results.done(this.id))
    this.#onDone(this)
  }

  #isFresh(value: Value): boolean {
    const known = this.#values.get(value.id)
    if (known === undefined) {
      this.#values.set(value.id, [value])
      return true
    }
    if (known.some((other) => other.contentEquals(value))) return false
    known.push(value)
    return true
  }

  #isFreshIndex(index: FieldValueIndex): boolean {
    const known = this.#fields.get(index.id)
    if (known === undefined) {
      this.#fields.set(index.id, [index])
      return true
    }
    if (known.some((other) => other.equals(index))) return false
    known.push(index)
    return true
  }
}
