// SPDX-License-Identifier: MIT
// A node of a simulated network: the DhtInterface of an application, and what a test does to the
// host below it. A crash ends pending operations with ERR_DHT_CLOSED, as the engine is gone; after
// a restart the same object is the new node.

import { DhtClient } from '../api/dht-client.ts'
import type { OperationOptions } from '../api/dht-interface.ts'
import { pingAny } from '../api/ping.ts'
import type { Dht } from '../core/dht.ts'
import type { Family, SocketAddress } from '../core/id/socket-address.ts'
import { unpackState } from '../core/storage/state.ts'
import { LineQueue } from './bandwidth.ts'
import { type Bandwidth, type LinkOptions, resolveLink } from './link.ts'
import type { Machine } from './machine.ts'
import type { ClockOptions } from './node-clock.ts'

/** How a node comes back. */
export interface RestartOptions {
  /**
   * `saved` (default): with id, nodes and values of the last `saveState` or `stop`, if there was
   * one. `none`: as a new node, with a new id unless the configuration names one.
   */
  state?: 'saved' | 'none' | undefined
}

export class SimNode extends DhtClient {
  readonly #machine: Machine
  readonly #onRemoved: (node: SimNode) => void
  #savedState: Uint8Array | undefined

  /** Made by `SimNetwork.addNode`. */
  constructor(machine: Machine, onRemoved: (node: SimNode) => void) {
    super(machine)
    this.#machine = machine
    this.#onRemoved = onRemoved
    machine.node = this
  }

  /** Number in the order of creation, from 0. */
  get index(): number {
    return this.#machine.index
  }

  /** Own addresses; behind a NAT, others see another one. */
  get addresses(): readonly SocketAddress[] {
    return this.#machine.addresses
  }

  get address(): SocketAddress {
    return this.addresses[0]!
  }

  get region(): string | undefined {
    return this.#machine.region
  }

  /** It was started, and was not stopped, paused or crashed since. */
  get isUp(): boolean {
    return this.#machine.isUp
  }

  get isConnected(): boolean {
    return this.isUp && this.status().overall === 'connected'
  }

  /** The engine, to look at. Use it through `use`, so that what it sends is sent. */
  get dht(): Dht {
    return this.#machine.dht
  }

  /** Time of its own clock, in milliseconds. */
  get clockMs(): number {
    return this.#machine.now()
  }

  /** Uses the engine directly. Operations started so are reported to observers only. */
  use<T>(action: (dht: Dht, now: number) => T): T {
    return this.operations.run(action)
  }

  /** Sends a datagram past the engine, for nodes that misbehave. */
  send(bytes: Uint8Array, to: SocketAddress): void {
    this.#machine.send(bytes, to)
  }

  /**
   * Calls `handler` with what arrives, before the engine gets it; true keeps it from the engine.
   * The bytes are valid during the call.
   */
  intercept(handler: (bytes: Uint8Array, from: SocketAddress) => boolean): void {
    this.#machine.onDatagram = handler
  }

  /** Whether a node answers at `address`. */
  ping(address: SocketAddress, options: OperationOptions = {}): Promise<boolean> {
    this.checkOpen(() => `ping ${address}`)
    return pingAny(this.operations, [address], options.signal)
  }

  /** Tells the engine that the host got other addresses. */
  connectivityChanged(family?: Family): void {
    this.use((dht, now) => dht.connectivityChanged(now, family))
  }

  /** Keeps id, good nodes and values for a later restart, as a state file does. */
  saveState(): void {
    this.#savedState = this.dht.exportState(this.clockMs)
  }

  /** Ends in order, with its state saved. */
  stop(): void {
    if (!this.isUp && !this.#machine.isPaused) return
    this.saveState()
    this.crash()
  }

  /** Ends at once: peers are not told, and nothing is saved. */
  crash(): void {
    if (!this.isUp && !this.#machine.isPaused) return
    this.#machine.stop()
    this.operations.close()
    this.#machine.world.recorder.onNode(this, 'down')
  }

  /** Starts again after `crash`, `stop` or `pause`, or before `startAfterMs` have passed. */
  restart(options: RestartOptions = {}): void {
    if (this.isUp || this.isClosed) return
    // A process that is only paused ends first.
    this.crash()
    const { config } = this.#machine
    const state = options.state === 'none' ? undefined : this.#savedState
    const id = state === undefined ? config.id : unpackState(state).id
    this.#machine.start({ ...config, id }, state)
  }

  /** Its process is stopped: it hears and does nothing, and what it does not hear is lost. */
  pause(): void {
    if (!this.isUp) return
    this.#machine.pause()
    this.#machine.world.recorder.onNode(this, 'down')
  }

  /** Goes on after `pause`; what was due meanwhile is done at once. */
  resume(): void {
    if (!this.#machine.isPaused) return
    this.#machine.world.recorder.onNode(this, 'up')
    this.#machine.resume()
  }

  /** Makes its clocks wrong, or right again. */
  setClock(options: ClockOptions): void {
    this.#machine.clock.set(options, this.#machine.world.time.now)
    if (this.isUp) this.#machine.kick()
  }

  /** Its monotonic clock jumps ahead. */
  jumpClock(ms: number): void {
    this.#machine.clock.jump(ms)
    if (this.isUp) this.#machine.onWakeup()
  }

  /** What carries everything that it sends and receives; undefined for the default again. */
  setLink(options: LinkOptions | undefined): void {
    const { medium } = this.#machine.world
    this.#machine.link = options && resolveLink(options, medium.link)
  }

  /** Speed of its lines; what is undefined has no limit. */
  setBandwidth(lines: { uplink?: Bandwidth; downlink?: Bandwidth }): void {
    this.#machine.uplink = lines.uplink && new LineQueue(lines.uplink)
    this.#machine.downlink = lines.downlink && new LineQueue(lines.downlink)
  }

  protected override async shutDown(): Promise<void> {
    const wasUp = this.isUp
    if (this.#machine.hasStarted) await super.shutDown()
    this.#machine.stop()
    if (wasUp) this.#machine.world.recorder.onNode(this, 'down')
    this.#onRemoved(this)
    this.#machine.world.recorder.onNode(this, 'removed')
  }
}
