// SPDX-License-Identifier: MIT
// The unchanged engine, with its operations reported as they start and as they are cancelled: the
// engine itself only tells how they end.

import type { DhtConfig } from '../core/config.ts'
import { Dht, type PutOptions } from '../core/dht.ts'
import type { OperationId } from '../core/events.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { SocketAddress } from '../core/id/socket-address.ts'
import type { DhtPorts } from '../core/ports.ts'
import type { Query } from '../core/value/query.ts'
import type { Value, ValueId } from '../core/value/value.ts'
import type { OperationStart } from './observer.ts'

export interface DhtWatch {
  onStart(start: OperationStart): void
  onCancel(operation: OperationId): void
  onCancelPut(key: InfoHash, valueId: ValueId): void
}

export class WatchedDht extends Dht {
  readonly #watch: DhtWatch

  constructor(init: { config: DhtConfig; ports: DhtPorts; now: number; watch: DhtWatch }) {
    super(init.config, init.ports, init.now)
    this.#watch = init.watch
  }

  override startGet(key: InfoHash, query: Query, now: number): OperationId {
    const operation = super.startGet(key, query, now)
    this.#watch.onStart({ operation, kind: 'get', key, query })
    return operation
  }

  override startListen(key: InfoHash, query: Query, now: number): OperationId {
    const operation = super.startListen(key, query, now)
    this.#watch.onStart({ operation, kind: 'listen', key, query })
    return operation
  }

  override startPut(
    key: InfoHash,
    value: Value,
    options: PutOptions,
    now: number,
  ): { operation: OperationId; value: Value } {
    const started = super.startPut(key, value, options, now)
    const { permanent: isPermanent = false, createdMs } = options
    this.#watch.onStart({ ...started, kind: 'put', key, isPermanent, createdMs })
    return started
  }

  override ping(address: SocketAddress, now: number): OperationId {
    const operation = super.ping(address, now)
    this.#watch.onStart({ operation, kind: 'ping' })
    return operation
  }

  override cancel(operation: OperationId, now: number): void {
    super.cancel(operation, now)
    this.#watch.onCancel(operation)
  }

  override cancelPut(key: InfoHash, valueId: ValueId, now: number): boolean {
    this.#watch.onCancelPut(key, valueId)
    return super.cancelPut(key, valueId, now)
  }
}
