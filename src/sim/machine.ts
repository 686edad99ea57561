// SPDX-License-Identifier: MIT
// The host that one simulated node runs on: addresses, clock, lines, and the driver of the engine,
// which survives the engine. Does for virtual time what nodejs/driver.ts does for sockets.

import type { ClientHost } from '../api/operations.ts'
import type { DhtConfig } from '../core/config.ts'
import type { Dht } from '../core/dht.ts'
import type { DhtEvent } from '../core/events.ts'
import type { Family, SocketAddress } from '../core/id/socket-address.ts'
import type { Outbox } from '../core/net/outbox.ts'
import type { DhtPorts } from '../core/ports.ts'
import { Deadline } from '../core/util/timer-wheel.ts'
import type { LineQueue } from './bandwidth.ts'
import type { Link } from './link.ts'
import type { Medium } from './medium.ts'
import type { Nat } from './nat.ts'
import type { NodeClock } from './node-clock.ts'
import type { Recorder } from './recorder.ts'
import type { SimNode } from './sim-node.ts'
import type { SimRandom } from './sim-random.ts'
import type { VirtualTime } from './virtual-time.ts'
import { WatchedDht } from './watched-dht.ts'

/** The wall clock of an engine is set again when it is off by more than this, as by the runner. */
const WALL_TOLERANCE_MS = 100

/** What all machines of a network share. */
export interface World {
  readonly time: VirtualTime
  readonly medium: Medium
  readonly recorder: Recorder
  readonly outbox: Outbox
  readonly random: SimRandom
  /** Wall time at virtual time 0. */
  readonly wallOffsetMs: number
}

export interface MachineInit {
  readonly index: number
  readonly world: World
  readonly config: DhtConfig
  readonly ports: Partial<DhtPorts>
  readonly addresses: readonly SocketAddress[]
  readonly region: string | undefined
  readonly nat: Nat<Machine> | undefined
  readonly link: Link | undefined
  readonly uplink: LineQueue | undefined
  readonly downlink: LineQueue | undefined
  readonly clock: NodeClock
  /** Where the network is entered, asked whenever the engine wants to know. */
  readonly bootstrap: () => readonly SocketAddress[]
}

export class Machine implements ClientHost {
  readonly index: number
  readonly world: World
  readonly config: DhtConfig
  readonly addresses: readonly SocketAddress[]
  readonly region: string | undefined
  readonly nat: Nat<Machine> | undefined
  readonly clock: NodeClock
  link: Link | undefined
  uplink: LineQueue | undefined
  downlink: LineQueue | undefined
  node!: SimNode
  /** Hears and does something. */
  isUp = false
  /** Its engine is there, but does nothing. */
  isPaused = false
  /** Sees what arrives before the engine does; true keeps it from the engine. */
  onDatagram: ((bytes: Uint8Array, from: SocketAddress) => boolean) | undefined
  readonly #ports: Partial<DhtPorts>
  readonly #bootstrap: () => readonly SocketAddress[]
  readonly #wakeup: Wakeup
  #dht: Dht | undefined
  #starts = 0
  #wallOffsetMs = 0
  #isSettling = false
  #isUnsettled = false

  constructor(init: MachineInit) {
    this.index = init.index
    this.world = init.world
    this.config = init.config
    this.addresses = init.addresses
    this.region = init.region
    this.nat = init.nat
    this.link = init.link
    this.uplink = init.uplink
    this.downlink = init.downlink
    this.clock = init.clock
    this.#ports = init.ports
    this.#bootstrap = init.bootstrap
    this.#wakeup = new Wakeup(this)
  }

  get hasStarted(): boolean {
    return this.#dht !== undefined
  }

