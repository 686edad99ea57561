// SPDX-License-Identifier: MIT
// The backend that is an engine in this process. Who drives it (sockets or a simulation) is the
// host's business; it hands every batch of events to `dispatch`.

import type { DhtEvent } from '../core/events.ts'
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
  OperationEvents,
  PermanentPut,
  PutEvents,
} from './backend.ts'
import { type ClientHost, Operations } from './operations.ts'

export class EngineBackend implements Backend {
  onStatus: ((status: FamilyStatus) => void) | undefined
  /** Uses the engine the way it has to be used. */
  readonly operations: Operations
  readonly #host: ClientHost

  constructor(host: ClientHost) {
    this.#host = host
    this.operations = new Operations(host)
  }

  startGet(key: InfoHash, query: Query, events: OperationEvents): () => void {
    const { operations } = this
    const get = operations.start((dht, now) => dht.startGet(key, query, now), events)
    return () => operations.cancel(get)
  }

  startListen(key: InfoHash, query: Query, events: OperationEvents): Listening {
    const { operations } = this
    const listen = operations.start((dht, now) => dht.startListen(key, query, now), events)
    return {
      stop: () => operations.cancel(listen),
      known: () => this.#host.dht.listenedValues(listen),
    }
  }

  startPut(key: InfoHash, value: Value, options: BackendPutOptions, events: PutEvents): void {
    const { operations } = this
    operations.start((dht, now) => {
      const started = dht.startPut(key, value, options, now)
      events.started(started.value, () => operations.forget(started.operation))
      return started.operation
    }, events)
  }

  cancelPut(key: InfoHash, id: ValueId): boolean {
    return this.operations.run((dht, now) => dht.cancelPut(key, id, now))
  }

  pendingPuts(key: InfoHash): Value[] {
    return this.#host.dht.pendingPuts(key)
  }

  permanentPuts(): PermanentPut[] {
    return this.#host.dht.permanentPuts()
  }

  localValues(key: InfoHash, query: Query): Value[] {
    return this.#host.dht.localValues(key, query)
  }

  async stats(): Promise<DhtStats> {
    return this.#host.dht.stats(this.#host.now())
  }

  status(): FamilyStatus {
    return this.#host.dht.status()
  }

  readiness(): Readiness {
    return this.operations.run((dht, now) => dht.readiness(now))
  }

  dispatch(events: readonly DhtEvent[]): void {
    for (const event of events) {
      if (event.kind === 'status') this.onStatus?.(event)
      else this.operations.dispatch(event)
    }
  }

  close(): void {
    this.operations.run((dht) => dht.close())
    this.operations.close()
  }
}
