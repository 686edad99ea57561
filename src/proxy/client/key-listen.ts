// SPDX-License-Identifier: MIT
// All local listens to one key: they share what is known of its values, and the one feed that tells
// of changes, which is a stream of a proxy or its notifications.

import type { Listening, OperationEvents } from '../../api/backend.ts'
import { KnownValues } from '../../api/known-values.ts'
import type { Query } from '../../core/value/query.ts'
import type { Value, ValueId } from '../../core/value/value.ts'

/** Keeps a KeyListen up to date from its start until it is stopped. */
export interface Feed {
  start(): void
  stop(): void
}

interface LocalListen {
  readonly query: Query
  readonly events: OperationEvents
}

export class KeyListen {
  readonly #known = new KnownValues()
  readonly #listens = new Set<LocalListen>()
  readonly #onUnused: () => void

  /** `onUnused` is called whenever the last local listen ended. */
  constructor(onUnused: () => void) {
    this.#onUnused = onUnused
  }

  get isUnused(): boolean {
    return this.#listens.size === 0
  }

  /** Values that exist, as far as the feed told. */
  values(query: Query): Value[] {
    return [...this.#known.values()].filter((value) => query.matches(value))
  }

  add(query: Query, events: OperationEvents): Listening {
    const listen: LocalListen = { query, events }
    this.#listens.add(listen)
    const existing = this.values(query)
    if (existing.length > 0) events.values?.(existing, false)
    return {
      stop: () => {
        if (this.#listens.delete(listen) && this.isUnused) this.#onUnused()
      },
      known: () => (this.#listens.has(listen) ? this.values(query) : []),
    }
  }

  /** For the feed: it begins anew, with all that exists. */
  restart(): void {
    this.#known.restart()
  }

  /** For the feed: whether all that was known before the restart was mentioned since. */
  get isSettled(): boolean {
    return this.#known.isSettled
  }

  /** For the feed: these values exist. */
  onValues(values: Iterable<Value>): void {
    const news = this.#known.add(values)
    if (news.length === 0) return
    for (const { query, events } of [...this.#listens]) {
      const matching = news.filter(({ value }) => query.matches(value))
      // A revision that does not match is the end of the value for who listens to those that do.
      const left = news.filter(
        ({ value, previous }) =>
          previous !== undefined && query.matches(previous) && !query.matches(value),
      )
      if (left.length > 0)
        events.values?.(
          left.map(({ previous }) => previous!),
          true,
        )
      if (matching.length > 0)
        events.values?.(
          matching.map(({ value }) => value),
          false,
        )
    }
  }

  /** For the feed: these are gone. */
  onExpired(ids: Iterable<ValueId>): void {
    this.#reportExpired(this.#known.remove(ids))
  }

  /** For the feed: a get found these. Returns the number of values that are gone by that. */
  confirm(found: ReadonlySet<ValueId>): number {
    const gone = this.#known.confirm(found)
    this.#reportExpired(gone)
    return gone.length
  }

  /** Ends all local listens. */
  close(): void {
    const listens = [...this.#listens]
    this.#listens.clear()
    for (const { events } of listens) events.done({ outcome: 'closed', nodes: [] })
  }

  #reportExpired(gone: readonly Value[]): void {
    if (gone.length === 0) return
    for (const { query, events } of [...this.#listens]) {
      const matching = gone.filter((value) => query.matches(value))
      if (matching.length > 0) events.values?.(matching, true)
    }
  }
}
