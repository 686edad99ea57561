// SPDX-License-Identifier: MIT
// A backend that can be replaced by another one while it is in use: listens and permanent puts go
// on there, gets and other puts end where they began.

import type { InfoHash } from '../core/id/info-hash.ts'
import type { Readiness } from '../core/readiness.ts'
import type { DhtStats } from '../core/snapshots.ts'
import type { Query } from '../core/value/query.ts'
import type { Value, ValueId } from '../core/value/value.ts'
import type {
  Backend,
  BackendPutOptions,
  FamilyStatus,
  Listening,
  OperationEnd,
  OperationEvents,
  PermanentPut,
  PutEvents,
} from './backend.ts'
import { ResumedListen } from './resumed-listen.ts'
import { realSchedule, type Schedule } from './schedule.ts'

export class SwitchableBackend implements Backend {
  onStatus: ((status: FamilyStatus) => void) | undefined
  #current: Backend
  /** Those that were used before, and may still have something to end. */
  readonly #former = new Set<Backend>()
  readonly #schedule: Schedule
  readonly #listens = new Set<MovableListen>()
  /** Permanent puts that somebody waits for. */
  readonly #waiting = new Set<MovablePut>()

  constructor(first: Backend, schedule: Schedule = realSchedule) {
    this.#current = first
    this.#schedule = schedule
    this.#follow(first)
  }

  get current(): Backend {
    return this.#current
  }

  /** This former backend has nothing to end any more. */
  forget(former: Backend): void {
    this.#former.delete(former)
  }

  /**
   * Goes on with `next`. The former backend is not closed: it may still have gets and puts to end.
   * Its permanent puts are cancelled there: the copies of others last until `next` announced them.
   */
  moveTo(next: Backend): void {
    const former = this.#current
    if (former === next) return
    const before = former.status()
    former.onStatus = undefined
    this.#former.add(former)
    this.#former.delete(next)
    this.#current = next
    this.#follow(next)
    // Before the puts: that their copies here go is nothing that a listener has to hear of.
    for (const listen of this.#listens) listen.moveTo(next, this.#schedule)
    for (const put of former.permanentPuts()) this.#movePut(put, former)
    const after = next.status()
    if (before.ipv4 !== after.ipv4 || before.ipv6 !== after.ipv6) this.onStatus?.(after)
  }

  startGet(key: InfoHash, query: Query, events: OperationEvents): () => void {
    return this.#current.startGet(key, query, events)
  }

  startListen(key: InfoHash, query: Query, events: OperationEvents): Listening {
    const listen = new MovableListen({ key, query, events }, () => this.#listens.delete(listen))
    this.#listens.add(listen)
    listen.start(this.#current)
    return listen
  }

  startPut(key: InfoHash, value: Value, options: BackendPutOptions, events: PutEvents): void {
    if (!options.permanent) return this.#current.startPut(key, value, options, events)
    const put: MovablePut = { key, id: value.id, events, forget: () => {} }
    this.#waiting.add(put)
    this.#current.startPut(key, value, options, {
      started: (identified, forget) => {
        put.id = identified.id
        put.forget = forget
        events.started(identified, () => {
          this.#waiting.delete(put)
          put.forget()
        })
      },
      done: (end) => this.#endPut(put, end),
    })
  }

  cancelPut(key: InfoHash, id: ValueId): boolean {
    for (const put of this.#waiting) if (isAbout(put, key, id)) this.#waiting.delete(put)
    // One that began before the switch ends where it began.
    const cancelled = [this.#current, ...this.#former].map((it) => it.cancelPut(key, id))
    return cancelled.includes(true)
  }

  pendingPuts(key: InfoHash): Value[] {
    return this.#current.pendingPuts(key)
  }

  permanentPuts(): PermanentPut[] {
    return this.#current.permanentPuts()
  }

  localValues(key: InfoHash, query: Query): Value[] {
    return this.#current.localValues(key, query)
  }

  stats(): Promise<DhtStats> {
    return this.#current.stats()
  }

  status(): FamilyStatus {
    return this.#current.status()
  }

  readiness(): Readiness {
    return this.#current.readiness()
  }

  close(): void {
    this.#current.close()
  }

  #follow(backend: Backend): void {
    backend.onStatus = (status) => this.onStatus?.(status)
  }

  #movePut({ key, value }: PermanentPut, former: Backend): void {
    const waiting = [...this.#waiting].filter((put) => isAbout(put, key, value.id))
    for (const put of waiting) put.forget()
    former.cancelPut(key, value.id)
    this.#current.startPut(
      key,
      value,
      { permanent: true },
      {
        started: (_value, forget) => {
          for (const put of waiting) put.forget = forget
        },
        done: (end) => {
          for (const put of waiting) this.#endPut(put, end)
        },
      },
    )
  }

  #endPut(put: MovablePut, end: OperationEnd): void {
    if (this.#waiting.delete(put)) put.events.done(end)
  }
}

interface MovablePut {
  readonly key: InfoHash
  id: ValueId
  readonly events: PutEvents
  forget: () => void
}

function isAbout(put: MovablePut, key: InfoHash, id: ValueId): boolean {
  return put.id === id && put.key.equals(key)
}

interface ListenInit {
  readonly key: InfoHash
  readonly query: Query
  readonly events: OperationEvents
}

class MovableListen implements Listening {
  readonly #init: ListenInit
  readonly #onEnd: () => void
  #listening: Listening | undefined
  #hasEnded = false

  constructor(init: ListenInit, onEnd: () => void) {
    this.#init = init
    this.#onEnd = onEnd
  }

  start(backend: Backend): void {
    const { key, query } = this.#init
    this.#hold(backend.startListen(key, query, this.#events()))
  }

  moveTo(backend: Backend, schedule: Schedule): void {
    const known = [...this.known()]
    this.#listening?.stop()
    const events = this.#events()
    this.#hold(new ResumedListen({ ...this.#init, backend, events, known, schedule }))
  }

  stop(): void {
    this.#hasEnded = true
    this.#onEnd()
    this.#listening?.stop()
  }

  known(): Iterable<Value> {
    return this.#listening?.known() ?? []
  }

  #hold(listening: Listening): void {
    // It may have ended before its start returned.
    if (this.#hasEnded) listening.stop()
    else this.#listening = listening
  }

  #events(): OperationEvents {
    const { events } = this.#init
    return {
      values: (values, expired) => events.values?.(values, expired),
      done: (end) => {
        this.#hasEnded = true
        this.#onEnd()
        events.done(end)
      },
    }
  }
}
