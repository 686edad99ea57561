// SPDX-License-Identifier: MIT
// Checker: a listener hears each revision of a value once, in time, and its end once. That nothing
// is told twice is checked for every listen; that nothing is missed, for listens without conditions
// at nodes that were connected and in reach of the writer all the time.

import type { DhtEvent, OperationId } from '../../core/events.ts'
import type { InfoHash } from '../../core/id/info-hash.ts'
import type { Value, ValueId } from '../../core/value/value.ts'
import type { Checker } from '../checker.ts'
import type { NodeChange, OperationStart } from '../observer.ts'
import type { SimNetwork } from '../sim-network.ts'
import type { SimNode } from '../sim-node.ts'
import { type AcknowledgedPut, AcknowledgedPuts } from './acknowledged-puts.ts'

/** What listeners are expected to hear. */
export interface ListenCheckerOptions {
  /**
   * A put has to be heard this long after its acknowledgement; default 60 s, Infinity for never.
   */
  withinMs?: number
  /** Its end has to be heard this long after it; default two minutes, Infinity for never. */
  endsWithinMs?: number
}

/** A value as one listener knows it. */
interface Known {
  /** Every content that it was told of since the value appeared. */
  readonly revisions: Value[]
  isLive: boolean
}

interface Listen {
  readonly node: SimNode
  readonly operation: OperationId
  readonly key: InfoHash
  readonly isUnfiltered: boolean
  readonly values: Map<ValueId, Known>
}

interface Expectation {
  readonly put: AcknowledgedPut
  readonly listens: Listen[]
  readonly dueAt: number
}

export class ListenChecker implements Checker {
  readonly name = 'listens'
  readonly everyMs = 1000
  readonly #withinMs: number
  readonly #endsWithinMs: number
  readonly #listens = new Map<string, Listen>()
  #expectations: Expectation[] = []
  /** Values that ought to have ended, with the time until which listeners have to know. */
  #endings: { put: AcknowledgedPut; dueAt: number }[] = []
  #network!: SimNetwork
  #puts!: AcknowledgedPuts
  /** Values and ends that listeners were told. */
  heard = 0
  ends = 0

  constructor({ withinMs = 60_000, endsWithinMs = 120_000 }: ListenCheckerOptions = {}) {
    this.#withinMs = withinMs
    this.#endsWithinMs = endsWithinMs
  }

  start(network: SimNetwork): void {
    this.#network = network
    this.#puts = new AcknowledgedPuts(network, (put) => this.#expect(put))
  }

