// SPDX-License-Identifier: MIT
// Getting into the network, and back into it: while a family is not connected, asks the driver for
// the addresses of its bootstrap names and pings the nodes that were last heard of. Each family for
// itself; with growing, jittered pauses that end at minutes, so that a node never gives up.

import type { DhtEvent } from './events.ts'
import type { FamilyState } from './family-state.ts'
import type { SocketAddress } from './id/socket-address.ts'
import type { NetworkEngine } from './net/network-engine.ts'
import type { Node } from './net/node.ts'
import { QuietHandler, type RequestHandler } from './net/request.ts'
import type { Random } from './ports.ts'
import { Job } from './util/timer-wheel.ts'
import { Kind } from './wire/message.ts'

/** Before the first pings are given up: with loss, some nodes lose all of them. */
const FIRST_DELAY_MS = 2500
const MAX_DELAY_MS = 4 * 60_000
/** Nodes of earlier times that are tried at each attempt: the latest, and some of all others. */
const RECENT_NODES = 8
const CHOSEN_NODES = 16

export interface BootstrapHost {
  readonly net: NetworkEngine
  readonly events: DhtEvent[]
  readonly families: readonly FamilyState[]
  /** A bootstrap ping ended: the status of `family` may be another now. */
  onPingEnded(family: FamilyState, now: number): void
}

export class Bootstrap {
  readonly #host: BootstrapHost
  readonly #random: Random
  readonly #job: Job
  #delayMs = FIRST_DELAY_MS
  /** The driver has names whose first attempt is not over. */
  hasPendingNames = false

  constructor(host: BootstrapHost, random: Random) {
    this.#host = host
    this.#random = random
    this.#job = new Job((now) => this.#attempt(now))
  }

  /** Starts, goes on or stops, as the status of the families demands. */
  onStatus(now: number): void {
    const isNeeded = this.#host.families.some(({ status }) => status !== 'connected')
    if (!isNeeded) {
      this.#host.net.wheel.cancel(this.#job)
      this.#delayMs = FIRST_DELAY_MS
    } else if (!this.#job.isScheduled) {
      this.#host.net.wheel.schedule(this.#job, now + 1)
    }
  }

  /** Tries at once, with short pauses again. */
  restart(now: number): void {
    this.#delayMs = FIRST_DELAY_MS
    this.#host.net.wheel.schedule(this.#job, now + 1)
  }

  /** Pings addresses whose nodes are not known; those of connected families are left alone. */
  contact(addresses: readonly SocketAddress[], now: number): void {
    this.hasPendingNames = false
    for (const address of addresses) {
      const family = this.#host.families.find((own) => own.family === address.family)
      if (family === undefined || family.status === 'connected') continue
      this.#ping(family, address, now)
    }
    for (const family of this.#host.families) this.#host.onPingEnded(family, now)
  }

  /** One ping with the usual repetitions; `handler` hears of the end. */
  ping(address: SocketAddress, handler: RequestHandler, now: number): boolean {
    const { net } = this.#host
    const request = net.requests.send(
      {
        kind: Kind.Ping,
        node: undefined,
        address,
        handler,
        encode: (writer, tid) => net.encoder.ping(writer, tid),
      },
      now,
    )
    return request !== undefined
  }

  close(): void {
    this.#host.net.wheel.cancel(this.#job)
  }

  #attempt(now: number): void {
    if (this.#host.families.every(({ status }) => status === 'connected')) return
    for (const family of this.#host.families) {
      if (family.status === 'connected') continue
      for (const node of this.#remembered(family)) this.#ping(family, node.address, now)
    }
    this.#host.events.push({ kind: 'bootstrap-wanted' })
    const jitter = this.#random.uint32() % (this.#delayMs / 4)
    this.#host.net.wheel.schedule(this.#job, now + this.#delayMs + jitter)
    this.#delayMs = Math.min(2 * this.#delayMs, MAX_DELAY_MS)
  }

  /**
   * Nodes to try: members of the table and the most recently active ones, and some others by
   * chance, others each time, since the former may all be gone for good.
   */
  #remembered(family: FamilyState): Node[] {
    const cache = this.#host.net.cache(family.family)
    const recent = new Set<Node>()
    for (const nodes of [family.table.nodes(), cache.newest()]) {
      for (const node of nodes) {
        if (recent.size >= RECENT_NODES) break
        if (isWorthATry(node)) recent.add(node)
      }
    }
    const chosen: Node[] = []
    let seen = 0
    for (const node of cache) {
      if (recent.has(node) || !isWorthATry(node)) continue
      // Reservoir sampling: every node has the same chance, however many there are.
      const place = seen++ < CHOSEN_NODES ? seen - 1 : this.#random.uint32() % seen
      if (place < CHOSEN_NODES) chosen[place] = node
    }
    return [...recent, ...chosen]
  }

  /** Asks an address, not a node: whoever answers there is welcome. */
  #ping(family: FamilyState, address: SocketAddress, now: number): void {
    family.hasAsked = true
    const handler = new BootstrapPing(this.#host, family)
    if (this.ping(address, handler, now)) family.pendingPings++
  }
}

function isWorthATry(node: Node): boolean {
  return !node.isClient && node.pendingRequests === 0
}

class BootstrapPing extends QuietHandler {
  readonly #host: BootstrapHost
  readonly #family: FamilyState

  constructor(host: BootstrapHost, family: FamilyState) {
    super()
    this.#host = host
    this.#family = family
  }

  override onReply(_request: unknown, _message: unknown, now: number): void {
    this.#end(now)
  }

  override onError(_request: unknown, _code: number, now: number): void {
    this.#end(now)
  }

  override onExpired(_request: unknown, now: number): void {
    this.#end(now)
  }

  #end(now: number): void {
    this.#family.pendingPings--
    this.#host.onPingEnded(this.#family, now)
  }
}
