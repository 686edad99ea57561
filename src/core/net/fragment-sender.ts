// SPDX-License-Identifier: MIT
// Paces the fragments of large values: a first burst at once, the rest in small bursts, so that a
// 64 KiB value does not overrun the receiver's socket buffer (spec wire, section 8: header first,
// rising order). One job per message; jobs take turns.

import { FRAGMENT_BYTES } from '../constants.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import { Deadline, type TimerWheel } from '../util/timer-wheel.ts'
import type { MessageEncoder } from '../wire/message-encoder.ts'
import type { Outbox } from './outbox.ts'

/** Fragments of one message that leave at once with its header. */
const FIRST_BURST = 16
/** Fragments of all messages together in each later burst, and the time between bursts. */
const BURST = 64
const BURST_INTERVAL_MS = 2
/** Messages that wait; what comes on top is not sent, and is repeated or asked for again. */
const MAX_JOBS = 4096

class SendJob {
  readonly to: SocketAddress
  readonly tid: number
  readonly values: readonly Uint8Array[]
  #index = 0
  #offset = 0

  constructor(to: SocketAddress, tid: number, values: readonly Uint8Array[]) {
    this.to = to
    this.tid = tid
    this.values = values
  }

  get isDone(): boolean {
    return this.#index >= this.values.length
  }

  /** Writes the next fragment. */
  step(encoder: MessageEncoder, outbox: Outbox): void {
    const value = this.values[this.#index]!
    const piece = value.subarray(this.#offset, this.#offset + FRAGMENT_BYTES)
    encoder.fragment(outbox.writer, this.tid, this.#index, this.#offset, piece)
    outbox.commit(this.to)
    this.#offset += piece.length
    if (this.#offset < value.length) return
    this.#index++
    this.#offset = 0
  }
}

export class FragmentSender extends Deadline {
  readonly #wheel: TimerWheel
  readonly #encoder: MessageEncoder
  readonly #outbox: Outbox
  #jobs: SendJob[] = []
  /** Fragments sent so far, and messages dropped because too many waited. */
  sent = 0
  dropped = 0

  constructor(wheel: TimerWheel, encoder: MessageEncoder, outbox: Outbox) {
    super()
    this.#wheel = wheel
    this.#encoder = encoder
    this.#outbox = outbox
  }

  get waiting(): number {
    return this.#jobs.length
  }

  /** Sends the fragments of `values`, whose header was just committed. */
  send(to: SocketAddress, tid: number, values: readonly Uint8Array[], now: number): void {
    const job = new SendJob(to, tid, values)
    // Behind others a job waits for its turn, or many small messages would escape the pacing.
    const first = this.#jobs.length === 0 ? FIRST_BURST : 0
    this.#run(job, first)
    if (job.isDone) return
    if (this.#jobs.length >= MAX_JOBS) {
      this.dropped++
      return
    }
    this.#jobs.push(job)
    if (!this.isScheduled) this.#wheel.schedule(this, now + BURST_INTERVAL_MS)
  }

  fire(now: number): void {
    const share = Math.max(1, Math.floor(BURST / this.#jobs.length))
    const turn = this.#jobs.splice(0, BURST)
    for (const job of turn) {
      this.#run(job, share)
      if (!job.isDone) this.#jobs.push(job)
    }
    if (this.#jobs.length > 0) this.#wheel.schedule(this, now + BURST_INTERVAL_MS)
  }

  #run(job: SendJob, limit: number): void {
    for (let left = limit; left > 0 && !job.isDone; left--) {
      job.step(this.#encoder, this.#outbox)
      this.sent++
    }
  }
}