  onStart(node: SimNode, start: OperationStart): void {
    this.#puts.onStart(node, start)
    if (start.kind !== 'listen') return
    const { operation, key, query } = start
    this.#listens.set(nameOf(node, operation), {
      node,
      operation,
      key: key!,
      isUnfiltered: query!.where.isEmpty,
      values: new Map(),
    })
  }

  onCancel(node: SimNode, operation: OperationId): void {
    this.#listens.delete(nameOf(node, operation))
  }

  onCancelPut(node: SimNode, key: InfoHash, valueId: ValueId): void {
    this.#puts.onCancelPut(node, key, valueId)
  }

  onEvent(node: SimNode, event: DhtEvent): void {
    this.#puts.onEvent(node, event)
    if (!('operation' in event)) return
    const name = nameOf(node, event.operation)
    const listen = this.#listens.get(name)
    if (listen === undefined) return
    if (event.kind === 'done') this.#listens.delete(name)
    if (event.kind !== 'values') return
    for (const value of event.values) {
      if (event.expired) this.#onEnd(listen, value)
      else this.#onValue(listen, value)
    }
  }

  onNode(node: SimNode, change: NodeChange): void {
    this.#puts.onNode(node, change)
    if (change === 'down') this.#excuse((other) => other === node)
  }

  check(): void {
    const { now } = this.#network
    // Whoever is cut off meanwhile hears later.
    this.#excuse((node) => !node.isConnected)
    const due = this.#expectations.filter(({ dueAt }) => dueAt <= now)
    this.#expectations = this.#expectations.filter(({ dueAt }) => dueAt > now)
    for (const expectation of due) this.#judge(expectation)
    const ended = this.#endings.filter(({ dueAt }) => dueAt <= now)
    this.#endings = this.#endings.filter(({ dueAt }) => dueAt > now)
    for (const { put } of ended) this.#judgeEnd(put)
  }

  #onValue({ node, key, values }: Listen, value: Value): void {
    this.heard++
    const known = values.get(value.id)
    if (known === undefined || !known.isLive) {
      values.set(value.id, { revisions: [value], isLive: true })
      return
    }
    if (known.revisions.some((earlier) => earlier.contentEquals(value))) {
      this.#fail(node, `heard twice of the same revision of value ${value.id} under ${key}`)
    }
    known.revisions.push(value)
  }

  #onEnd({ node, key, values }: Listen, { id }: Value): void {
    this.ends++
    const known = values.get(id)
    if (known?.isLive === true) known.isLive = false
    else this.#fail(node, `heard of the end of value ${id} under ${key}, which it did not know`)
  }

  #expect(put: AcknowledgedPut): void {
    const { now } = this.#network
    if (!put.isPermanent && this.#endsWithinMs < Number.POSITIVE_INFINITY) {
      this.#endings.push({ put, dueAt: put.expiresAt + this.#endsWithinMs })
    }
    if (this.#withinMs === Number.POSITIVE_INFINITY) return
    const listens = [...this.#listens.values()].filter(
      ({ node, key, isUnfiltered, values }) =>
        isUnfiltered && key.equals(put.key) && this.#isUndisturbed(node, put) && !has(values, put),
    )
    if (listens.length > 0) {
      this.#expectations.push({ put, listens, dueAt: now + this.#withinMs })
    }
  }

  #judge({ put, listens }: Expectation): void {
    const { key, value, acknowledgedAt } = put
    for (const listen of listens) {
      const isGoingOn = this.#listens.get(nameOf(listen.node, listen.operation)) === listen
      if (!isGoingOn || has(listen.values, put)) continue
      if (!this.#isUndisturbed(listen.node, put)) continue
      const when = `put by node ${put.writer.index} and acknowledged at ${acknowledgedAt} ms`
      this.#fail(listen.node, `never heard of value ${value.id} under ${key}, ${when}`)
    }
  }

  #judgeEnd(put: AcknowledgedPut): void {
    const { now } = this.#network
    // Somebody may have put it again.
    const { key, value, expiresAt } = put
    const isBack = this.#puts
      .current()
      .some((other) => other.value.id === value.id && other.key.equals(key))
    const isExpected = this.#endings.some(
      ({ put: other }) => other.value.id === value.id && other.key.equals(key),
    )
    if (isBack || isExpected || now < expiresAt + this.#endsWithinMs) return
    for (const { node, key: own, values } of this.#listens.values()) {
      if (!own.equals(key) || values.get(value.id)?.isLive !== true || !node.isConnected) continue
      this.#fail(node, `still believes in value ${value.id} under ${key}, over at ${expiresAt} ms`)
    }
  }

  #isUndisturbed(node: SimNode, { writer }: AcknowledgedPut): boolean {
    return node.isConnected && (node === writer || this.#network.canReach(node, writer))
  }

  /** Nothing is expected any more of listeners at these nodes, of all that was put so far. */
  #excuse(isExcused: (node: SimNode) => boolean): void {
    for (const { listens } of this.#expectations) {
      for (let i = listens.length - 1; i >= 0; i--) {
        if (isExcused(listens[i]!.node)) listens.splice(i, 1)
      }
    }
  }

  #fail(node: SimNode, text: string): void {
    this.#network.fail(`Node ${node.index} listens and ${text}`)
  }
}

/** It heard of this value, in this revision or another one. */
function has(values: Map<ValueId, Known>, { value }: AcknowledgedPut): boolean {
  return values.get(value.id)?.revisions.some((known) => known.contentEquals(value)) === true
}

function nameOf(node: SimNode, operation: OperationId): string {
  return `${node.index} ${operation}`
}
