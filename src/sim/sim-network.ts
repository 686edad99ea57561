// SPDX-License-Identifier: MIT
// A whole network in one process: nodes with the unchanged engine, links between them, and virtual
// time. Everything follows from the seed. See docs/simulator.md.

import type { InfoHash } from '../core/id/info-hash.ts'
import { SocketAddress } from '../core/id/socket-address.ts'
import { Outbox } from '../core/net/outbox.ts'
import { privateAddress, publicAddress } from './addresses.ts'
import { LineQueue } from './bandwidth.ts'
import type { Checker } from './checker.ts'
import { type Churn, type ChurnOptions, startChurn } from './churn.ts'
import { type ClosestOptions, closestNodes } from './closest.ts'
import { type CutOptions, type Fault, Faults, type NodeSet } from './faults.ts'
import { type Link, type LinkOptions, resolveLink } from './link.ts'
import { Machine, type World } from './machine.ts'
import { Medium } from './medium.ts'
import { Nat, type NatKind, type NatOptions } from './nat.ts'
import { NodeClock } from './node-clock.ts'
import type { SimObserver } from './observer.ts'
import { Recorder, type TraceSink } from './recorder.ts'
import { checkSeed, defaultSeed, SimError, type SimErrorPlace, toSimError } from './sim-error.ts'
import { SimNode } from './sim-node.ts'
import type { SimNetworkOptions, SimNodeOptions, UntilOptions } from './sim-options.ts'
import { SimRandom } from './sim-random.ts'
import type { DropReason } from './trace.ts'
import { type TimeHost, VirtualTime } from './virtual-time.ts'

const DEFAULT_WALL_OFFSET_MS = 1_700_000_000_000
const DEFAULT_MAX_PACKETS = 2_000_000
const DEFAULT_TIMEOUT_MS = 60_000
const DEFAULT_POLL_MS = 10

/** A NAT that nodes can share. */
export type SimNat = Nat<Machine>

/** What became of the datagrams of a network. */
export interface SimStats {
  readonly sent: number
  readonly delivered: number
  readonly bytes: number
  readonly inFlight: number
  readonly dropped: Readonly<Record<DropReason, number>>
}

export class SimNetwork implements TimeHost, AsyncDisposable {
  readonly seed: number
  /** Every node that was added and not closed. */
  readonly nodes: SimNode[] = []
  /** For the test itself: drawing from it does not change what the network does. */
  readonly random: SimRandom
  /** Where nodes enter that do not say otherwise; default the first node. */
  bootstrap: readonly (SimNode | SocketAddress)[] = []
  readonly #options: SimNetworkOptions
  readonly #time: VirtualTime
  readonly #recorder: Recorder
  readonly #faults: Faults<SimNode>
  readonly #medium: Medium
  readonly #world: World
  readonly #checkers: Checker[] = []
  #nodeCount = 0
  #hostCount = 0
  #failure: SimError | undefined

