// SPDX-License-Identifier: MIT
// Many node processes in a lossy network: starts them, has operations done at a given concurrency,
// kills some. Every phase gives one row, with the CPU time that all nodes used in it and how busy
// the machine was, so that it shows when processors and not the protocol set the figures.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row } from './benchmark.ts'
import { BENCH, cppProgram } from './context.ts'
import { shuffle } from './driver.ts'
import { LineNode, type Outcome } from './line-node.ts'
import { LossyNetwork } from './lossy-network.ts'
import { quantileOf } from './statistics.ts'

const PORT = '4222'
const VALUE_BYTES = 100
const OPERATION_TIMEOUT_MS = 60_000
/** Between two that enter, so that they do not all ask the first node at once. */
const ENTER_GAP_MS = 20
/** Good nodes that make a table good enough, at most this part of all, and how often is looked. */
const WANTED_GOOD = 8
const WANTED_PART = 1 / 4
const LOOK_MS = 250
const JOIN_TIMEOUT_MS = 60_000
/** Nodes of ours among C++ nodes; none of them is the one that all start with. */
const OURS_IN_MIXED = 4

export interface ChurnOptions {
  readonly count: number
  readonly makeup: 'ours' | 'cpp' | 'mixed'
  readonly link: { readonly delayMs: number; readonly lossPercent: number }
  readonly concurrency: number
  readonly usesSources: boolean
}

/** A key, and who puts the value under it. */
export interface PlacedKey {
  readonly key: string
  readonly owner: LineNode
}

export class ChurnNetwork {
  readonly #options: ChurnOptions
  readonly #network: LossyNetwork
  #nodes: LineNode[] = []
  /** Nodes that are asked for operations. */
  #asked: LineNode[] = []
  #usage: Usage

  private constructor(options: ChurnOptions, network: LossyNetwork) {
    this.#options = options
    this.#network = network
    this.#usage = this.#measure()
  }

  /**
   * All processes run and have bound their sockets, but do not know each other: what the machine
   * needs to start them is no part of what it takes to join.
   */
  static async start(options: ChurnOptions): Promise<ChurnNetwork> {
    const network = await LossyNetwork.open(options.count, options.link)
    const churn = new ChurnNetwork(options, network)
    try {
      await churn.#startNodes()
      return churn
    } catch (error) {
      await churn.close()
      throw error
    }
  }

