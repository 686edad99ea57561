// SPDX-License-Identifier: MIT
// Tools that scenarios share: growing a network, putting and getting with a clock in the hand.

import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../src/core/value/query.ts'
import {
  DatagramSizeChecker,
  LimitChecker,
  OutcomeChecker,
  RoutingTableChecker,
  type SimNetwork,
  type SimNode,
  type SimNodeOptions,
} from '../../../src/sim/entry.ts'

export const SECOND_MS = 1000
export const MINUTE_MS = 60 * SECOND_MS

/**
 * Checkers that hold whatever happens; those of puts and listens are for the scenario to add. `mtu`
 * is for keys with so many values that a list of their ids is more than one packet.
 */
export function watch(network: SimNetwork, { mtu }: { mtu?: number } = {}): void {
  network.addCheckers(
    new RoutingTableChecker(),
    new DatagramSizeChecker(mtu),
    new OutcomeChecker(),
    new LimitChecker(),
  )
}

/** Adds nodes that join one after the other, and gives them time to find each other. */
export async function grow(
  network: SimNetwork,
  count: number,
  options: SimNodeOptions & { overMs?: number; settleMs?: number } = {},
): Promise<SimNode[]> {
  const { overMs = 10 * count, settleMs = 20_000, ...node } = options
  const nodes = network.addNodes(count, { ...node, overMs })
  await network.run(overMs + settleMs)
  return nodes
}

export function key(name: string): InfoHash {
  return InfoHash.get(name)
}

/** Listens from now on; who watches is a ListenChecker. */
export function listenTo(node: SimNode, name: string): void {
  node.use((dht, now) => dht.startListen(key(name), QUERY_ALL, now))
}

export function countConnected(nodes: readonly SimNode[]): number {
  return nodes.filter(({ isConnected }) => isConnected).length
}

/** Durations of what worked, and how often it did not. */
export class Tally {
  readonly #durations: number[] = []
  failed = 0
  lastError = ''

  get count(): number {
    return this.#durations.length + this.failed
  }

  get success(): number {
    return this.count === 0 ? 1 : this.#durations.length / this.count
  }

  /** Duration that `part` of those that worked did not exceed, in ms. */
  quantile(part: number): number {
    const sorted = this.#durations.toSorted((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  }

  get p50(): number {
    return this.quantile(0.5)
  }

  get p99(): number {
    return this.quantile(0.99)
  }

  get max(): number {
    return this.quantile(1)
  }

  ok(ms: number): void {
    this.#durations.push(ms)
  }

  fail(reason: unknown): void {
    this.failed++
    this.lastError = String(reason)
  }

  /** Times `action` on the clock of the network; false counts as a failure. */
  async time(network: SimNetwork, action: () => Promise<boolean>): Promise<boolean> {
    const startedAt = network.now
    try {
      const isOk = await action()
      if (isOk) this.ok(network.now - startedAt)
      else this.fail('wrong result')
      return isOk
    } catch (error) {
      this.fail(error)
      return false
    }
  }

  toString(): string {
    const percent = (100 * this.success).toFixed(1)
    return `${percent} % of ${this.count}, p50 ${this.p50} ms, p99 ${this.p99} ms`
  }
}

/** Puts and gets, each in a tally, and how many of the truly closest nodes the puts found. */
export class Probe {
  readonly puts = new Tally()
  readonly gets = new Tally()
  exact = 0
  wanted = 0
  readonly #targets: { readonly hash: InfoHash; readonly closest: readonly SimNode[] }[] = []
  readonly #network: SimNetwork

  constructor(network: SimNetwork) {
    this.#network = network
  }

  async put(writer: SimNode, name: string, permanent = false): Promise<boolean> {
    const network = this.#network
    const hash = key(name)
    return this.puts.time(network, async () => {
      const { nodes } = await writer.put(hash, name, { permanent })
      const found = new Set(nodes.map(({ id }) => id.toString()))
      const closest = network.closest(hash, { accepts: (node) => node !== writer })
      this.#targets.push({ hash, closest })
      for (const { id } of closest) {
        this.wanted++
        if (found.has(id.toString())) this.exact++
      }
      return true
    })
  }

  async get(reader: SimNode, name: string): Promise<boolean> {
    return this.gets.time(this.#network, async () => {
      const values = await reader.getAll(key(name))
      if (values.some(({ data }) => new TextDecoder().decode(data) === name)) return true
      throw new Error(`node ${reader.index} did not find ${key(name)} at ${this.#network.now} ms`)
    })
  }

  /** Part of the truly closest nodes that acknowledged the puts before these ended. */
  get exactness(): number {
    return this.wanted === 0 ? 1 : this.exact / this.wanted
  }

  /** Part of the nodes that were truly closest when a put ended that have its value now. */
  get reach(): number {
    let holders = 0
    for (const { hash, closest } of this.#targets) {
      const has = (node: SimNode): boolean => node.isUp && node.dht.localValues(hash).length > 0
      holders += closest.filter(has).length
    }
    return this.wanted === 0 ? 1 : holders / this.wanted
  }
}

/** Runs `count` tasks that start evenly spread over `overMs`, and waits for all of them. */
export async function spread(
  network: SimNetwork,
  count: number,
  overMs: number,
  task: (i: number) => Promise<unknown>,
): Promise<void> {
  const tasks = Array.from({ length: count }, async (_, i) => {
    await network.sleep((overMs * i) / count)
    await task(i)
  })
  const timeoutMs = overMs + 10 * MINUTE_MS
  await network.until(Promise.all(tasks), { timeoutMs, what: `${count} operations` })
}
