// SPDX-License-Identifier: MIT
// Datagrams under way. Their objects and buffers are used again, since millions of them pass: the
// buffers are cut out of large slabs, in a few sizes.

import type { SocketAddress } from '../core/id/socket-address.ts'
import { Deadline } from '../core/util/timer-wheel.ts'

const SIZES = [128, 256, 512, 1024, 1536]
const SLAB_BYTES = 1 << 18

/** Takes packets whose time has come. */
export interface PacketHandler {
  arrive(packet: Packet): void
}

export class Packet extends Deadline {
  readonly buffer: Uint8Array
  readonly #handler: PacketHandler
  length = 0
  number = 0
  from!: SocketAddress
  to!: SocketAddress
  /** It went through the queue of the receiver's line already. */
  isThroughDownlink = false

  constructor(buffer: Uint8Array, handler: PacketHandler) {
    super()
    this.buffer = buffer
    this.#handler = handler
  }

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }

  override fire(): void {
    this.#handler.arrive(this)
  }
}

export class PacketPool {
  readonly #handler: PacketHandler
  readonly #limit: number
  readonly #free: Packet[][] = SIZES.map(() => [])
  #slab = new Uint8Array(0)
  #slabUsed = 0
  /** Packets under way. */
  inFlight = 0

  constructor(handler: PacketHandler, limit: number) {
    this.#handler = handler
    this.#limit = limit
  }

  /** A packet with a copy of `bytes`. Throws when more are under way than any test wants. */
  take(bytes: Uint8Array): Packet {
    if (++this.inFlight > this.#limit) {
      throw new Error(`More than ${this.#limit} datagrams are under way: does something loop?`)
    }
    const size = SIZES.findIndex((limit) => bytes.length <= limit)
    const packet =
      (size < 0 ? undefined : this.#free[size]!.pop()) ??
      new Packet(this.#cut(SIZES[size] ?? bytes.length), this.#handler)
    packet.buffer.set(bytes)
    packet.length = bytes.length
    packet.isThroughDownlink = false
    return packet
  }

  release(packet: Packet): void {
    this.inFlight--
    const size = SIZES.indexOf(packet.buffer.length)
    if (size >= 0) this.#free[size]!.push(packet)
  }

  #cut(bytes: number): Uint8Array {
    if (bytes > SLAB_BYTES / 16) return new Uint8Array(bytes)
    if (this.#slabUsed + bytes > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      this.#slabUsed = 0
    }
    const start = this.#slabUsed
    this.#slabUsed += bytes
    return this.#slab.subarray(start, this.#slabUsed)
  }
}
