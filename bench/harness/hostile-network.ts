// SPDX-License-Identifier: MIT
// A few nodes with all their limits, each in an IPv4 /24 of its own, as limits are by address and
// prefix: in a network namespace where every address of 198.18.0.0/15, which is reserved for
// measurements, is ours. Nobody but these nodes can be reached from there. Needs root.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type VirtualHost, VirtualNetwork } from '../../test/support/netns.ts'
import type { Row, Subject } from './benchmark.ts'
import { BENCH, type Context, cppProgram } from './context.ts'
import { LineNode, type Outcome } from './line-node.ts'
import { buildLoadGenerator } from './load.ts'
import { type DriverOptions, Program } from './program.ts'
import { quantileOf } from './statistics.ts'

export const PORT = '4222'
const RANGE = '198.18.0.0/15'
const VALUE_BYTES = 100
const OPERATION_TIMEOUT_MS = 30_000
const JOIN_TIMEOUT_MS = 60_000
const ATTACK_TIMEOUT_MS = 60_000
const LOOK_MS = 100
/** For a flood to begin. */
const FLOOD_WARM_MS = 1000

export interface Flood {
  readonly kind: 'junk' | 'get'
  readonly perSecond: number
  /** Addresses of one /24 that send it. */
  readonly sources: number
}

/** What an attack needs beside the attacker. */
export interface Setting {
  /** Peers that the node is told of: those at the first addresses of `bench/attacker`. */
  readonly introduced: number
  /** Ports of `introduced + 1`, the liar, that it is told of as well. */
  readonly extra?: readonly { readonly address: string; readonly port: string }[]
}

export type Look = (node: LineNode) => Promise<Record<string, number>>

export class HostileNetwork implements AsyncDisposable {
  readonly nodes: LineNode[] = []
  readonly #network: VirtualNetwork
  readonly #host: VirtualHost
  readonly #subject: Subject
  readonly #context: Context
  #keys: string[] = []

  private constructor(subject: Subject, context: Context) {
    this.#network = new VirtualNetwork()
    this.#host = this.#network.addHost()
    this.#subject = subject
    this.#context = context
  }

  /** With `count` nodes that know each other; if `isUnlimited`, without limits of requests. */
  static async open(
    subject: Subject,
    context: Context,
    count: number,
    isUnlimited = false,
  ): Promise<HostileNetwork> {
    buildLoadGenerator()
    const network = new HostileNetwork(subject, context)
    try {
      network.#run(['ip', 'route', 'add', 'local', RANGE, 'dev', 'lo'])
      for (let i = 1; i <= count; i++) network.#startNode(honestAddress(i), isUnlimited)
      await Promise.all(network.nodes.map((node) => node.whenReady()))
      if (count > 1) await network.#join()
      return network
    } catch (error) {
      await network[Symbol.asyncDispose]()
      throw error
    }
  }

  /** What to put before a command to run it inside. */
  get prefix(): readonly string[] {
    return this.#host.prefix
  }

