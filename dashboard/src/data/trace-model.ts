// SPDX-License-Identifier: MIT
// A trace of the simulator in a form that any moment of it can be drawn from: who is up, which
// datagrams are on their way, what just happened. Records are described in docs/simulator.md.

import type { TraceRecord } from '../../../src/sim/trace.ts'

export interface TraceNode {
  readonly index: number
  readonly region: string | undefined
  /** Times at which it came up and went down, in turn. */
  readonly changes: number[]
}

export interface TraceEvent {
  readonly at: number
  readonly text: string
  readonly tone: 'plain' | 'good' | 'warn' | 'bad'
}

export interface TraceFault {
  readonly from: number
  to: number
  readonly text: string
}

export interface Flight {
  readonly from: number
  /** Undefined when nobody has the address. */
  readonly to: number | undefined
  readonly kind: string
  readonly bytes: number
  readonly sentAt: number
  endAt: number
  /** Why it did not arrive. */
  dropped: string | undefined
}

export const MAX_FLIGHTS = 1_000_000
const MAX_EVENTS = 100_000
/** Whatever takes longer is not drawn to its end. */
const MAX_FLIGHT_MS = 4000
const OPERATION_TONES: Readonly<Record<string, TraceEvent['tone']>> = { ok: 'good', failed: 'bad' }

export class TraceModel {
  readonly nodes: TraceNode[] = []
  readonly events: TraceEvent[] = []
  readonly faults: TraceFault[] = []
  /** In the order in which they were sent. */
  readonly flights: Flight[] = []
  endMs = 0
  isCut = false
  readonly #byPacket = new Map<number, Flight>()
  readonly #byAddress = new Map<string, number>()
  readonly #operations = new Map<string, string>()
  readonly #openFaults = new Map<number, TraceFault>()

  /** Throws TypeError for what is no record. */
  add(record: TraceRecord): void {
    if (typeof record !== 'object' || record === null || typeof record.t !== 'number') {
      throw new TypeError('expected a record with a time t')
    }
    this.endMs = Math.max(this.endMs, record.t)
    switch (record.type) {
      case 'node-added':
      case 'node-up':
      case 'node-down':
      case 'node-removed':
        return this.#onNode(record)
      case 'sent':
      case 'delivered':
      case 'dropped':
        return this.#onPacket(record)
      case 'operation-start':
      case 'operation-end':
        return this.#onOperation(record)
      case 'fault-start':
      case 'fault-end':
        return this.#onFault(record)
      case 'failure':
        return this.#event(record.t, `Failure: ${record.text}`, 'bad')
    }
  }

  isUp({ changes }: TraceNode, at: number): boolean {
    let count = 0
    while (count < changes.length && changes[count]! <= at) count++
    return count % 2 === 1
  }

  /** Datagrams on their way at that moment, at most `limit`. */
  flying(at: number, limit: number): Flight[] {
    const found: Flight[] = []
    for (let i = this.#firstAfter(at) - 1; i >= 0 && found.length < limit; i--) {
      const flight = this.flights[i]!
      if (flight.sentAt < at - MAX_FLIGHT_MS) break
      if (flight.endAt >= at) found.push(flight)
    }
    return found
  }

  faultsAt(at: number): TraceFault[] {
    return this.faults.filter(({ from, to }) => from <= at && at < to)
  }

  /** Number of events until that moment. */
  eventsUntil(at: number): number {
    return lowerBound(this.events.length, (i) => this.events[i]!.at > at)
  }

  #firstAfter(at: number): number {
    return lowerBound(this.flights.length, (i) => this.flights[i]!.sentAt > at)
  }

  #onNode(record: Extract<TraceRecord, { type: `node-${string}` }>): void {
    const { t, node: index } = record
    let node = this.nodes[index]
    if (node === undefined) {
      const region = record.type === 'node-added' ? record.region : undefined
      node = { index, region, changes: [] }
      this.nodes[index] = node
    }
    if (record.type === 'node-added') {
      for (const address of record.addresses) this.#byAddress.set(address, index)
      return
    }
    const isUp = node.changes.length % 2 === 1
    const comesUp = record.type === 'node-up'
    if (isUp === comesUp) return
    node.changes.push(t)
    const text = comesUp ? `Node ${index} is up` : `Node ${index} is down`
    this.#event(t, text, comesUp ? 'good' : 'warn')
  }

  #onPacket(record: Extract<TraceRecord, { packet: number }>): void {
    const { t, packet } = record
    if (record.type === 'sent') {
      if (this.flights.length >= MAX_FLIGHTS) {
        this.isCut = true
        return
      }
      const { from, kind, bytes, to } = record
      const flight: Flight = {
        from,
        to: this.#byAddress.get(to),
        kind,
        bytes,
        sentAt: t,
        endAt: t + MAX_FLIGHT_MS,
        dropped: undefined,
      }
      this.flights.push(flight)
      this.#byPacket.set(packet, flight)
      return
    }
    const flight = this.#byPacket.get(packet)
    if (flight === undefined) return
    this.#byPacket.delete(packet)
    if (record.type === 'delivered') flight.endAt = t
    else {
      flight.dropped = record.reason
      // Faults judge at once: it is to be seen nevertheless.
      flight.endAt = Math.max(t, flight.sentAt + DROP_SHOWN_MS)
    }
  }

  #onOperation(record: Extract<TraceRecord, { type: 'operation-start' | 'operation-end' }>): void {
    const { t, node, operation } = record
    const name = `${node}/${operation}`
    if (record.type === 'operation-start') {
      const text = `${record.kind} ${record.key.slice(0, 8)}`
      this.#operations.set(name, text)
      return this.#event(t, `Node ${node} starts ${text}`, 'plain')
    }
    const text = this.#operations.get(name) ?? 'operation'
    const { outcome } = record
    this.#operations.delete(name)
    this.#event(t, `Node ${node}: ${text} ends, ${outcome}`, OPERATION_TONES[outcome] ?? 'plain')
  }

  #onFault(record: Extract<TraceRecord, { type: 'fault-start' | 'fault-end' }>): void {
    const { t, fault: number, kind, text } = record
    if (record.type === 'fault-end') {
      const open = this.#openFaults.get(number)
      if (open !== undefined) open.to = t
      return this.#event(t, `Healed: ${kind} ${text}`, 'good')
    }
    const fault = { from: t, to: Number.POSITIVE_INFINITY, text: `${kind} ${text}` }
    this.#openFaults.set(number, fault)
    this.faults.push(fault)
    this.#event(t, `Fault: ${kind} ${text}`, 'bad')
  }

  #event(at: number, text: string, tone: TraceEvent['tone']): void {
    if (this.events.length < MAX_EVENTS) this.events.push({ at, text, tone })
    else this.isCut = true
  }
}

const DROP_SHOWN_MS = 120

/** The first number below `count` for which `isAfter` holds, which then holds for all others. */
function lowerBound(count: number, isAfter: (i: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isAfter(middle)) high = middle
    else low = middle + 1
  }
  return low
}
