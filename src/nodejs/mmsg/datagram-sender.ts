// SPDX-License-Identifier: MIT
// The sending half of a socket: takes batches of datagrams to the kernel straight from the outbox,
// keeps what it has no room for, and sorts its errors into those that concern one datagram, an
// address, or nobody.

import { constants } from 'node:os'
import type { SocketAddress } from '../../core/id/socket-address.ts'
import type { Outbox } from '../../core/net/outbox.ts'
import type { TransportStats } from '../transport.ts'
import { isHardError } from '../udp-common.ts'
import { BATCH, type MessageSlots } from './message-slots.ts'
import { SendQueue } from './send-queue.ts'
import type { SharedSlots } from './shared-slots.ts'
import { errorText } from './system-errors.ts'
import type { Zones } from './zones.ts'

const { EAGAIN, ECONNREFUSED, EINTR, ENOBUFS } = constants.errno

export interface SenderParts {
  readonly shared: SharedSlots
  readonly slots: MessageSlots
  readonly fd: number
  readonly zones: Zones
  readonly stats: TransportStats
  /** The system refuses to send anything to this address. Called from within `send`. */
  readonly onRefused: (to: SocketAddress) => void
}

export class DatagramSender {
  readonly #parts: SenderParts
  readonly #queue = new SendQueue()

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  /** Something waits until the socket can be written again: then `resume` is due. */
  get isBlocked(): boolean {
    return this.#queue.length > 0
  }

  /** Sends or keeps the datagrams of `outbox` that are for this family. */
  send(outbox: Outbox): void {
    const { shared, slots } = this.#parts
    const arena = shared.arenaAddress(outbox.arena)
    const { count } = outbox
    let filled = 0
    for (let i = 0; i < count; i++) {
      const to = outbox.destination(i)
      if (to.family !== slots.family) continue
      if (this.isBlocked) {
        this.#keep(to, outbox.datagram(i))
        continue
      }
      const start = outbox.start(i)
      this.#fill(filled, to, arena + start, outbox.end(i) - start)
      shared.indices[filled++] = i
      if (filled < BATCH) continue
      this.#flush(outbox, filled)
      filled = 0
    }
    if (filled > 0) this.#flush(outbox, filled)
  }

  /** Sends what waits, as far as there is room. */
  resume(): void {
    const queue = this.#queue
    while (queue.length > 0) {
      const filled = Math.min(queue.length, BATCH)
      for (let i = 0; i < filled; i++) {
        const { to, bytes } = queue.at(i)
        this.#fill(i, to, this.#parts.shared.calls.addressOf(bytes), bytes.length)
      }
      const done = this.#transmit(filled)
      queue.drop(done)
      if (done < filled) return
    }
  }

  #fill(slot: number, to: SocketAddress, address: number, length: number): void {
    const { shared, slots, zones } = this.#parts
    slots.setName(slot, to, zones.of(to))
    slots.setBytes(slot, address, length)
    shared.targets[slot] = to
  }

  #flush(outbox: Outbox, filled: number): void {
    const { targets, indices } = this.#parts.shared
    for (let i = this.#transmit(filled); i < filled; i++) {
      this.#keep(targets[i]!, outbox.datagram(indices[i]!))
    }
  }

  #keep(to: SocketAddress, bytes: Uint8Array): void {
    if (!this.#queue.push(to, bytes)) this.#parts.stats.queueFull++
  }

  /** Returns how many of the slots are dealt with: not all when the socket is full. */
  #transmit(filled: number): number {
    const { shared, slots, fd, stats } = this.#parts
    let done = 0
    let isRepeated = false
    while (done < filled) {
      const result = shared.calls.sendmmsg(fd, slots.headerAddress(done), filled - done)
      if (result > 0) {
        done += result
        stats.sent += result
        isRepeated = false
      } else if (result === 0 || result === -EAGAIN || result === -ENOBUFS) {
        break
      } else if (!isRepeated && (result === -EINTR || result === -ECONNREFUSED)) {
        // Refused was an earlier datagram: it is said at the next occasion, whoever that is for.
        isRepeated = true
      } else {
        this.#refuse(shared.targets[done]!, result)
        done++
        isRepeated = false
      }
    }
    return done
  }

  #refuse(to: SocketAddress, result: number): void {
    this.#parts.stats.sendErrors++
    if (isHardError(errorText(result))) this.#parts.onRefused(to)
  }
}
