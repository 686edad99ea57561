// SPDX-License-Identifier: MIT
// How many bytes of large puts may wait for their answers at a time (RFC 5681 in outline). A line
// that is too slow for eight copies of a value at once drops some fragments of each, and to send
// all of them again never ends. So the first wait that passes in vain makes them go one after the
// other, and answers open the window again. Also knows how long a byte takes on its way, since
// round trips of small requests say nothing about that.

import type { Request } from './request.ts'

/** Before anything was lost, and at most. */
const INITIAL_BYTES = 2 * 1024 * 1024
const MAX_BYTES = 32 * 1024 * 1024
/** One value of the largest size is always allowed. */
const MIN_BYTES = 64 * 1024
/** So many lost in a row, and none that arrived between them, are no chance. */
const OVERRUN = 4
/** What less than this many bytes take is their round trip rather than their transfer. */
const MIN_SAMPLE_BYTES = 16 * 1024
/** To have more than this under way makes nothing quicker. */
const FULL_MS = 500
/** First guess about a line that proved to be slow: 100 kB per second. */
const SLOW_MS_PER_BYTE = 1 / 100
/** An answer is expected to take so much longer than the bytes before it usually do. */
const SLACK = 1.5
const MAX_TRANSFER_MS = 10_000

interface Transfer {
  readonly request: Request
  readonly bytes: number
  /** What was under way when it left, itself included. */
  queuedBytes: number
}

export class SendWindow {
  readonly #transfers = new Map<Request, Transfer>()
  #waiting: Transfer[] = []
  #limit = INITIAL_BYTES
  /** Waits in vain since the last answer, and when the window was last cut for that. */
  #lost = 0
  #answeredAt = Number.NEGATIVE_INFINITY
  #cutAt = Number.NEGATIVE_INFINITY
  #msPerByte = 0
  #bytes = 0

  /** True when `request` may be sent now; otherwise it waits in line and comes out of `next`. */
  enter(request: Request, bytes: number): boolean {
    const transfer = { request, bytes, queuedBytes: 0 }
    if (this.#waiting.length === 0 && this.#admit(transfer)) return true
    this.#waiting.push(transfer)
    return false
  }

  /** The next request in line; undefined when there is none, or no room for it. */
  next(): Request | undefined {
    for (;;) {
      const transfer = this.#waiting[0]
      if (transfer === undefined) return undefined
      const { isPending } = transfer.request
      if (isPending && !this.#admit(transfer)) return undefined
      this.#waiting.shift()
      if (isPending) return transfer.request
    }
  }

  /** How long the fragments of `request` are on their way, beside the usual round trip. */
  transferMs(request: Request): number {
    const queuedBytes = this.#transfers.get(request)?.queuedBytes ?? 0
    return Math.min(Math.ceil(SLACK * queuedBytes * this.#msPerByte), MAX_TRANSFER_MS)
  }

  /** The answer to `request` came. */
  onAnswer(request: Request, now: number): void {
    const transfer = this.#leave(request)
    if (transfer === undefined) return
    const { bytes, queuedBytes } = transfer
    const ms = now - request.repeatedAt
    const sinceAnswerMs = now - this.#answeredAt
    this.#lost = 0
    this.#answeredAt = now
    const isSample = queuedBytes >= MIN_SAMPLE_BYTES
    if (request.attempts > 1) {
      // Which of several sends was answered is not known. But of what leaves one after the other,
      // none took longer than this.
      if (!isSample || queuedBytes > bytes) return
      this.#msPerByte = Math.min(this.#msPerByte, Math.max(ms, sinceAnswerMs) / bytes)
      return
    }
    if (isSample) this.#msPerByte = ms / queuedBytes
    if (ms < FULL_MS) this.#limit = Math.min(MAX_BYTES, this.#limit + bytes)
  }

  /**
   * `request` was waited for in vain. True when that is most likely due to all that was under way
   * with it, rather than to the node that was asked.
   */
  onLate(request: Request, now: number): boolean {
    const bytes = this.#bytes
    if (this.#leave(request) === undefined) return false
    this.#lost++
    // What was lost together counts once.
    if (request.repeatedAt < this.#cutAt) return true
    if (bytes < (this.#limit === MIN_BYTES ? MIN_SAMPLE_BYTES : MIN_BYTES)) return false
    const isOnlyThis = this.#answeredAt >= request.repeatedAt
    if (isOnlyThis || (this.#lost < OVERRUN && this.#limit > MIN_BYTES)) return !isOnlyThis
    this.#cutAt = now
    this.#limit = MIN_BYTES
    this.#msPerByte = Math.max(2 * this.#msPerByte, SLOW_MS_PER_BYTE)
    return true
  }

  /** It is over, for whatever reason. */
  forget(request: Request): void {
    this.#leave(request)
  }

  /** One is always allowed. */
  #admit(transfer: Transfer): boolean {
    const { request, bytes } = transfer
    if (this.#bytes > 0 && this.#bytes + bytes > this.#limit) return false
    this.#bytes += bytes
    transfer.queuedBytes = this.#bytes
    this.#transfers.set(request, transfer)
    return true
  }

  #leave(request: Request): Transfer | undefined {
    const transfer = this.#transfers.get(request)
    if (transfer === undefined) return undefined
    this.#transfers.delete(request)
    this.#bytes -= transfer.bytes
    return transfer
  }
}
