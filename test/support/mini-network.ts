// SPDX-License-Identifier: MIT
// A small deterministic network of engines in one process: virtual time, constant delay, optional
// loss. For tests of the engine; no sockets.

import type { DhtConfig } from '../../src/core/config.ts'
import { Dht } from '../../src/core/dht.ts'
import type { DhtEvent, Outcome } from '../../src/core/events.ts'
import { SocketAddress } from '../../src/core/id/socket-address.ts'
import type { DhtPorts, Random } from '../../src/core/ports.ts'

/** Small fast generator (mulberry32); streams are forked by label. */
export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }

  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.uint32()
  }

  fork(label: string): Random {
    let seed = this.uint32()
    for (const char of label) seed = Math.imul(seed ^ char.charCodeAt(0), 0x01000193)
    return new SeededRandom(seed)
  }
}

interface Delivery {
  readonly at: number
  readonly to: SocketAddress
  readonly from: SocketAddress
  readonly bytes: Uint8Array
}

export interface MiniNode {
  readonly dht: Dht
  readonly address: SocketAddress
  readonly addresses: readonly SocketAddress[]
  readonly events: DhtEvent[]
  isDown: boolean
}

export class MiniNetwork {
  now = 1000
  /** Datagrams are lost with this probability. */
  loss = 0
  delayMs = 5
  /** Called with every datagram that is sent. */
  onSend: ((bytes: Uint8Array, from: SocketAddress, to: SocketAddress) => void) | undefined
  readonly nodes: MiniNode[] = []
  readonly #random: SeededRandom
  readonly #byAddress = new Map<string, MiniNode>()
  #queue: Delivery[] = []

  constructor(seed = 1) {
    this.#random = new SeededRandom(seed)
  }

  /** Adds a node with an address of its own in each of its families. */
  add(config: DhtConfig = {}, ports: Partial<DhtPorts> = {}): MiniNode {
    const n = this.nodes.length + 1
    const families = config.families ?? [4]
    const addresses = families.map((family) =>
      family === 4
        ? SocketAddress.v4((10 << 24) | (n << 8) | 1, 4222)
        : SocketAddress.v6(0x20010db8, 0, n, 1, 4222),
    )
    const random = this.#random.fork(`node ${n}`)
    const dht = new Dht({ ...config, families }, { random, ...ports }, this.now)
    dht.syncWallClock(1_700_000_000_000)
    const node: MiniNode = { dht, address: addresses[0]!, addresses, events: [], isDown: false }
    this.nodes.push(node)
    for (const address of addresses) this.#byAddress.set(address.toString(), node)
    return node
  }

  /** Sends what the node has to send and collects its events; call after using `node.dht`. */
  pump(node: MiniNode): void {
    const { outbox } = node.dht
    for (let i = 0; i < outbox.count; i++) {
      const to = outbox.destination(i)
      const from = node.addresses.find(({ family }) => family === to.family)
      const bytes = new Uint8Array(outbox.datagram(i))
      if (from === undefined) continue
      this.onSend?.(bytes, from, to)
      if (this.#random.uint32() / 2 ** 32 < this.loss) continue
      this.#queue.push({ at: this.now + this.delayMs, to, from, bytes })
    }
    outbox.clear()
    node.events.push(...node.dht.takeEvents())
  }

  /** Lets time pass. */
  run(ms: number): void {
    const end = this.now + ms
    for (const node of this.nodes) this.pump(node)
    for (;;) {
      const next = this.#nextTime()
      if (next > end) break
      this.now = Math.max(this.now, next)
      this.#deliver()
      for (const node of this.nodes) {
        if (node.isDown) continue
        const wakeup = node.dht.nextWakeup()
        if (wakeup !== undefined && wakeup <= this.now) {
          node.dht.advance(this.now)
          this.pump(node)
        }
      }
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
    for (const node of others) {
      node.dht.bootstrap(first!.addresses, this.now)
      this.pump(node)
    }
    this.run(settleMs)
  }

  #nextTime(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { at } of this.#queue) next = Math.min(next, at)
    for (const node of this.nodes) {
      if (!node.isDown) next = Math.min(next, node.dht.nextWakeup() ?? Number.POSITIVE_INFINITY)
    }
    return next
  }

  #deliver(): void {
    const due = this.#queue.filter(({ at }) => at <= this.now)
    this.#queue = this.#queue.filter(({ at }) => at > this.now)
    for (const { to, from, bytes } of due) {
      const node = this.#byAddress.get(to.toString())
      if (node === undefined || node.isDown) continue
      node.dht.receive(bytes, from, this.now)
      this.pump(node)
    }
  }
}
