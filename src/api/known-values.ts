// SPDX-License-Identifier: MIT
// What a listener knows while its source is replaced by another one: a new source begins with all
// that exists, so what is known already is no news. What it does not mention may be gone, which has
// to be confirmed before a listener hears of it.

import { ValueTracker } from '../core/search/value-tracker.ts'
import type { Value, ValueId } from '../core/value/value.ts'

export interface Revision {
  readonly value: Value
  /** What it takes the place of. */
  readonly previous: Value | undefined
}

export class KnownValues {
  readonly #tracker = new ValueTracker<true>()
  /** Not mentioned by the present source yet. */
  readonly #unseen = new Set<ValueId>()

  constructor(known: Iterable<Value> = []) {
    for (const value of known) this.#tracker.add(true, value)
    this.restart()
  }

  values(): Iterable<Value> {
    return this.#tracker.values()
  }

  /** Whether the present source mentioned all that is known. */
  get isSettled(): boolean {
    return this.#unseen.size === 0
  }

  /** The source was replaced: all that is known has to be mentioned again. */
  restart(): void {
    for (const { id } of this.#tracker.values()) this.#unseen.add(id)
  }

  /** The source has these values. Returns those that are news. */
  add(values: Iterable<Value>): Revision[] {
    const news: Revision[] = []
    for (const value of values) {
      const previous = this.#tracker.find(value.id)
      if (this.#tracker.add(true, value)) news.push({ value, previous })
      // An older revision at some node does not mean that ours is still there.
      const current = this.#tracker.find(value.id)
      if (current?.contentEquals(value)) this.#unseen.delete(value.id)
    }
    return news
  }

  /** The source dropped these. Returns those that were known, with their last content. */
  remove(ids: Iterable<ValueId>): Value[] {
    const gone: Value[] = []
    for (const id of ids) {
      this.#unseen.delete(id)
      const last = this.#tracker.remove(true, id)
      if (last !== undefined) gone.push(last)
    }
    return gone
  }

  /**
   * A complete get through the present source found these ids. Returns what is gone: known, and
   * neither mentioned nor found.
   */
  confirm(found: ReadonlySet<ValueId>): Value[] {
    return this.remove([...this.#unseen].filter((id) => !found.has(id)))
  }
}
