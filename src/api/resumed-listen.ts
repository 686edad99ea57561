// SPDX-License-Identifier: MIT
// A listen that goes on at another backend: its reader neither hears again what it knows nor misses
// what changed meanwhile. Values that the new backend does not mention are looked for with a get
// before they are reported as expired.

import type { InfoHash } from '../core/id/info-hash.ts'
import type { Query } from '../core/value/query.ts'
import type { Value, ValueId } from '../core/value/value.ts'
import type { Backend, Listening, OperationEvents } from './backend.ts'
import { KnownValues } from './known-values.ts'
import type { Schedule } from './schedule.ts'

/** What the new backend has is mentioned within this time, as a rule. */
const GRACE_MS = 3000
/** After a get that failed, or that found what the listen does not mention. */
const AGAIN_MS = 30_000

export interface ResumedInit {
  readonly backend: Backend
  readonly key: InfoHash
  readonly query: Query
  readonly events: OperationEvents
  readonly known: Iterable<Value>
  readonly schedule: Schedule
}

export class ResumedListen implements Listening {
  readonly #init: ResumedInit
  readonly #known: KnownValues
  readonly #listening: Listening
  #stopConfirming = (): void => {}
  #isStopped = false

  constructor(init: ResumedInit) {
    this.#init = init
    this.#known = new KnownValues(init.known)
    const { backend, key, query, events } = init
    this.#confirmLater(GRACE_MS)
    this.#listening = backend.startListen(key, query, {
      values: (values, expired) => this.#onValues(values, expired),
      done: (end) => {
        this.stop()
        events.done(end)
      },
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#stopConfirming()
    // A listen may end before its start has returned.
    this.#listening?.stop()
  }

  known(): Iterable<Value> {
    return this.#known.values()
  }

  #onValues(values: readonly Value[], expired: boolean): void {
    const changed = expired
      ? this.#known.remove(values.map(({ id }) => id))
      : this.#known.add(values).map(({ value }) => value)
    this.#report(changed, expired)
  }

  #report(values: readonly Value[], expired: boolean): void {
    if (values.length > 0) this.#init.events.values?.(values, expired)
  }

  #confirmLater(delayMs: number): void {
    if (!this.#isStopped && !this.#known.isSettled) {
      this.#stopConfirming = this.#init.schedule(() => this.#confirm(), delayMs)
    }
  }

  #confirm(): void {
    if (this.#known.isSettled) return
    const { backend, key, query } = this.#init
    const found = new Set<ValueId>()
    this.#stopConfirming = backend.startGet(key, query, {
      values: (values) => {
        for (const { id } of values) found.add(id)
      },
      done: ({ outcome }) => {
        if (outcome === 'ok') this.#report(this.#known.confirm(found), true)
        this.#confirmLater(AGAIN_MS)
      },
    })
  }
}
