// SPDX-License-Identifier: MIT
// Reassembly of messages whose values travel in fragments (spec wire, section 8). Keyed by sender
// address and transaction id. Accepts any order, fragments before their header included; bounded in
// messages, bytes and time, in all and per sender.

import {
  FRAGMENT_IDLE_MS,
  FRAGMENT_TOTAL_MS,
  MAX_EARLY_BYTES,
  MAX_EARLY_FRAGMENTS,
  MAX_PARTIAL_BYTES,
  MAX_PARTIAL_MESSAGES,
  MAX_PARTIAL_MESSAGES_PER_PEER,
} from '../constants.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { copyBytes } from '../util/bytes.ts'
import { Deadline, type TimerWheel } from '../util/timer-wheel.ts'

interface Chunk {
  readonly offset: number
  readonly data: Uint8Array
}

/** Bytes of memory that a chunk costs beside its data: empty fragments must not be free. */
const CHUNK_OVERHEAD_BYTES = 128
const MESSAGE_OVERHEAD_BYTES = 512

/** A header, its values complete: the header is to be decoded again, with `parts` beside it. */
export interface CompleteMessage {
  readonly header: Uint8Array
  readonly parts: (Uint8Array | undefined)[]
}

/** One value on its way: chunks in order of offset, never overlapping. */
class PartialValue {
  readonly size: number
  received = 0
  readonly #chunks: Chunk[] = []

  constructor(size: number) {
    this.size = size
  }

  get isComplete(): boolean {
    return this.received === this.size
  }

  /** Keeps a copy of `data`. False for what is empty, overlaps or lies outside the value. */
  add(offset: number, data: Uint8Array): boolean {
    const end = offset + data.length
    if (data.length === 0 || end > this.size) return false
    let at = this.#chunks.length
    while (at > 0 && this.#chunks[at - 1]!.offset >= offset) at--
    const before = this.#chunks[at - 1]
    const after = this.#chunks[at]
    if (before !== undefined && before.offset + before.data.length > offset) return false
    if (after !== undefined && after.offset < end) return false
    this.#chunks.splice(at, 0, { offset, data: copyBytes(data) })
    this.received += data.length
    return true
  }

  join(): Uint8Array {
    const bytes = new Uint8Array(this.size)
    for (const { offset, data } of this.#chunks) bytes.set(data, offset)
    return bytes
  }
}

class PartialMessage extends Deadline {
  readonly key: string
  readonly peer: string
  readonly startedAt: number
  readonly #expire: (message: PartialMessage) => void
  header: Uint8Array | undefined = undefined
  values: (PartialValue | undefined)[] = []
  missing = 0
  bytes = MESSAGE_OVERHEAD_BYTES
  /** Fragments that came before the header. */
  early: { index: number; offset: number; data: Uint8Array }[] = []
  earlyBytes = 0

  constructor(
    key: string,
    peer: string,
    startedAt: number,
    expire: (message: PartialMessage) => void,
  ) {
    super()
    this.key = key
    this.peer = peer
    this.startedAt = startedAt
    this.#expire = expire
  }

  fire(): void {
    this.#expire(this)
  }
}

export class PartialMessages {
  readonly #wheel: TimerWheel
  readonly #messages = new Map<string, PartialMessage>()
  readonly #perPeer = new Map<string, number>()
  #bytes = 0
  /** Messages given up because a fragment did not come in time. */
  timedOut = 0
  /** Messages and fragments refused because a limit was reached. */
  refused = 0
  /** Fragments that carried nothing new, or nothing of the announced values. */
  useless = 0

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel
  }

  get count(): number {
    return this.#messages.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * A header that announces `sizes` (0: inline element or unacceptable size). Copies `header`.
   * Returns the message when early fragments have completed it already.
   */
  open(
    from: SocketAddress,
    tid: number,
    header: Uint8Array,
    sizes: readonly number[],
    now: number,
  ): CompleteMessage | undefined {
    const message = this.#find(from, tid) ?? this.#create(from, tid, now)
    if (message === undefined || message.header !== undefined) return undefined
    message.header = copyBytes(header)
    message.values = sizes.map((size) => (size > 0 ? new PartialValue(size) : undefined))
    message.missing = message.values.reduce((count, value) => count + (value ? 1 : 0), 0)
    const early = message.early
    message.early = []
    this.#grow(message, header.length + CHUNK_OVERHEAD_BYTES * sizes.length - message.earlyBytes)
    for (const { index, offset, data } of early) this.#addTo(message, index, offset, data)
    return this.#settle(message, now)
  }

  /** True when a header or early fragments of this message are held. */
  has(from: SocketAddress, tid: number): boolean {
    return this.#find(from, tid) !== undefined
  }

  /** One fragment. Returns the message when it was the last one missing. */
  add(
    from: SocketAddress,
    tid: number,
    index: number,
    offset: number,
    data: Uint8Array,
    now: number,
  ): CompleteMessage | undefined {
    const message = this.#find(from, tid) ?? this.#create(from, tid, now)
    if (message === undefined) return undefined
    if (message.header === undefined) {
      this.#keepEarly(message, index, offset, data)
    } else if (!this.#addTo(message, index, offset, data)) {
      this.useless++
      return undefined
    }
    return this.#settle(message, now)
  }

  /** Forgets a message that nobody waits for any more. */
  drop(from: SocketAddress, tid: number): void {
    const message = this.#find(from, tid)
    if (message !== undefined) this.#remove(message)
  }

  #find(from: SocketAddress, tid: number): PartialMessage | undefined {
    return this.#messages.get(`${from.toString()} ${tid}`)
  }

  #create(from: SocketAddress, tid: number, now: number): PartialMessage | undefined {
    const peer = from.host
    const ofPeer = this.#perPeer.get(peer) ?? 0
    if (
      this.#messages.size >= MAX_PARTIAL_MESSAGES ||
      ofPeer >= MAX_PARTIAL_MESSAGES_PER_PEER ||
      this.#bytes >= MAX_PARTIAL_BYTES
    ) {
      this.refused++
      return undefined
    }
    const message = new PartialMessage(`${from.toString()} ${tid}`, peer, now, (expired) => {
      this.timedOut++
      this.#remove(expired)
    })
    this.#messages.set(message.key, message)
    this.#perPeer.set(peer, ofPeer + 1)
    this.#bytes += message.bytes
    return message
  }