  /**
   * Has all nodes enter, until every one knows some good ones; the figures are those of the nodes
   * that are asked. In a mixed network with loss these have joined long before the others.
   */
  async join(row: string): Promise<Row> {
    await this.#enter()
    const wanted = Math.min(WANTED_GOOD, Math.ceil(this.#nodes.length * WANTED_PART))
    const others = this.#nodes.filter((node) => !this.#asked.includes(node))
    const othersJoined = Promise.all(others.map((node) => whenGood(node, wanted)))
    const joined = await Promise.all(this.#asked.map((node) => whenGood(node, wanted)))
    await othersJoined
    const after = (times: readonly number[]): number[] =>
      times.map((at, i) => at - this.#asked[i]!.enteredAt)
    const joinMs = after(joined.map(({ joinedAt }) => joinedAt))
    return {
      row,
      connectedS: Math.max(...after(joined.map(({ connectedAt }) => connectedAt))) / 1000,
      joinS: Math.max(...joinMs) / 1000,
      joinP50S: quantileOf(joinMs, 0.5) / 1000,
      ...this.#costs(this.#nodes.length),
    }
  }

  chooseKeys(count: number): PlacedKey[] {
    return Array.from({ length: count }, () => ({
      key: Array.from({ length: 40 }, () => Math.floor(Math.random() * 16).toString(16)).join(''),
      owner: oneOf(this.#asked),
    }))
  }

  async put(row: string, keys: readonly PlacedKey[]): Promise<Row> {
    return this.#phase(row, keys, ({ key, owner }) =>
      owner.put(key, VALUE_BYTES, OPERATION_TIMEOUT_MS),
    )
  }

  /** Each from a node that did not put it. */
  async get(row: string, keys: readonly PlacedKey[]): Promise<Row> {
    return this.#phase(row, keys, ({ key, owner }) =>
      oneOf(this.#asked.filter((node) => node !== owner)).get(key, OPERATION_TIMEOUT_MS),
    )
  }

  /**
   * That part of all processes, at once; never the one that all started with, and in a mixed
   * network none that is asked.
   */
  async kill(part: number): Promise<void> {
    const { makeup } = this.#options
    const mortal = this.#nodes
      .slice(1)
      .filter((node) => makeup !== 'mixed' || !this.#asked.includes(node))
    shuffle(mortal)
    const killed = new Set(mortal.slice(0, Math.round(part * this.#nodes.length)))
    await Promise.all([...killed].map((node) => node.kill()))
    this.#nodes = this.#nodes.filter((node) => !killed.has(node))
    this.#asked = this.#asked.filter((node) => !killed.has(node))
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()))
    await this.#network.close()
  }

  async #startNodes(): Promise<void> {
    const { makeup, count } = this.#options
    const every = Math.floor(count / OURS_IN_MIXED)
    for (const [i, address] of this.#network.addresses.entries()) {
      const isOurs = makeup === 'ours' || (makeup === 'mixed' && i % every === every - 1)
      const node = this.#startNode(isOurs, address)
      this.#nodes.push(node)
      if (makeup !== 'mixed' || isOurs) this.#asked.push(node)
    }
    await Promise.all(this.#nodes.map((node) => node.whenReady()))
  }

  async #enter(): Promise<void> {
    this.#usage = this.#measure()
    const [first, ...others] = this.#nodes
    first!.enter(undefined)
    for (const node of others) {
      node.enter({ address: first!.address, port: PORT })
      await sleep(ENTER_GAP_MS)
    }
  }

  #startNode(isOurs: boolean, address: string): LineNode {
    const program = isOurs
      ? [process.execPath, '--no-warnings', join(BENCH, 'linenode')]
      : [cppProgram('linenode')]
    const command = [...this.#network.prefix, ...program, address, PORT]
    const env = { OPENDHT_BENCH_SOURCE: this.#options.usesSources ? '1' : '' }
    return new LineNode(command, address, env)
  }

  async #phase<T>(row: string, items: readonly T[], operate: (item: T) => Promise<Outcome>) {
    this.#usage = this.#measure()
    const outcomes: Outcome[] = []
    const left = [...items]
    const worker = async (): Promise<void> => {
      for (let item = left.pop(); item !== undefined; item = left.pop()) {
        outcomes.push(await operate(item))
      }
    }
    await Promise.all(Array.from({ length: this.#options.concurrency }, worker))
    const done = outcomes.map(({ doneMs }) => doneMs)
    const firsts = outcomes.flatMap(({ firstMs }) => (firstMs === undefined ? [] : [firstMs]))
    return {
      row,
      p50Ms: quantileOf(done, 0.5),
      p99Ms: quantileOf(done, 0.99),
      ...(firsts.length === 0
        ? {}
        : { firstP50Ms: quantileOf(firsts, 0.5), firstP99Ms: quantileOf(firsts, 0.99) }),
      success: (100 * outcomes.filter(({ isOk }) => isOk).length) / outcomes.length,
      ...this.#costs(outcomes.length),
    }
  }

  /** Since the last call of `#measure`, or since the start. */
  #costs(operations: number): { cpuMs: number; busy: number; seconds: number } {
    const { cpuMs, busyMs, totalMs, at } = this.#usage
    const now = this.#measure()
    return {
      cpuMs: (now.cpuMs - cpuMs) / operations,
      busy: (100 * (now.busyMs - busyMs)) / Math.max(1, now.totalMs - totalMs),
      seconds: (now.at - at) / 1000,
    }
  }

  #measure(): Usage {
    const cpuMs = this.#nodes.reduce((sum, node) => sum + node.cpuMs, 0)
    return { cpuMs, ...machineTimes(), at: performance.now() }
  }
}

interface Usage {
  /** Of all nodes that live. */
  readonly cpuMs: number
  /** Of all processors. */
  readonly busyMs: number
  readonly totalMs: number
  readonly at: number
}

/**
 * When the node knew a good one, and when so many, or when it was given up: some C++ nodes never
 * do.
 */
async function whenGood(
  node: LineNode,
  wanted: number,
): Promise<{ connectedAt: number; joinedAt: number }> {
  const end = performance.now() + JOIN_TIMEOUT_MS
  let connectedAt: number | undefined
  while (performance.now() < end) {
    const good = await node.countGood()
    if (good > 0) connectedAt ??= performance.now()
    if (good >= wanted) return { connectedAt: connectedAt ?? end, joinedAt: performance.now() }
    await sleep(LOOK_MS)
  }
  return { connectedAt: connectedAt ?? end, joinedAt: end }
}

function machineTimes(): { busyMs: number; totalMs: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const times = line.trim().split(/\s+/).slice(1, 9).map(Number)
  const total = times.reduce((sum, it) => sum + it, 0)
  const idle = (times[3] ?? 0) + (times[4] ?? 0)
  return { busyMs: (total - idle) * 10, totalMs: total * 10 }
}

function oneOf<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)]!
}
