// SPDX-License-Identifier: MIT
// The memory of all batches of a thread. A socket that reads or sends is done with it before any
// other begins, so that one set serves hundreds of sockets. Every slot has room for the largest
// datagram there is; pages that no datagram ever reached cost nothing.

import type { Family, SocketAddress } from '../../core/id/socket-address.ts'
import { EMPTY_BYTES } from '../../core/util/bytes.ts'
import { BATCH, MessageSlots } from './message-slots.ts'
import type { SystemCalls } from './system-calls.ts'

const MAX_DATAGRAM_BYTES = 65_536

export interface FamilySlots {
  readonly receive: MessageSlots
  readonly send: MessageSlots
}

export class SharedSlots {
  readonly calls: SystemCalls
  /** Where the datagrams in the slots for sending go, and which ones of the outbox they are. */
  readonly targets: SocketAddress[] = []
  readonly indices: number[] = []
  readonly #data = new ArrayBuffer(BATCH * MAX_DATAGRAM_BYTES)
  readonly #dataAddress: number
  /** Of the last length that each slot had: traffic is often alike. */
  readonly #views: Uint8Array[] = []
  readonly #families = new Map<Family, FamilySlots>()
  #arena: Uint8Array = EMPTY_BYTES
  #arenaAddress = 0

  constructor(calls: SystemCalls) {
    this.calls = calls
    this.#dataAddress = calls.addressOf(new Uint8Array(this.#data))
    for (let i = 0; i < BATCH; i++) this.#views.push(EMPTY_BYTES)
  }

  of(family: Family): FamilySlots {
    const known = this.#families.get(family)
    if (known !== undefined) return known
    const receive = new MessageSlots(family, this.calls)
    for (let i = 0; i < BATCH; i++) {
      receive.setBytes(i, this.#dataAddress + i * MAX_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES)
    }
    const slots = { receive, send: new MessageSlots(family, this.calls) }
    this.#families.set(family, slots)
    return slots
  }

  /** What was received into slot `i`; valid until the next read. */
  view(i: number, length: number): Uint8Array {
    const last = this.#views[i]!
    if (last.length === length) return last
    const view = new Uint8Array(this.#data, i * MAX_DATAGRAM_BYTES, length)
    this.#views[i] = view
    return view
  }

  /** Of an outbox, nearly always the one that was sent last: outboxes share their arenas. */
  arenaAddress(arena: Uint8Array): number {
    if (this.#arena !== arena) {
      this.#arenaAddress = this.calls.addressOf(arena)
      this.#arena = arena
    }
    return this.#arenaAddress
  }
}