  constructor(options: SimNetworkOptions = {}) {
    this.#options = options
    this.seed = options.seed === undefined ? defaultSeed() : checkSeed(options.seed)
    const random = new SimRandom(this.seed)
    this.random = random.fork('test')
    this.#time = new VirtualTime(this)
    this.#recorder = new Recorder(() => this.#time.now, options.onTrace)
    this.#faults = new Faults((record, isActive) => this.#recorder.onFault(record, isActive))
    this.#medium = new Medium({
      time: this.#time,
      random: random.fork('medium'),
      faults: this.#faults,
      recorder: this.#recorder,
      link: options.link ?? {},
      maxPackets: options.maxPackets ?? DEFAULT_MAX_PACKETS,
    })
    this.#world = {
      time: this.#time,
      medium: this.#medium,
      recorder: this.#recorder,
      outbox: new Outbox(),
      random: random.fork('nodes'),
      wallOffsetMs: options.wallOffsetMs ?? DEFAULT_WALL_OFFSET_MS,
    }
  }

  // Nodes.

  addNode(options: SimNodeOptions = {}): SimNode {
    const { startAfterMs, bootstrap } = options
    const machine = this.#makeMachine(options, () => this.#entrances(bootstrap, machine))
    const node = new SimNode(machine, (removed) => this.#remove(removed))
    for (const address of machine.addresses) {
      if (machine.nat === undefined || address.family === 6) this.#medium.attach(address, machine)
    }
    this.nodes.push(node)
    this.#recorder.onNode(node, 'added')
    if (startAfterMs === undefined) node.restart()
    else this.schedule(startAfterMs, () => machine.hasStarted || node.restart())
    return node
  }

  /** `count` nodes, which start one after the other within `overMs`, by default at once. */
  addNodes(count: number, options: SimNodeOptions & { overMs?: number } = {}): SimNode[] {
    const { overMs, ...common } = options
    return Array.from({ length: count }, (_, i) => {
      const startAfterMs = overMs === undefined ? common.startAfterMs : (overMs * i) / count
      return this.addNode({ ...common, startAfterMs })
    })
  }

  /** A NAT that several nodes share, each with a port of its own. */
  addNat(options: NatKind | NatOptions): SimNat {
    const init = typeof options === 'string' ? { kind: options } : options
    const address = init.address ?? publicAddress(4, this.#hostCount++)
    const nat: SimNat = new Nat(init, address.withPort(0), this.#world.random.fork('nat'))
    this.#medium.attachNat(nat)
    return nat
  }

  /** Nodes that run. */
  get upNodes(): SimNode[] {
    return this.nodes.filter(({ isUp }) => isUp)
  }

  nodeAt(address: SocketAddress): SimNode | undefined {
    return this.nodes.find(({ addresses }) => addresses.some((own) => own.equals(address)))
  }

  /**
   * The running nodes closest to `key`, closest first, without client nodes: eight, of those that
   * are accepted.
   */
  closest(key: InfoHash, options: ClosestOptions = {}): SimNode[] {
    return closestNodes(this.nodes, key, options)
  }

  // Links and faults.

  /** What lies between two nodes unless a more specific link does. */
  get link(): Link {
    return this.#medium.link
  }

  /** Changes the default link; fields that are left out stay as they are. */
  setDefaultLink(options: LinkOptions): void {
    this.#medium.link = resolveLink(options, this.#medium.link)
  }

  /**
   * The link between two nodes, or between two regions, which may be the same. Fields that are left
   * out are as in the default link at this moment. The most specific link counts: of the pair, of
   * the sender, of the receiver, of the regions.
   */
  setLink(
    a: SimNode | string,
    b: SimNode | string,
    options: LinkOptions & { oneWay?: boolean },
  ): void {
    if (typeof a !== typeof b) throw new TypeError('A link is between two nodes or two regions')
    const [first, second] = [nameOf(a), nameOf(b)]
    this.#medium.setLink(first, second, options)
    if (options.oneWay !== true) this.#medium.setLink(second, first, options)
  }

  /** Nothing passes between the two sets. */
  cut(a: NodeSet<SimNode>, b: NodeSet<SimNode>, options: CutOptions = {}): Fault {
    return this.#faults.cut(a, b, options)
  }

  /** Nothing passes between `nodes` and all others. */
  isolate(nodes: readonly SimNode[], options: CutOptions = {}): Fault {
    const inside = new Set(nodes)
    return this.cut(nodes, (node) => !inside.has(node), options)
  }

  /** What passes between the two sets during the next `ms` arrives after that. */
  clog(a: NodeSet<SimNode>, b: NodeSet<SimNode>, ms: number): Fault {
    const fault = this.#faults.clog(a, b, this.now + ms)
    this.schedule(ms, () => fault.heal())
    return fault
  }

  /** Whether no fault is between two nodes, either way, in a family that both have. */
  canReach(a: SimNode, b: SimNode): boolean {
    return a.addresses.some(
      ({ family }) =>
        b.addresses.some((other) => other.family === family) &&
        !this.#faults.blocks(a, b, family) &&
        !this.#faults.blocks(b, a, family),
    )
  }

  /** Lets nodes come and go. */
  churn(options: ChurnOptions): Churn {
    return startChurn(this, options)
  }

  // Time.

  /** Virtual time in milliseconds, from 0. */
  get now(): number {
    return this.#time.now
  }

  /** What a right wall clock shows now. */
  get wallNow(): Date {
    return new Date(this.#world.wallOffsetMs + this.now)
  }

  /** Lets time pass. Application code runs whenever something happens that it waits for. */
  run(ms: number): Promise<void> {
    return this.#time.run(ms)
  }

  /**
   * Lets time pass without giving application code a turn: promises are settled, but nobody goes
   * on. For simulations that are driven by `schedule` and observers alone.
   */
  runSync(ms: number): void {
    this.#time.runSync(ms)
  }

  /**
   * Lets time pass until a promise is settled, and returns or throws what it was settled with; or
   * until a condition holds. Throws SimError when that takes longer than `timeoutMs`.
   */
  async until<T>(goal: PromiseLike<T>, options?: UntilOptions): Promise<T>
  async until(goal: () => boolean, options?: UntilOptions): Promise<void>
  async until<T>(goal: PromiseLike<T> | (() => boolean), options: UntilOptions = {}) {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, everyMs = DEFAULT_POLL_MS } = options
    const isReached =
      typeof goal === 'function'
        ? await this.#time.poll(goal, timeoutMs, everyMs)
        : await this.#time.await(goal, timeoutMs)
    if (!isReached) {
      const { what = typeof goal === 'function' ? 'a condition' : 'a promise' } = options
      throw this.#error(`Waited ${timeoutMs / 1000} s in vain for ${what}`)
    }
    return typeof goal === 'function' ? undefined : goal
  }

  /**
   * For application code: resolves after `ms` of virtual time. Does not let time pass by itself,
   * as `run` and `until` do.
   */
  sleep(ms: number): Promise<void> {
    return this.#time.sleep(ms)
  }

  /** Aborts after `ms` of virtual time, as AbortSignal.timeout does of real time. */
  abortAfter(ms: number): AbortSignal {
    const controller = new AbortController()
    const reason = `Aborted after ${ms} ms of virtual time`
    this.schedule(ms, () => controller.abort(new DOMException(reason, 'TimeoutError')))
    return controller.signal
  }

  /** Calls `action` after `ms`. Returns what prevents it. */
  schedule(ms: number, action: () => void): () => void {
    const job = this.#time.after(ms, action)
    return () => this.#time.wheel.cancel(job)
  }

  /** Holds time back until a promise of the real world, such as of a file, is settled. */
  hold<T>(promise: PromiseLike<T>): Promise<T> {
    return this.#time.hold(promise)
  }

  // Watching.

  /** 16 digits over everything that happened so far: same seed, same hash. */
  get traceHash(): string {
    return this.#recorder.hash.toString()
  }

  /** Gets a record of everything from now on; undefined for nobody. */
  set onTrace(sink: TraceSink | undefined) {
    this.#recorder.sink = sink
  }

  get stats(): SimStats {
    const { delivered, bytes, dropped } = this.#recorder
    const { sent, inFlight } = this.#medium
    return { sent, delivered, bytes, inFlight, dropped: { ...dropped } }
  }

  observe(observer: SimObserver): void {
    this.#recorder.add(observer)
  }

  /** From now on these rules have to hold; whatever breaks one ends `run` and `until`. */
  addCheckers(...checkers: readonly Checker[]): void {
    for (const checker of checkers) {
      this.#checkers.push(checker)
      this.#recorder.add(checker)
      checker.start?.(this)
      if (checker.check !== undefined && checker.everyMs !== undefined) this.#repeat(checker)
    }
  }

  /** What a checker found first. */
  get failure(): SimError | undefined {
    return this.#failure
  }

  /** The simulation is wrong: `run`, `until` and `finish` throw from now on. */
  fail(error: unknown): SimError {
    if (this.#failure !== undefined) return this.#failure
    const text = typeof error === 'string' ? error : undefined
    this.#failure = text === undefined ? toSimError(error, this.#place) : this.#error(text)
    this.#recorder.onFailure(this.#failure.text)
    return this.#failure
  }

  /** Lets checkers look at what they can only judge at the end. Throws what they find. */
  finish(): void {
    for (const checker of this.#checkers) checker.finish?.()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Closes every node. */
  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #place(): SimErrorPlace {
    return { seed: this.seed, nowMs: this.now, command: this.#options.command }
  }

  #error(text: string): SimError {
    return new SimError(text, this.#place)
  }

  #repeat(checker: Checker): void {
    this.schedule(checker.everyMs!, () => {
      checker.check!()
      this.#repeat(checker)
    })
  }

  #entrances(own: SimNodeOptions['bootstrap'], machine: Machine): SocketAddress[] {
    const standard = this.bootstrap.length > 0 ? this.bootstrap : this.nodes.slice(0, 1)
    const addresses = (own ?? standard).flatMap((entrance) =>
      entrance instanceof SocketAddress ? [entrance] : entrance.addresses,
    )
    return addresses.filter((address) => !machine.addresses.includes(address))
  }

  #makeMachine(options: SimNodeOptions, bootstrap: () => SocketAddress[]): Machine {
    const { addresses: given, region, nat, link, clock = {}, ports = {} } = options
    const { uplink = this.#options.uplink, downlink = this.#options.downlink } = options
    const families = options.families ?? given?.map(({ family }) => family) ?? [4]
    const index = this.#nodeCount++
    return new Machine({
      index,
      world: this.#world,
      config: { ...options, families },
      ports,
      addresses:
        given ??
        families.map((family) =>
          family === 4 && nat !== undefined
            ? privateAddress(index)
            : publicAddress(family, this.#hostCount++),
        ),
      region,
      nat: nat === undefined || nat instanceof Nat ? nat : this.addNat(nat),
      link: link && resolveLink(link, this.#medium.link),
      uplink: uplink && new LineQueue(uplink),
      downlink: downlink && new LineQueue(downlink),
      clock: new NodeClock(clock, this.now),
      bootstrap,
    })
  }

  #remove(node: SimNode): void {
    const place = this.nodes.indexOf(node)
    if (place >= 0) this.nodes.splice(place, 1)
    for (const address of node.addresses) this.#medium.detach(address)
  }
}

/** How the medium names an end of a link. */
function nameOf(end: SimNode | string): string {
  return typeof end === 'string' ? end : `#${end.index}`
}