  /** One put and then one get of each key, by all nodes in turn, at a fixed rate. */
  async use(name: string, perSecond: number, seconds: number): Promise<Row[]> {
    const count = Math.ceil(perSecond * seconds)
    const each = (i: number): LineNode => this.nodes[i % this.nodes.length]!
    this.#keys = Array.from({ length: count }, () => randomKey())
    const puts = await this.#paced(perSecond, (key, i) =>
      each(i).put(key, VALUE_BYTES, OPERATION_TIMEOUT_MS),
    )
    const gets = await this.#paced(perSecond, (key, i) =>
      each(3 * i + 1).get(key, OPERATION_TIMEOUT_MS),
    )
    return [rowOf(`${name}: put`, puts), rowOf(`${name}: get`, gets)]
  }

  /** Floods the first node from one address while `act` goes on. */
  async flooded(flood: Flood, seconds: number, act: () => Promise<Row[]>) {
    const { kind, perSecond, sources } = flood
    const [victim] = this.nodes
    const options = { rate: perSecond, socks: sources, srcips: sources, warm: 0, noanswer: 1 }
    const flooder = this.load(kind, seconds, 60_000, options)
    try {
      const sent = flooder.expect((seconds + 30) * 1000)
      await sleep(FLOOD_WARM_MS)
      const cpuMs = victim!.cpuMs
      const since = performance.now()
      const rows = await act()
      const cpu = (100 * (victim!.cpuMs - cpuMs)) / (performance.now() - since)
      await flooder.stop()
      await sent.catch(() => undefined)
      return rows.map((row) => ({ ...row, cpu }))
    } finally {
      await flooder.stop()
    }
  }

  /** Requests to the first node, from 198.19.0.1 on. */
  load(kind: string, seconds: number, outstanding: number, options: DriverOptions): Program {
    const all = Object.entries({ from: '198.19.0.1', ...options }).map((it) => it.join('='))
    const target = [this.nodes[0]!.address, PORT, `${seconds}`, kind, `${outstanding}`]
    return new Program([...this.prefix, join(BENCH, 'build/udpload'), ...target, ...all], 'udpload')
  }

  /** One attack of `bench/attacker` on the first node; `look` runs before the attacker goes. */
  async attack(name: string, { introduced, extra = [] }: Setting, look?: Look): Promise<Row> {
    const [node] = this.nodes
    const attacker = join(BENCH, 'attacker/main.ts')
    const command = [process.execPath, '--no-warnings', attacker, name, node!.address, PORT]
    const program = new Program([...this.prefix, ...command], name)
    try {
      await program.expect(ATTACK_TIMEOUT_MS)
      for (let n = 1; n <= introduced; n++) node!.enter({ address: `198.19.${n}.1`, port: PORT })
      for (const entry of extra) node!.enter(entry)
      program.send('go')
      const row = await program.expect(ATTACK_TIMEOUT_MS)
      return { ...row, ...(await look?.(node!)) }
    } finally {
      await program.stop()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
    this.#network.close()
  }

  #startNode(address: string, isUnlimited: boolean): void {
    const { kind } = this.#subject
    const program =
      kind === 'cpp'
        ? [cppProgram('linenode')]
        : [process.execPath, '--no-warnings', join(BENCH, 'linenode')]
    const source = this.#context.usesSources ? '1' : ''
    const limits = isUnlimited ? '' : '1'
    const env = { OPENDHT_BENCH_LIMITS: limits, OPENDHT_BENCH_SOURCE: source }
    this.nodes.push(new LineNode([...this.prefix, ...program, address, PORT], address, env))
  }

  async #join(): Promise<void> {
    const [first, ...others] = this.nodes
    first!.enter(undefined)
    for (const node of others) node.enter({ address: first!.address, port: PORT })
    // C++ nodes of a small network know no more for minutes.
    const end = performance.now() + JOIN_TIMEOUT_MS
    for (const node of this.nodes) {
      while ((await node.countGood()) === 0) {
        if (performance.now() > end) throw new Error('the nodes did not find each other')
        await sleep(LOOK_MS)
      }
    }
  }

  /** Starts an operation for each key at its time, whatever became of those before. */
  async #paced(perSecond: number, operate: (key: string, i: number) => Promise<Outcome>) {
    const start = performance.now()
    return Promise.all(
      this.#keys.map(async (key, i) => {
        await sleep(Math.max(0, start + (i * 1000) / perSecond - performance.now()))
        return operate(key, i)
      }),
    )
  }

  #run(command: readonly string[]): void {
    const { status, stderr, error } = this.#host.run(command)
    if (status !== 0) throw new Error(`${command[0]} failed: ${stderr || error?.message}`)
  }
}

/** Each in a network of its own. */
function honestAddress(i: number): string {
  return `198.18.${i}.1`
}

function rowOf(row: string, outcomes: readonly Outcome[]): Row {
  const done = outcomes.map(({ doneMs }) => doneMs)
  return {
    row,
    success: (100 * outcomes.filter(({ isOk }) => isOk).length) / outcomes.length,
    p50Ms: quantileOf(done, 0.5),
    p99Ms: quantileOf(done, 0.99),
  }
}

function randomKey(): string {
  return Array.from({ length: 40 }, () => Math.floor(Math.random() * 16).toString(16)).join('')
}