  get dht(): Dht {
    if (this.#dht === undefined) throw new Error(`Node ${this.index} has not been started yet`)
    return this.#dht
  }

  addressOf(family: Family): SocketAddress | undefined {
    const [first, second] = this.addresses
    return first?.family === family ? first : second
  }

  now(): number {
    return this.clock.at(this.world.time.now)
  }

  /** A new engine, with the state of an earlier one if there is any. */
  start(config: DhtConfig, state: Uint8Array | undefined): void {
    const { random, outbox, recorder } = this.world
    const { node } = this
    const ports = { ...this.#ports, random: random.fork(`${this.index} ${++this.#starts}`), outbox }
    const watch = {
      onStart: recorder.onStart.bind(recorder, node),
      onCancel: recorder.onCancel.bind(recorder, node),
      onCancelPut: recorder.onCancelPut.bind(recorder, node),
    }
    const now = this.now()
    this.#dht = new WatchedDht({ config, ports, now, watch })
    // As every new engine does, until it is told.
    this.#wallOffsetMs = 0
    this.#setWallClock()
    this.isUp = true
    recorder.onNode(node, 'up')
    if (state !== undefined) this.#dht.importState(state, now)
    this.#dht.bootstrap(this.#bootstrap(), now)
    this.kick()
  }

  /** The engine ends without a word to anybody; its operations end with outcome `closed`. */
  stop(): void {
    this.isUp = false
    this.isPaused = false
    this.world.time.wheel.cancel(this.#wakeup)
    if (this.#dht === undefined) return
    this.#dht.close()
    this.world.outbox.clear()
    this.#dispatch()
  }

  /** Neither hears nor does anything until `resume`: its process is stopped. */
  pause(): void {
    this.isUp = false
    this.isPaused = true
    this.world.time.wheel.cancel(this.#wakeup)
  }

  resume(): void {
    this.isUp = true
    this.isPaused = false
    this.onWakeup()
  }

  /** A datagram that the engine knows nothing of. */
  send(bytes: Uint8Array, to: SocketAddress): void {
    if (this.isUp) this.world.medium.send(this, bytes, to)
  }

  receive(bytes: Uint8Array, from: SocketAddress): void {
    if (this.onDatagram?.(bytes, from) === true) return
    this.dht.receive(bytes, from, this.now())
    this.kick()
  }

  onWakeup(): void {
    if (!this.isUp) return
    this.dht.advance(this.now())
    this.kick()
  }

  kick(): void {
    this.#isUnsettled = true
    // Whoever is settling already sees to it.
    if (this.#isSettling) return
    this.#isSettling = true
    try {
      while (this.#isUnsettled) {
        this.#isUnsettled = false
        this.#setWallClock()
        this.#flush()
        this.#dispatch()
      }
    } finally {
      this.#isSettling = false
      this.#arm()
    }
  }

  #flush(): void {
    const { outbox, medium } = this.world
    if (outbox.count === 0) return
    for (let i = 0; i < outbox.count && this.isUp; i++) {
      medium.send(this, outbox.datagram(i), outbox.destination(i))
    }
    outbox.clear()
  }

  #dispatch(): void {
    const events = this.dht.takeEvents()
    if (events.length === 0) return
    const { recorder, time } = this.world
    for (const event of events) {
      recorder.onEvent(this.node, event)
      if (event.kind !== 'bootstrap-wanted') time.isDirty = true
    }
    this.node.dispatch(events)
    if (this.isUp && events.some(isBootstrapWanted)) this.#enter()
  }

  #enter(): void {
    this.dht.bootstrap(this.#bootstrap(), this.now())
    this.#isUnsettled = true
  }

  #arm(): void {
    if (!this.isUp) return
    const next = this.dht.nextWakeup()
    if (next === undefined) return
    const at = this.clock.timeOf(next)
    // An early one finds nothing to do and is set anew.
    const wakeup = this.#wakeup
    if (!wakeup.isScheduled || at < wakeup.at) this.world.time.wheel.schedule(wakeup, at)
  }

  #setWallClock(): void {
    const { time, wallOffsetMs } = this.world
    const offsetMs = wallOffsetMs + time.now + this.clock.wallErrorMs - this.now()
    if (Math.abs(offsetMs - this.#wallOffsetMs) <= WALL_TOLERANCE_MS) return
    this.#wallOffsetMs = offsetMs
    this.dht.syncWallClock(offsetMs)
  }
}

function isBootstrapWanted({ kind }: DhtEvent): boolean {
  return kind === 'bootstrap-wanted'
}

/** The one timer of a machine. */
class Wakeup extends Deadline {
  readonly #machine: Machine
  constructor(machine: Machine) {
    super()
    this.#machine = machine
  }
  override fire(): void {
    this.#machine.onWakeup()
  }
}
