// SPDX-License-Identifier: MIT
// The engine operations of one client that have not ended, and who takes their events. Also the
// one place that knows how the engine has to be used: every call of it is followed by a `kick`.

import type { Dht } from '../core/dht.ts'
import type { DhtEvent, OperationId } from '../core/events.ts'
import { NumberMap } from '../core/util/number-map.ts'
import type { OperationEvents } from './backend.ts'

export interface ClientHost {
  readonly dht: Dht
  /** The engine's clock: monotonic, whole milliseconds. */
  now(): number
  /**
   * Called after every use of the engine: sends what waits in the outbox, hands the events to the
   * client's `dispatch`, and sets the timer anew. May be called from within `dispatch`.
   */
  kick(): void
  /**
   * `kick` a moment later, once for all that were asked for meanwhile: what operations send that
   * begin together leaves together. Default `kick`.
   */
  kickSoon?(): void
}

export class Operations {
  readonly #host: ClientHost
  #pending = new NumberMap<OperationEvents>()

  constructor(host: ClientHost) {
    this.#host = host
  }

  /** Uses the engine and sends what came of it. Events may be dispatched before this returns. */
  run<T>(action: (dht: Dht, now: number) => T): T {
    const result = action(this.#host.dht, this.#host.now())
    this.#host.kick()
    return result
  }

  /** Starts an operation that reports to `events`, perhaps before this returns. */
  start(action: (dht: Dht, now: number) => OperationId, events: OperationEvents): OperationId {
    const host = this.#host
    const operation = action(host.dht, host.now())
    this.#pending.set(operation, events)
    if (host.kickSoon === undefined) host.kick()
    else host.kickSoon()
    return operation
  }

  /** No more events of this operation. Returns whether it was pending. */
  forget(operation: OperationId): boolean {
    return this.#pending.delete(operation)
  }

  /** Ends a get, query or listen if it is still pending. */
  cancel(operation: OperationId): void {
    if (this.forget(operation)) this.run((dht, now) => dht.cancel(operation, now))
  }

  /** Takes an event of an operation; others are ignored, as are those of forgotten operations. */
  dispatch(event: DhtEvent): void {
    if (!('operation' in event)) return
    const events = this.#pending.get(event.operation)
    if (events === undefined) return
    if (event.kind === 'values') return events.values?.(event.values, event.expired)
    if (event.kind === 'fields') return events.fields?.(event.fields)
    this.#pending.delete(event.operation)
    events.done(event)
  }

  /** Ends what the engine did not end by itself when it was closed: nothing may wait for ever. */
  close(): void {
    const pending = [...this.#pending]
    this.#pending = new NumberMap()
    for (const events of pending) events.done({ outcome: 'closed', nodes: [] })
  }
}
