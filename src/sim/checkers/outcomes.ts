// SPDX-License-Identifier: MIT
// Checker: every operation ends exactly once, in time, and is silent from then on.

import type { DhtEvent, OperationId } from '../../core/events.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import type { ValueId } from '../../core/value/value.ts'
import type { Checker } from '../checker.ts'
import type { NodeChange, OperationStart } from '../observer.ts'
import type { SimNetwork } from '../sim-network.ts'
import type { SimNode } from '../sim-node.ts'

interface Pending extends OperationStart {
  readonly startedAt: number
  /** A cancelled put may end, or not. */
  isCancelled: boolean
}

export class OutcomeChecker implements Checker {
  readonly name = 'outcomes'
  readonly everyMs = 10_000
  readonly #maxMs: number
  readonly #pending = new Map<SimNode, Map<OperationId, Pending>>()
  #network!: SimNetwork
  /** Operations that ended. */
  ended = 0

  /** Gets, puts and pings have to end within `maxMs`, default two minutes; Infinity for never. */
  constructor(options: { maxMs?: number } = {}) {
    this.#maxMs = options.maxMs ?? 120_000
  }

  start(network: SimNetwork): void {
    this.#network = network
  }

  onStart(node: SimNode, start: OperationStart): void {
    const pending = { ...start, startedAt: this.#network.now, isCancelled: false }
    this.#of(node).set(start.operation, pending)
  }

  onCancel(node: SimNode, operation: OperationId): void {
    this.#of(node).delete(operation)
  }

  onCancelPut(node: SimNode, key: InfoHash, valueId: ValueId): void {
    for (const pending of this.#of(node).values()) {
      if (pending.value?.id === valueId && pending.key?.equals(key)) pending.isCancelled = true
    }
  }

  onEvent(node: SimNode, event: DhtEvent): void {
    if (!('operation' in event)) return
    const operations = this.#of(node)
    const { kind, operation } = event
    if (!operations.has(operation)) {
      this.#fail(node, `operation ${operation} is over, and there is an event "${kind}" of it`)
    } else if (kind === 'done') {
      operations.delete(operation)
      this.ended++
    }
  }

  onNode(node: SimNode, change: NodeChange): void {
    if (change !== 'down' || node.dht.nextWakeup() !== undefined) return
    // Its engine is gone, and has ended everything.
    const open = this.#open(node)
    if (open !== undefined) this.#fail(node, `${open.kind} ${open.operation} outlived its node`)
    this.#pending.delete(node)
  }

  check(): void {
    for (const node of this.#pending.keys()) {
      const late = this.#open(node, this.#network.now - this.#maxMs)
      if (late === undefined || !node.isUp) continue
      const { kind, operation, key = '' } = late
      this.#fail(node, `${kind} ${operation} ${key} did not end within ${this.#maxMs / 1000} s`)
    }
  }

  /** An operation that ought to be over if it started before. */
  #open(node: SimNode, before = Number.POSITIVE_INFINITY): Pending | undefined {
    for (const pending of this.#of(node).values()) {
      if (pending.kind === 'listen' || pending.isCancelled) continue
      if (pending.startedAt < before) return pending
    }
    return undefined
  }

  #of(node: SimNode): Map<OperationId, Pending> {
    const known = this.#pending.get(node)
    if (known !== undefined) return known
    const operations = new Map<OperationId, Pending>()
    this.#pending.set(node, operations)
    return operations
  }

  #fail(node: SimNode, text: string): void {
    this.#network.fail(`Node ${node.index}: ${text}`)
  }
}
