// SPDX-License-Identifier: MIT
// A client over an engine that does nothing by itself: tests read what was started and say what
// comes of it.

import { DhtClient } from '../../../src/api/dht-client.ts'
import type { Dht, PutOptions } from '../../../src/core/dht.ts'
import type { DhtEvent, NodeStatus, OperationId, Outcome } from '../../../src/core/events.ts'
import type { InfoHash } from '../../../src/core/id/info-hash.ts'
import type { SocketAddress } from '../../../src/core/id/socket-address.ts'
import type { Query } from '../../../src/core/value/query.ts'
import { Value } from '../../../src/core/value/value.ts'

export interface Started {
  readonly kind: 'get' | 'listen' | 'put' | 'ping'
  readonly operation: OperationId
  readonly key?: InfoHash
  readonly query?: Query
  readonly value?: Value
  readonly options?: PutOptions
}

export class FakeEngine {
  readonly started: Started[] = []
  readonly cancelled: OperationId[] = []
  readonly cancelledPuts: bigint[] = []
  /** Events that starting an operation causes at once. */
  onStart: (started: Started) => DhtEvent[] = () => []
  statuses: { ipv4: NodeStatus; ipv6: NodeStatus } = {
    ipv4: 'disconnected',
    ipv6: 'disconnected',
  }
  local: Value[] = []
  isClosed = false
  #events: DhtEvent[] = []
  #lastId = 0

  startGet(key: InfoHash, query: Query): OperationId {
    return this.#start({ kind: 'get', key, query })
  }

  startListen(key: InfoHash, query: Query): OperationId {
    return this.#start({ kind: 'listen', key, query })
  }

  startPut(key: InfoHash, value: Value, options: PutOptions) {
    const identified = value.id === 0n ? value.withId(77n) : value
    return {
      operation: this.#start({ kind: 'put', key, value: identified, options }),
      value: identified,
    }
  }

  ping(_address: SocketAddress): OperationId {
    return this.#start({ kind: 'ping' })
  }

  cancel(operation: OperationId): void {
    this.cancelled.push(operation)
  }

  cancelPut(_key: InfoHash, id: bigint): boolean {
    this.cancelledPuts.push(id)
    return true
  }

  localValues(_key: InfoHash, query: Query): Value[] {
    return this.local.filter((value) => query.matches(value))
  }

  status() {
    return this.statuses
  }

  close(): void {
    this.isClosed = true
    for (const { operation, kind } of this.started) {
      if (kind !== 'ping') this.push({ kind: 'done', operation, outcome: 'closed', nodes: [] })
    }
  }

  push(...events: DhtEvent[]): void {
    this.#events.push(...events)
  }

  takeEvents(): DhtEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  #start(what: Omit<Started, 'operation'>): OperationId {
    const started = { ...what, operation: ++this.#lastId }
    this.started.push(started)
    this.push(...this.onStart(started))
    return started.operation
  }
}

export class FakeHost {
  readonly engine = new FakeEngine()
  readonly client: DhtClient
  #isSettling = false

  constructor() {
    this.client = new DhtClient({
      dht: this.engine as unknown as Dht,
      now: () => 0,
      kick: () => this.kick(),
    })
  }

  kick(): void {
    if (this.#isSettling) return
    this.#isSettling = true
    for (;;) {
      const events = this.engine.takeEvents()
      if (events.length === 0) break
      this.client.dispatch(events)
    }
    this.#isSettling = false
  }

  emit(...events: DhtEvent[]): void {
    this.engine.push(...events)
    this.kick()
  }

  values(operation: OperationId, values: Value[], expired = false): void {
    this.emit({ kind: 'values', operation, values, expired })
  }

  done(operation: OperationId, outcome: Outcome = 'ok'): void {
    this.emit({ kind: 'done', operation, outcome, nodes: [] })
  }

  status(ipv4: NodeStatus, ipv6: NodeStatus = 'disconnected'): void {
    this.engine.statuses = { ipv4, ipv6 }
    this.emit({ kind: 'status', ipv4, ipv6 })
  }
}

export function testValue(id: number, text = `value ${id}`): Value {
  return new Value({ id: BigInt(id), data: new TextEncoder().encode(text) })
}

export function textOf(value: Value): string {
  return new TextDecoder().decode(value.data)
}

/** What has happened by the time all promises that could settle have. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
