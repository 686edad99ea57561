// SPDX-License-Identifier: MIT
// DhtInterface over an engine in this process, which a host drives: sockets or a simulation.

import type { DhtEvent } from '../core/events.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { ValueType } from '../core/value/value-type.ts'
import { DhtBase } from './dht-base.ts'
import { EngineBackend } from './engine-backend.ts'
import { Inspector } from './inspector.ts'
import type { ClientHost, Operations } from './operations.ts'
import type { ValueGate } from './value-gate.ts'

export class DhtClient extends DhtBase {
  readonly #host: ClientHost
  readonly #engine: EngineBackend

  /** What values of gets and listens go through; by default all pass as they are. */
  constructor(host: ClientHost, gate?: ValueGate) {
    const engine = new EngineBackend(host)
    super(engine, gate)
    this.#host = host
    this.#engine = engine
  }

  /** Id of this node. */
  get id(): InfoHash {
    return this.#host.dht.id
  }

  /** Looks into the node: routing table, searches, storage. */
  get inspector(): Inspector {
    return new Inspector(this.#host)
  }

  /** Sets lifetime and policies of a value type on this node. */
  registerType(type: ValueType): void {
    this.#host.dht.registerType(type)
  }

  /** Takes the engine's events; for the host alone. */
  dispatch(events: readonly DhtEvent[]): void {
    this.#engine.dispatch(events)
  }

  /** For subclasses: uses the engine the way it has to be used. */
  protected get operations(): Operations {
    return this.#engine.operations
  }
}
