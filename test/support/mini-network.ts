// SPDX-License-Identifier: MIT
// A small deterministic network of engines in one process: virtual time, constant delay, optional
// loss, broken links and scripted peers. For tests of the engine; no sockets.

import type { DhtConfig } from '../../src/core/config.ts'
import { Dht } from '../../src/core/dht.ts'
import type { DhtEvent, Outcome } from '../../src/core/events.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import type { DhtPorts } from '../../src/core/ports.ts'
import { SeededRandom } from './seeded-random.ts'
import { TimeQueue } from './time-queue.ts'

export { SeededRandom } from './seeded-random.ts'

/** Wall time of virtual time 0. */
export const WALL_OFFSET_MS = 1_700_000_000_000

interface Delivery {
  readonly to: SocketAddress
  readonly from: SocketAddress
  readonly bytes: Uint8Array
}

/** Receives what arrives at an address that is not a node's. */
export type Receiver = (bytes: Uint8Array, from: SocketAddress) => void

export interface MiniNode {
  readonly dht: Dht
  readonly address: SocketAddress
  readonly addresses: readonly SocketAddress[]
  readonly events: DhtEvent[]
  /** Neither hears nor does anything, as if its process were stopped. */
  isDown: boolean
}

export class MiniNetwork {
  readonly seed: number
  now = 1000
  /** Datagrams are lost with this probability. */
  loss = 0
  delayMs = 5
  /** Called with every datagram that is sent. */
  onSend: ((bytes: Uint8Array, from: SocketAddress, to: SocketAddress) => void) | undefined
  /** When set, datagrams for which it gives false are lost. */
  carries: ((from: SocketAddress, to: SocketAddress, bytes: Uint8Array) => boolean) | undefined
  readonly nodes: MiniNode[] = []
  readonly random: SeededRandom
  readonly #byAddress = new Map<string, MiniNode>()
  readonly #receivers = new Map<string, Receiver>()
  readonly #deliveries = new TimeQueue<Delivery>()
  readonly #wakeups = new TimeQueue<MiniNode>()
  /** The earliest entry of each node in the queue of wakeups. */
  readonly #wakesAt = new Map<MiniNode, number>()

  constructor(seed = 1) {
    this.seed = seed
    this.random = new SeededRandom(seed)
  }

  /** Adds a node with an address of its own in each of its families. */
  add(config: DhtConfig = {}, ports: Partial<DhtPorts> = {}): MiniNode {
    const n = this.nodes.length + 1
    const families = config.families ?? [4]
    const addresses = families.map((family) =>
      family === 4
        ? SocketAddress.v4((10 << 24) | (n << 8) | 1, 4222)
        : SocketAddress.v6(0x20010db8, n << 16, 0, 1, 4222),
    )
    const random = this.random.fork(`node ${n}`)
    const dht = new Dht({ ...config, families }, { random, ...ports }, this.now)
    dht.syncWallClock(WALL_OFFSET_MS)
    const node: MiniNode = { dht, address: addresses[0]!, addresses, events: [], isDown: false }
    this.nodes.push(node)
    for (const address of addresses) this.#byAddress.set(address.toString(), node)
    return node
  }

  /** Adds `count` nodes. */
  addMany(count: number, config: DhtConfig = {}, ports: Partial<DhtPorts> = {}): MiniNode[] {
    return Array.from({ length: count }, () => this.add(config, ports))
  }

  /** A scripted peer: `receiver` gets what is sent to `address`. */
  attach(address: SocketAddress, receiver: Receiver): void {
    this.#receivers.set(address.toString(), receiver)
  }

  /** The node that has this address. */
  nodeAt(address: SocketAddress): MiniNode | undefined {
    return this.#byAddress.get(address.toString())
  }

  /** Sends a datagram in the name of `from`. */
  send(from: SocketAddress, to: SocketAddress, bytes: Uint8Array): void {
    this.onSend?.(bytes, from, to)
    if (this.carries?.(from, to, bytes) === false) return
    if (this.loss > 0 && this.random.chance(this.loss)) return
    this.#deliveries.add(this.now + this.delayMs, { to, from, bytes })
  }

  /** Sends what the node has to send and collects its events; call after using `node.dht`. */
  pump(node: MiniNode): void {
    const { outbox } = node.dht
    for (let i = 0; i < outbox.count; i++) {
      const to = outbox.destination(i)
      const from = node.addresses.find(({ family }) => family === to.family)
      if (from !== undefined) this.send(from, to, new Uint8Array(outbox.datagram(i)))
    }
    outbox.clear()
    node.events.push(...node.dht.takeEvents())
    this.#arm(node)
  }

  /** Lets time pass. */
  run(ms: number): void {
    const end = this.now + ms
    for (const node of this.nodes) this.pump(node)
    for (;;) {
      const next = Math.min(this.#deliveries.nextAt, this.#wakeups.nextAt)
      if (next > end) break
      this.now = Math.max(this.now, next)
      this.#deliver()
      this.#wake()
    }
    this.now = end
  }

  /** Lets time pass until `condition` holds; false when `ms` passed without that. */
  runUntil(condition: () => boolean, ms = 60_000): boolean {
    const end = this.now + ms
    while (!condition()) {
      if (this.now >= end) return false
      this.run(10)
    }
    return true
  }

  /** Runs until `operation` of `node` is done; its outcome, or undefined after `ms`. */
  finish(node: MiniNode, operation: number, ms = 60_000): Outcome | undefined {
    const isDone = (event: DhtEvent): boolean =>
      event.kind === 'done' && event.operation === operation
    this.runUntil(() => node.events.some(isDone), ms)
    const done = node.events.find(isDone)
    return done?.kind === 'done' ? done.outcome : undefined
  }

  /** Bootstraps every node on the first one and lets the network settle. */
  join(settleMs = 20_000): void {
    const [first, ...others] = this.nodes
    for (const node of others) this.enter(node, first!)
    this.run(settleMs)
  }

  /** Bootstraps `node` on the addresses of `by`. */
  enter(node: MiniNode, by: MiniNode): void {
    node.dht.bootstrap(by.addresses, this.now)
    this.pump(node)
  }

  #arm(node: MiniNode): void {
    if (node.isDown) return
    const at = node.dht.nextWakeup()
    if (at === undefined || at >= (this.#wakesAt.get(node) ?? Number.POSITIVE_INFINITY)) return
    this.#wakesAt.set(node, at)
    this.#wakeups.add(at, node)
  }

  #wake(): void {
    // A node that is due at once again has its turn in the next round.
    const due: MiniNode[] = []
    for (;;) {
      const node = this.#wakeups.takeDue(this.now)
      if (node === undefined) break
      // Entries that an earlier one overtook come too soon, or twice: both are harmless.
      this.#wakesAt.delete(node)
      if (!node.isDown) due.push(node)
    }
    for (const node of due) {
      node.dht.advance(this.now)
      this.pump(node)
    }
  }

  #deliver(): void {
    for (;;) {
      const delivery = this.#deliveries.takeDue(this.now)
      if (delivery === undefined) return
      const { to, from, bytes } = delivery
      const name = to.toString()
      this.#receivers.get(name)?.(bytes, from)
      const node = this.#byAddress.get(name)
      if (node === undefined || node.isDown) continue
      node.dht.receive(bytes, from, this.now)
      this.pump(node)
    }
  }
}
