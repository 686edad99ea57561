// SPDX-License-Identifier: MIT
// The network between the nodes: takes what they send, asks links, lines, NATs and faults what
// becomes of it, and hands it over when its time has come. One stream of random numbers, drawn in
// the order of sending.

import type { SocketAddress } from '../core/id/socket-address.ts'
import { AddressMap } from './address-map.ts'
import type { Faults } from './faults.ts'
import { DEFAULT_LINK, delayBetween, type Link, type LinkOptions, resolveLink } from './link.ts'
import type { Machine } from './machine.ts'
import type { Nat } from './nat.ts'
import { type Packet, type PacketHandler, PacketPool } from './packets.ts'
import type { Recorder } from './recorder.ts'
import type { SimNode } from './sim-node.ts'
import type { SimRandom } from './sim-random.ts'
import type { DropReason } from './trace.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Headers of IP and UDP, which count for bandwidth and MTU. */
export const HEADER_BYTES = { 4: 28, 6: 48 } as const

export interface MediumInit {
  readonly time: VirtualTime
  readonly random: SimRandom
  readonly faults: Faults<SimNode>
  readonly recorder: Recorder
  readonly link: LinkOptions
  readonly maxPackets: number
}

export class Medium implements PacketHandler {
  /** Datagrams that were sent since the start. */
  sent = 0
  link: Link
  readonly #time: VirtualTime
  readonly #random: SimRandom
  readonly #faults: Faults<SimNode>
  readonly #recorder: Recorder
  readonly #pool: PacketPool
  /** Spreads the delays of pairs. */
  readonly #seed: number
  readonly #stations = new AddressMap<Machine>()
  /** By address with port 0. */
  readonly #nats = new AddressMap<Nat<Machine>>()
  #natCount = 0
  /** By the names of both ends: `region` or `#node`. */
  readonly #links = new Map<string, Link>()

  constructor({ time, random, faults, recorder, link, maxPackets }: MediumInit) {
    this.#time = time
    this.#random = random
    this.#seed = random.uint32() | 0
    this.#faults = faults
    this.#recorder = recorder
    this.link = resolveLink(link, DEFAULT_LINK)
    this.#pool = new PacketPool(this, maxPackets)
  }

  get inFlight(): number {
    return this.#pool.inFlight
  }

  attach(address: SocketAddress, machine: Machine): void {
    this.#stations.add(address, machine)
  }

  detach(address: SocketAddress): void {
    this.#stations.delete(address)
  }

  attachNat(nat: Nat<Machine>): void {
    this.#nats.add(nat.address, nat)
    this.#natCount++
  }

  /** What lies between two ends; what `options` leave out is as in the default link. */
  setLink(a: string, b: string, options: LinkOptions): void {
    this.#links.set(`${a} ${b}`, resolveLink(options, this.link))
  }

  /** Copies the bytes. */
  send(from: Machine, bytes: Uint8Array, to: SocketAddress): void {
    const number = ++this.sent
    this.#recorder.onSent(from.node, to, bytes, number)
    const reason = this.#send(from, bytes, to, number)
    if (reason !== undefined) this.#recorder.onDropped(number, reason)
  }

  arrive(packet: Packet): void {
    const { number, to, from } = packet
    const receiver = this.#receiver(to, from)
    if (receiver === undefined) return this.#drop(packet, 'nat')
    if (!receiver.isUp) return this.#drop(packet, 'down')
    if (receiver.downlink !== undefined && !packet.isThroughDownlink) {
      const bytes = packet.length + HEADER_BYTES[to.family]
      const ms = receiver.downlink.pass(bytes, this.#time.now)
      if (ms === undefined) return this.#drop(packet, 'queue')
      packet.isThroughDownlink = true
      this.#time.wheel.schedule(packet, this.#time.now + ms)
      return
    }
    this.#recorder.onDelivered(receiver.node, number)
    // The engine is done with the bytes when it returns.
    receiver.receive(packet.bytes, from)
    this.#pool.release(packet)
  }

  #send(
    from: Machine,
    bytes: Uint8Array,
    to: SocketAddress,
    number: number,
  ): DropReason | undefined {
    const { now } = this.#time
    const inside = from.addressOf(to.family)
    if (inside === undefined) return 'unreachable'
    const nat = to.family === 4 ? from.nat : undefined
    const outside = nat === undefined ? inside : nat.outbound(from, inside, to, now)
    const receiver = this.#receiver(to, outside)
    if (receiver === undefined) return this.#natAt(to) === undefined ? 'unreachable' : 'nat'
    // Through its own NAT and back in.
    if (nat !== undefined && receiver.nat === nat && !nat.hairpin) return 'nat'
    const link = this.#linkBetween(from, receiver)
    const size = bytes.length + HEADER_BYTES[to.family]
    if (size > link.mtu) return 'mtu'
    const lineMs = from.uplink === undefined ? 0 : from.uplink.pass(size, now)
    if (lineMs === undefined) return 'queue'
    if (this.#faults.blocks(from.node, receiver.node, to.family)) return 'partition'
    if (this.#random.chance(link.loss)) return 'loss'
    const copies = this.#random.chance(link.duplication) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const packet = this.#pool.take(bytes)
      packet.number = number
      packet.from = outside
      packet.to = to
      if (this.#random.chance(link.corruption)) this.#corrupt(packet)
      const delayMs = lineMs + this.#delay(link, from, receiver)
      const held = this.#faults.heldUntil(from.node, receiver.node, to.family)
      this.#time.wheel.schedule(packet, Math.max(now, held) + delayMs)
    }
    return undefined
  }

  #drop(packet: Packet, reason: DropReason): void {
    this.#recorder.onDropped(packet.number, reason)
    this.#pool.release(packet)
  }

  #receiver(to: SocketAddress, from: SocketAddress): Machine | undefined {
    const direct = this.#stations.get(to)
    if (direct !== undefined || this.#natCount === 0) return direct
    return this.#natAt(to)?.inbound(to.port, from, this.#time.now)
  }

  #natAt(address: SocketAddress): Nat<Machine> | undefined {
    return this.#natCount === 0 ? undefined : this.#nats.get(address.withPort(0))
  }

  /** The closest match: both nodes, the sender's, the receiver's, the regions', the default. */
  #linkBetween(from: Machine, to: Machine): Link {
    const links = this.#links
    if (links.size > 0) {
      const pair = links.get(`#${from.index} #${to.index}`)
      if (pair !== undefined) return pair
    }
    if (from.link !== undefined) return from.link
    if (to.link !== undefined) return to.link
    if (links.size === 0 || from.region === undefined || to.region === undefined) return this.link
    return links.get(`${from.region} ${to.region}`) ?? this.link
  }

  #delay(link: Link, from: Machine, to: Machine): number {
    let ms = delayBetween(link.delayMs, this.#seed, from.index, to.index)
    if (link.jitterMs > 0) ms += this.#random.fraction() * link.jitterMs
    if (this.#random.chance(link.reordering)) ms += this.#random.fraction() * link.reorderMs
    return ms
  }

  #corrupt(packet: Packet): void {
    const bit = this.#random.below(8 * packet.length)
    packet.buffer[bit >> 3]! ^= 1 << (bit & 7)
  }
}
