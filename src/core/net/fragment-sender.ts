// SPDX-License-Identifier: MIT
// Paces the fragments of large values: a first burst at once, the rest in small bursts, so that a
// 64 KiB value does not overrun the receiver's socket buffer (spec wire, section 8: header first,
// rising order). One job per message; jobs take turns.

import { FRAGMENT_BYTES } from '../constants.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { Deadline, type TimerWheel } from '../util/timer-wheel.ts'
import type { MessageEncoder } from '../wire/message-encoder.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { Outbox } from './outbox.ts'

/**
 * Fragments to one peer per interval. Others may answer the same question: eight such bursts do not
 * overrun the 208 KiB that a socket buffers by default (a datagram counts for 2 KiB there).
 */
const PEER_BURST = 16
/** Fragments that leave at once with the header of their message. */
const FIRST_BURST = 4
/** Fragments to all peers per interval, and the interval. */
const BURST = 64
const BURST_INTERVAL_MS = 2
/** Messages that wait; what comes on top is not sent, and is repeated or asked for again. */
const MAX_JOBS = 4096
/** Bytes of the values that wait, and what each costs beside its bytes. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024
const VALUE_OVERHEAD_BYTES = 128

/** The last fragment of a message that had to wait has left. */
type OnSent = (now: number) => void

class SendJob {
  readonly to: SocketAddress
  readonly tid: number
  readonly values: readonly Uint8Array[]
  readonly onSent: OnSent | undefined
  /** What it holds in memory. */
  readonly bytes: number
  #index = 0
  #offset = 0

  constructor(
    to: SocketAddress,
    tid: number,
    values: readonly Uint8Array[],
    onSent: OnSent | undefined,
  ) {
    this.to = to
    this.tid = tid
    this.values = values
    this.onSent = onSent
    this.bytes = values.reduce((sum, { length }) => sum + length + VALUE_OVERHEAD_BYTES, 0)
  }

  get isDone(): boolean {
    return this.#index >= this.values.length
  }

  /** Writes the next fragment. Returns the length of its datagram. */
  step(encoder: MessageEncoder, outbox: Outbox): number {
    const value = this.values[this.#index]!
    const piece = value.subarray(this.#offset, this.#offset + FRAGMENT_BYTES)
    encoder.fragment(outbox.writer, this.tid, this.#index, this.#offset, piece)
    const bytes = outbox.commit(this.to)
    this.#offset += piece.length
    if (this.#offset < value.length) return bytes
    this.#index++
    this.#offset = 0
    return bytes
  }
}

export class FragmentSender extends Deadline {
  readonly #wheel: TimerWheel
  readonly #encoder: MessageEncoder
  readonly #outbox: Outbox
  readonly #budget: ByteBudget
  #jobs: SendJob[] = []
  #waitingBytes = 0
  /** What was sent in the current interval, in all and by peer. */
  #intervalStart = Number.NEGATIVE_INFINITY
  #spent = 0
  readonly #spentOn = new Map<string, number>()
  /** Fragments sent so far, and messages dropped because too many waited. */
  sent = 0
  dropped = 0

  constructor(wheel: TimerWheel, encoder: MessageEncoder, outbox: Outbox, budget: ByteBudget) {
    super()
    this.#budget = budget
    this.#wheel = wheel
    this.#encoder = encoder
    this.#outbox = outbox
  }

  get waiting(): number {
    return this.#jobs.length
  }

  /** Fragments of this message have not left yet. */
  isSending(to: SocketAddress, tid: number): boolean {
    return this.#jobs.some((waiting) => waiting.tid === tid && waiting.to.equals(to))
  }

  /**
   * Sends the fragments of `values`, whose header was just committed. True when some of them have
   * to wait: then `onSent` follows.
   */
  send(
    to: SocketAddress,
    tid: number,
    values: readonly Uint8Array[],
    now: number,
    onSent?: OnSent,
  ): boolean {
    // A repeated header: its fragments are on their way, and must not be mixed with others of it.
    if (this.isSending(to, tid)) return true
    const job = new SendJob(to, tid, values, onSent)
    if (now - this.#intervalStart >= BURST_INTERVAL_MS) this.#startInterval(now)
    // Behind others a job waits for its turn.
    if (this.#jobs.length === 0) this.#run(job, FIRST_BURST, now)
    if (job.isDone) return false
    if (this.#jobs.length >= MAX_JOBS || this.#waitingBytes + job.bytes > MAX_WAITING_BYTES) {
      this.dropped++
      return false
    }
    this.#jobs.push(job)
    this.#waitingBytes += job.bytes
    if (!this.isScheduled) this.#wheel.schedule(this, now + BURST_INTERVAL_MS)
    return true
  }

  fire(now: number): void {
    const delayMs = this.#budget.delayMs(now)
    if (delayMs > 0) return this.#wheel.schedule(this, now + delayMs)
    this.#startInterval(now)
    const waiting: SendJob[] = []
    for (const job of this.#jobs) {
      this.#run(job, PEER_BURST, now)
      if (!job.isDone) {
        waiting.push(job)
        continue
      }
      this.#waitingBytes -= job.bytes
      job.onSent?.(now)
    }
    this.#jobs = waiting
    if (this.#jobs.length > 0) this.#wheel.schedule(this, now + BURST_INTERVAL_MS)
  }

  #startInterval(now: number): void {
    this.#intervalStart = now
    this.#spent = 0
    this.#spentOn.clear()
  }

  #run(job: SendJob, limit: number, now: number): void {
    if (this.#spent >= BURST) return
    const peer = job.to.toString()
    const spent = this.#spentOn.get(peer) ?? 0
    const allowed = Math.min(limit, PEER_BURST - spent, BURST - this.#spent)
    let count = 0
    for (; count < allowed && !job.isDone; count++) {
      if (this.#budget.delayMs(now) > 0) break
      this.#budget.sent(job.step(this.#encoder, this.#outbox))
    }
    this.sent += count
    this.#spent += count
    this.#spentOn.set(peer, spent + count)
  }
}
