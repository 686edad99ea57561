// SPDX-License-Identifier: MIT
// Which puts were acknowledged and are still to be found: shared by the checkers of puts and of
// listens. A put counts from its confirmation to the end of the lifetime of its type; a permanent
// one until its writer goes or withdraws it.

import type { DhtEvent, OperationId } from '../../core/events.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import { defaultTypes } from '../../core/value/default-types.ts'
import type { Value, ValueId } from '../../core/value/value.ts'
import type { NodeChange, OperationStart, SimObserver } from '../observer.ts'
import type { SimNetwork } from '../sim-network.ts'
import type { SimNode } from '../sim-node.ts'

export interface AcknowledgedPut {
  readonly writer: SimNode
  readonly key: InfoHash
  readonly value: Value
  readonly isPermanent: boolean
  readonly acknowledgedAt: number
  /** It may be gone from then on. */
  expiresAt: number
}

const LIFETIMES = new Map(defaultTypes().map(({ id, lifetimeMs }) => [id, lifetimeMs]))
const DEFAULT_LIFETIME_MS = LIFETIMES.get(0)!

export class AcknowledgedPuts implements SimObserver {
  readonly #network: SimNetwork
  readonly #onAcknowledged: (put: AcknowledgedPut) => void
  readonly #started = new Map<SimNode, Map<OperationId, OperationStart & { at: number }>>()
  readonly #puts: AcknowledgedPut[] = []

  constructor(network: SimNetwork, onAcknowledged: (put: AcknowledgedPut) => void = () => {}) {
    this.#network = network
    this.#onAcknowledged = onAcknowledged
  }

  /** Those that have to be found now. */
  current(): readonly AcknowledgedPut[] {
    const { now } = this.#network
    for (let i = this.#puts.length - 1; i >= 0; i--) {
      if (this.#puts[i]!.expiresAt <= now) this.#puts.splice(i, 1)
    }
    return this.#puts
  }

  onStart(node: SimNode, start: OperationStart): void {
    if (start.kind !== 'put') return
    const own = this.#started.get(node) ?? new Map()
    this.#started.set(node, own)
    own.set(start.operation, { ...start, at: this.#network.now })
  }

  onCancelPut(node: SimNode, key: InfoHash, valueId: ValueId): void {
    for (const put of this.#puts) {
      if (put.writer !== node || put.value.id !== valueId || !put.key.equals(key)) continue
      put.expiresAt = this.#network.now
    }
  }

  onEvent(node: SimNode, event: DhtEvent): void {
    if (event.kind !== 'done') return
    const start = this.#started.get(node)?.get(event.operation)
    if (start === undefined) return
    this.#started.get(node)!.delete(event.operation)
    if (event.outcome === 'ok') this.#add(node, start)
  }

  onNode(node: SimNode, change: NodeChange): void {
    if (change !== 'down') return
    this.#started.delete(node)
    for (const put of this.#puts) {
      if (put.writer === node && put.isPermanent) put.expiresAt = this.#network.now
    }
  }

  #add(writer: SimNode, start: OperationStart & { at: number }): void {
    const { value, isPermanent = false, createdMs } = start
    const wallOffsetMs = this.#network.wallNow.getTime() - this.#network.now
    const createdAt = Math.min(start.at, (createdMs ?? Number.MAX_VALUE) - wallOffsetMs)
    const lifetimeMs = LIFETIMES.get(value!.type) ?? DEFAULT_LIFETIME_MS
    const put: AcknowledgedPut = {
      writer,
      key: start.key!,
      value: value!,
      isPermanent,
      acknowledgedAt: this.#network.now,
      expiresAt: isPermanent ? Number.POSITIVE_INFINITY : createdAt + lifetimeMs,
    }
    this.#puts.push(put)
    this.#onAcknowledged(put)
  }
}
