// SPDX-License-Identifier: MIT
// A listen of the user: merges what the own store and the listens of both families report, so that
// each revision of a value is reported once, and once more when nobody holds it any longer.

import type { DhtEvent, OperationId } from '../events.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { ListenGroup, ListenSink } from '../search/listen-group.ts'
import { ValueTracker } from '../search/value-tracker.ts'
import type { Query } from '../value/query.ts'
import type { Value } from '../value/value.ts'

/** Stands for the own store among the holders of values. */
const OWN_STORE = 'own store'

export class ListenOperation implements ListenSink {
  readonly id: OperationId
  readonly key: InfoHash
  readonly query: Query
  readonly #events: DhtEvent[]
  readonly #tracker = new ValueTracker<ListenGroup | typeof OWN_STORE>()

  constructor(init: { id: OperationId; key: InfoHash; query: Query; events: DhtEvent[] }) {
    this.id = init.id
    this.key = init.key
    this.query = init.query
    this.#events = init.events
  }

  onNews(holder: ListenGroup | typeof OWN_STORE, values: readonly Value[]): void {
    const news = values.filter((value) => this.#tracker.add(holder, value))
    if (news.length > 0) this.#push(news, false)
  }

  onGone(holder: ListenGroup | typeof OWN_STORE, values: readonly Value[]): void {
    const gone: Value[] = []
    for (const { id } of values) {
      const last = this.#tracker.remove(holder, id)
      if (last !== undefined) gone.push(last)
    }
    if (gone.length > 0) this.#push(gone, true)
  }

  onStored(values: readonly Value[]): void {
    this.onNews(
      OWN_STORE,
      values.filter((value) => this.query.matches(value)),
    )
  }

  onRemoved(value: Value): void {
    this.onGone(OWN_STORE, [value])
  }

  /** Those that were reported and have not expired. */
  values(): Iterable<Value> {
    return this.#tracker.values()
  }

  #push(values: readonly Value[], expired: boolean): void {
    this.#events.push({ kind: 'values', operation: this.id, values, expired })
  }
}
