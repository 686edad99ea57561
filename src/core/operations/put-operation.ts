// SPDX-License-Identifier: MIT
// A put of the user. Several puts of the same content under one id share one announcement; another
// content takes it over (spec node behaviour, section 6).

import type { DhtEvent, OperationId, Outcome } from '../events.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { Family } from '../id/socket-address.ts'
import type { Node } from '../net/node.ts'
import type { FamilySink } from '../search/family-sink.ts'
import type { Value } from '../value/value.ts'
import { FamilyResults } from './family-results.ts'

export class PutOperation implements FamilySink {
  readonly key: InfoHash
  readonly value: Value
  readonly isPermanent: boolean
  readonly startedAt: number
  readonly #events: DhtEvent[]
  readonly #results: FamilyResults
  readonly #onDone: (operation: PutOperation) => void
  readonly #onLagging: (operation: PutOperation) => void
  /** Operations that wait for the outcome. */
  readonly #waiting: OperationId[] = []
  /** Announced at least once; a permanent one goes on. */
  isDone = false

  constructor(init: {
    key: InfoHash
    value: Value
    permanent: boolean
    startedAt: number
    families: readonly Family[]
    events: DhtEvent[]
    onDone: (operation: PutOperation) => void
    onLagging: (operation: PutOperation) => void
  }) {
    this.key = init.key
    this.value = init.value
    this.isPermanent = init.permanent
    this.startedAt = init.startedAt
    this.#events = init.events
    this.#onDone = init.onDone
    this.#onLagging = init.onLagging
    this.#results = new FamilyResults(init.families)
  }

  /** How it ended; worth something once it is done. */
  get outcome(): Outcome {
    return this.#results.outcome
  }

  get isOver(): boolean {
    return this.isDone
  }

  get laggards(): readonly Family[] {
    return this.#results.laggards
  }

  /** What it does in `family` goes on, but nobody waits for it any more. */
  giveUp(family: Family): void {
    this.onFamilyDone(family, 'failed', [])
  }

  /** Another put of the same content waits for the same outcome. */
  join(operation: OperationId): void {
    if (this.isDone) this.#events.push(this.#results.done(operation))
    else this.#waiting.push(operation)
  }

  onFamilyDone(family: Family, outcome: Outcome, nodes: readonly Node[]): void {
    if (!this.#results.add(family, outcome, nodes)) {
      if (this.laggards.length > 0) this.#onLagging(this)
      return
    }
    this.isDone = true
    for (const operation of this.#waiting) this.#events.push(this.#results.done(operation))
    this.#waiting.length = 0
    this.#onDone(this)
  }

  /** Ends those who wait before the announcement did. */
  end(outcome: Outcome): void {
    for (const operation of this.#waiting) {
      this.#events.push({ kind: 'done', operation, outcome, nodes: [] })
    }
    this.#waiting.length = 0
    this.isDone = true
  }
}