  #keepEarly(message: PartialMessage, index: number, offset: number, data: Uint8Array): void {
    message.early.push({ index, offset, data: copyBytes(data) })
    const cost = data.length + CHUNK_OVERHEAD_BYTES
    message.earlyBytes += cost
    this.#grow(message, cost)
    const payload = message.earlyBytes - CHUNK_OVERHEAD_BYTES * message.early.length
    if (message.early.length <= MAX_EARLY_FRAGMENTS && payload <= MAX_EARLY_BYTES) return
    // Too much for one message that may never get a header: throw all of it away.
    this.#grow(message, -message.earlyBytes)
    message.early = []
    message.earlyBytes = 0
    this.refused++
  }

  #addTo(message: PartialMessage, index: number, offset: number, data: Uint8Array): boolean {
    const value = message.values[index]
    if (value === undefined || value.isComplete || this.#bytes >= MAX_PARTIAL_BYTES) return false
    if (!value.add(offset, data)) return false
    this.#grow(message, data.length + CHUNK_OVERHEAD_BYTES)
    if (value.isComplete) message.missing--
    return true
  }

  /** Takes the message out when it is complete, otherwise gives it time for the next fragment. */
  #settle(message: PartialMessage, now: number): CompleteMessage | undefined {
    if (message.header === undefined || message.missing > 0) {
      const limit = Math.min(now + FRAGMENT_IDLE_MS, message.startedAt + FRAGMENT_TOTAL_MS)
      this.#wheel.schedule(message, limit)
      return undefined
    }
    this.#remove(message)
    return { header: message.header, parts: message.values.map((value) => value?.join()) }
  }

  #grow(message: PartialMessage, bytes: number): void {
    message.bytes += bytes
    this.#bytes += bytes
  }

  #remove(message: PartialMessage): void {
    this.#wheel.cancel(message)
    this.#messages.delete(message.key)
    this.#bytes -= message.bytes
    const ofPeer = this.#perPeer.get(message.peer)! - 1
    if (ofPeer === 0) this.#perPeer.delete(message.peer)
    else this.#perPeer.set(message.peer, ofPeer)
  }
}
