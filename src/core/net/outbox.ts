// SPDX-License-Identifier: MIT
// Datagrams that wait to be sent: encoded in place into one growing arena, drained by the driver
// after every batch of input. May be shared by engines that are driven one after the other.

import type { SocketAddress } from '../id/socket-address.ts'
import { EMPTY_BYTES } from '../util/bytes.ts'
import { MsgpackWriter } from '../wire/msgpack-writer.ts'

const INITIAL_BYTES = 4096
/** More than this waits only when a driver does not drain; what comes on top is dropped. */
const MAX_BYTES = 8 * 1024 * 1024

export class Outbox {
  /** Write a datagram here, then `commit` it. */
  readonly writer = new MsgpackWriter(INITIAL_BYTES)
  /** Datagrams dropped because the arena was full. */
  dropped = 0
  readonly #ends: number[] = []
  readonly #destinations: SocketAddress[] = []

  get count(): number {
    return this.#ends.length
  }

  /** Ends the datagram that was written since the last commit. Returns its length in bytes. */
  commit(to: SocketAddress): number {
    const start = this.start(this.count)
    const length = this.writer.position - start
    if (this.writer.position > MAX_BYTES) {
      this.writer.position = start
      this.dropped++
      return 0
    }
    this.#ends.push(this.writer.position)
    this.#destinations.push(to)
    return length
  }

  destination(index: number): SocketAddress {
    return this.#destinations[index]!
  }

  /** Where datagram `index` begins in the arena, which is `writer.target`. */
  start(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!
  }

  /** Where it ends. */
  end(index: number): number {
    return this.#ends[index]!
  }

  /** View of datagram `index`; valid until `clear`, unless `release` hands the arena out. */
  datagram(index: number): Uint8Array {
    return this.writer.target.subarray(this.start(index), this.end(index))
  }

  /** Forgets all datagrams; the arena is used again. */
  clear(): void {
    this.#ends.length = 0
    this.#destinations.length = 0
    this.writer.position = 0
  }

  /** Like `clear`, for a driver whose socket still reads the old arena: takes a new one. */
  release(): void {
    this.clear()
    this.writer.target = EMPTY_BYTES
  }
}
