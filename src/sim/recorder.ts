// SPDX-License-Identifier: MIT
// Hears of everything that happens and passes it on: into the running hash, to observers, and as
// records to whoever wants a trace. Records are only made when somebody does.

import type { DhtEvent, OperationId } from '../core/events.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { SocketAddress } from '../core/id/socket-address.ts'
import type { ValueId } from '../core/value/value.ts'
import type { FaultRecord } from './faults.ts'
import { messageKind } from './message-kind.ts'
import type { NodeChange, OperationStart, SimObserver } from './observer.ts'
import type { SimNode } from './sim-node.ts'
import { type DropReason, Mark, type TraceEntry, TraceHash, type TraceRecord } from './trace.ts'

/** Takes the records of a trace, one by one. */
export type TraceSink = (record: TraceRecord) => void

const REASONS: readonly DropReason[] = [
  'loss',
  'mtu',
  'queue',
  'partition',
  'nat',
  'unreachable',
  'down',
]

export class Recorder {
  readonly hash = new TraceHash()
  readonly dropped: Record<DropReason, number> = {
    loss: 0,
    mtu: 0,
    queue: 0,
    partition: 0,
    nat: 0,
    unreachable: 0,
    down: 0,
  }
  delivered = 0
  bytes = 0
  sink: TraceSink | undefined
  readonly #now: () => number
  readonly #observers: SimObserver[] = []
  /** Those who want to see datagrams. */
  readonly #onSent: SimObserver[] = []

  constructor(now: () => number, sink: TraceSink | undefined) {
    this.#now = now
    this.sink = sink
  }

  add(observer: SimObserver): void {
    this.#observers.push(observer)
    if (observer.onSent !== undefined) this.#onSent.push(observer)
  }

  onSent(from: SimNode, to: SocketAddress, bytes: Uint8Array, packet: number): void {
    const { hash } = this
    hash.add(Mark.Sent)
    hash.add(this.#now())
    hash.add(from.index)
    hash.add(to.port)
    hash.add(to.family === 4 ? to.a0 : to.a0 ^ to.a1 ^ to.a2 ^ to.a3)
    hash.addBytes(bytes)
    this.bytes += bytes.length
    for (const observer of this.#onSent) observer.onSent!(from, to, bytes)
    if (this.sink === undefined) return
    this.#write({
      type: 'sent',
      packet,
      from: from.index,
      to: to.toString(),
      kind: messageKind(bytes),
      bytes: bytes.length,
    })
  }

  onDelivered(node: SimNode, packet: number): void {
    this.delivered++
    this.hash.add(Mark.Delivered)
    this.hash.add(this.#now())
    this.hash.add(packet)
    if (this.sink) this.#write({ type: 'delivered', packet, node: node.index })
  }

  onDropped(packet: number, reason: DropReason): void {
    this.dropped[reason]++
    this.hash.add(Mark.Dropped)
    this.hash.add(packet)
    this.hash.add(REASONS.indexOf(reason))
    if (this.sink) this.#write({ type: 'dropped', packet, reason })
  }

  onNode(node: SimNode, change: NodeChange): void {
    if (change === 'up' || change === 'down') {
      this.hash.add(change === 'up' ? Mark.Up : Mark.Down)
      this.hash.add(this.#now())
      this.hash.add(node.index)
    }
    for (const observer of this.#observers) observer.onNode?.(node, change)
    if (this.sink) this.#write(nodeEntry(node, change))
  }

  onStart(node: SimNode, start: OperationStart): void {
    const { operation, kind } = start
    this.hash.add(Mark.Start)
    this.hash.add(node.index)
    this.hash.add(operation)
    this.hash.addText(kind)
    for (const observer of this.#observers) observer.onStart?.(node, start)
    if (this.sink === undefined) return
    const key = start.key?.toString() ?? ''
    this.#write({ type: 'operation-start', node: node.index, operation, kind, key })
  }

  onCancel(node: SimNode, operation: OperationId): void {
    for (const observer of this.#observers) observer.onCancel?.(node, operation)
    if (this.sink === undefined) return
    const outcome = 'cancelled'
    this.#write({ type: 'operation-end', node: node.index, operation, outcome })
  }

  onCancelPut(node: SimNode, key: InfoHash, valueId: ValueId): void {
    for (const observer of this.#observers) observer.onCancelPut?.(node, key, valueId)
  }

  onEvent(node: SimNode, event: DhtEvent): void {
    this.#addEvent(node, event)
    for (const observer of this.#observers) observer.onEvent?.(node, event)
    if (this.sink === undefined) return
    if (event.kind === 'done') {
      const { operation, outcome } = event
      this.#write({ type: 'operation-end', node: node.index, operation, outcome })
    } else if (event.kind === 'status') {
      const { ipv4, ipv6 } = event
      this.#write({ type: 'status', node: node.index, ipv4, ipv6 })
    }
  }

  onFault(record: FaultRecord, isActive: boolean): void {
    if (this.sink) this.#write({ type: isActive ? 'fault-start' : 'fault-end', ...record })
  }

  onFailure(text: string): void {
    if (this.sink) this.#write({ type: 'failure', text })
  }

  #addEvent(node: SimNode, event: DhtEvent): void {
    const { hash } = this
    hash.add(Mark.Event)
    hash.add(this.#now())
    hash.add(node.index)
    hash.addText(event.kind)
    if ('operation' in event) hash.add(event.operation)
    if (event.kind === 'done') hash.addText(event.outcome)
    if (event.kind !== 'values') return
    hash.add(event.expired ? 1 : 0)
    for (const { id, data } of event.values) {
      hash.add(Number(id & 0xffff_ffffn) | 0)
      hash.addBytes(data)
    }
  }

  #write(entry: TraceEntry): void {
    this.sink?.({ t: this.#now(), ...entry } as TraceRecord)
  }
}

function nodeEntry(node: SimNode, change: NodeChange): TraceEntry {
  const { index } = node
  if (change === 'up') return { type: 'node-up', node: index, id: node.id.toString() }
  if (change !== 'added') return { type: `node-${change}`, node: index }
  const addresses = node.addresses.map(String)
  const region = node.region === undefined ? {} : { region: node.region }
  return { type: 'node-added', node: index, addresses, ...region }
}
