// SPDX-License-Identifier: MIT
// Datagrams that wait to be sent: encoded in place into one growing arena, drained by the driver
// after every batch of input. An empty one holds no memory: arenas come from a pool that hundreds
// of engines may share. The outbox itself may be shared by engines that are driven in turn.

import type { SocketAddress } from '../id/socket-address.ts'
import { EMPTY_BYTES } from '../util/bytes.ts'
import { MsgpackWriter } from '../wire/msgpack-writer.ts'
import { ArenaPool } from './arena-pool.ts'

/** More than this waits only when a driver does not drain; what comes on top is dropped. */
const MAX_BYTES = 8 * 1024 * 1024

export class Outbox {
  /** Datagrams dropped because the arena was full. */
  dropped = 0
  readonly #ends: number[] = []
  readonly #destinations: SocketAddress[] = []
  readonly #writer = new MsgpackWriter(0)
  readonly #arenas: ArenaPool

  constructor(arenas = new ArenaPool()) {
    this.#arenas = arenas
  }

  /** Write a datagram here, then `commit` it. */
  get writer(): MsgpackWriter {
    if (this.#writer.target.length === 0) this.#writer.target = this.#arenas.take()
    return this.#writer
  }

  get count(): number {
    return this.#ends.length
  }

  /** Ends the datagram that was written since the last commit. Returns its length in bytes. */
  commit(to: SocketAddress): number {
    const start = this.start(this.count)
    const { position } = this.#writer
    if (position > MAX_BYTES) {
      this.#writer.position = start
      this.dropped++
      return 0
    }
    this.#ends.push(position)
    this.#destinations.push(to)
    return position - start
  }

  destination(index: number): SocketAddress {
    return this.#destinations[index]!
  }

  /** What the datagrams are in. */
  get arena(): Uint8Array {
    return this.#writer.target
  }

  /** Where datagram `index` begins in the arena. */
  start(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!
  }

  /** Where it ends. */
  end(index: number): number {
    return this.#ends[index]!
  }

  /** View of datagram `index`; valid until `clear`, unless `release` hands the arena out. */
  datagram(index: number): Uint8Array {
    return this.arena.subarray(this.start(index), this.end(index))
  }

  /** Forgets all datagrams; the arena is used again. */
  clear(): void {
    this.#arenas.give(this.arena, this.#writer.position)
    this.release()
  }

  /** Like `clear`, for a driver whose socket still reads the arena: it is not used again. */
  release(): void {
    this.#ends.length = 0
    this.#destinations.length = 0
    this.#writer.position = 0
    this.#writer.target = EMPTY_BYTES
  }
}
