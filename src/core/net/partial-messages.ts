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
/** What the messages of one source may take of the memory for all. */
const MAX_BYTES_PER_PEER = MAX_PARTIAL_BYTES / 4
/** The largest value takes 52 honest ones. More, and small ones would be slow to put in order. */
const MAX_CHUNKS = 1024

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
    if (data.length === 0 || end > this.size || this.#chunks.length >= MAX_CHUNKS) return false
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

/** One source of addresses (see address-groups) with messages. */
interface Peer {
  readonly key: string
  messages: number
  bytes: number
}

class PartialMessage extends Deadline {
  readonly key: string
  readonly peer: Peer
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
    peer: Peer,
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
  readonly #peers = new Map<string, Peer>()
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
    const cost = header.length + CHUNK_OVERHEAD_BYTES * sizes.length
    if (!this.#hasRoom(message, cost - message.earlyBytes)) {
      this.refused++
      this.#remove(message)
      return undefined
    }
    message.header = copyBytes(header)
    message.values = sizes.map((size) => (size > 0 ? new PartialValue(size) : undefined))
    message.missing = message.values.reduce((count, value) => count + (value ? 1 : 0), 0)
    const early = message.early
    message.early = []
    this.#grow(message, cost - message.earlyBytes)
    for (const { index, offset, data } of early) this.#addTo(message, index, offset, data)
    return this.#settle(message, now)
  }

  /** True when a header or early fragments of this message are held. */
  has(from: SocketAddress, tid: number): boolean {
    return this.#find(from, tid) !== undefined
  }

  /** The header of this message is held. */
  hasHeader(from: SocketAddress, tid: number): boolean {
    return this.#find(from, tid)?.header !== undefined
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
    const peer = this.#peerOf(from)
    if (
      this.#messages.size >= MAX_PARTIAL_MESSAGES ||
      peer.messages >= MAX_PARTIAL_MESSAGES_PER_PEER ||
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
    this.#peers.set(peer.key, peer)
    peer.messages++
    this.#bytes += message.bytes
    peer.bytes += message.bytes
    return message
  }

  /** The counts of a source; not kept before it has a message. */
  #peerOf(from: SocketAddress): Peer {
    const key = from.family === 4 ? from.host : `${from.a0} ${from.a1}`
    return this.#peers.get(key) ?? { key, messages: 0, bytes: 0 }
  }

  #keepEarly(message: PartialMessage, index: number, offset: number, data: Uint8Array): void {
    const cost = data.length + CHUNK_OVERHEAD_BYTES
    if (!this.#hasRoom(message, cost)) {
      this.refused++
      return
    }
    message.early.push({ index, offset, data: copyBytes(data) })
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
    const cost = data.length + CHUNK_OVERHEAD_BYTES
    if (value === undefined || value.isComplete || !this.#hasRoom(message, cost)) return false
    if (!value.add(offset, data)) return false
    this.#grow(message, cost)
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

  #hasRoom({ peer }: PartialMessage, bytes: number): boolean {
    return this.#bytes + bytes <= MAX_PARTIAL_BYTES && peer.bytes + bytes <= MAX_BYTES_PER_PEER
  }

  #grow(message: PartialMessage, bytes: number): void {
    message.bytes += bytes
    message.peer.bytes += bytes
    this.#bytes += bytes
  }

  #remove(message: PartialMessage): void {
    const { peer } = message
    this.#wheel.cancel(message)
    this.#messages.delete(message.key)
    this.#bytes -= message.bytes
    peer.bytes -= message.bytes
    if (--peer.messages === 0) this.#peers.delete(peer.key)
  }
}
