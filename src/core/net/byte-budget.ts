// SPDX-License-Identifier: MIT
// How many bytes per second a node sends and receives. What comes on top of a limit forms a backlog
// that is worked off at the rate of the limit, and who would add to it has to wait: requests of
// peers are shed as soon as the backlog is worth half a second, so that the own operations, which
// wait from one second on and are never dropped, always find room. Nobody can be kept from sending
// to us: the limit of received bytes slows down what makes others send.

/** Backlog, in time to work it off, up to which peers are served, and own requests sent. */
const SERVED_MS = 500
const SENT_MS = 1000
/** What waits looks again no sooner: many requests wait at once. */
const MIN_DELAY_MS = 20
/** An answer that is under way counts as so many received bytes. */
const ANSWER_BYTES = 400

export class ByteBudget {
  /** Payload of all datagrams so far; those of IP and UDP headers are not counted. */
  sentBytes = 0
  receivedBytes = 0
  /** Own requests that had to wait. */
  delayed = 0
  /** Own requests that were sent and wait for their answers. */
  awaited = 0
  readonly #upload: Backlog | undefined
  readonly #download: Backlog | undefined

  /** Bytes per second, -1 for no limit. */
  constructor(uploadLimit: number, downloadLimit: number) {
    this.#upload = uploadLimit < 0 ? undefined : new Backlog(uploadLimit)
    this.#download = downloadLimit < 0 ? undefined : new Backlog(downloadLimit)
  }

  get isUploadLimited(): boolean {
    return this.#upload !== undefined
  }

  sent(bytes: number): void {
    this.sentBytes += bytes
  }

  received(bytes: number): void {
    this.receivedBytes += bytes
  }

  /** Whether requests of peers are worked on. */
  isServing(now: number): boolean {
    return this.#backlogMs(now) < SERVED_MS
  }

  /** How long an own request has to wait; 0 when it may leave. It asks again then. */
  delayMs(now: number): number {
    const excessMs = this.#backlogMs(now) - SENT_MS
    if (excessMs < 0) return 0
    return Math.max(MIN_DELAY_MS, Math.ceil(excessMs))
  }

  #backlogMs(now: number): number {
    const uploadMs = this.#upload?.ms(this.sentBytes, now) ?? 0
    if (this.#download === undefined) return uploadMs
    const awaitedMs = (this.awaited * ANSWER_BYTES) / this.#download.bytesPerMs
    return Math.max(uploadMs, this.#download.ms(this.receivedBytes, now) + awaitedMs)
  }
}

class Backlog {
  readonly bytesPerMs: number
  #counted = 0
  /** When all that was counted will have been worked off. */
  #endsAt = 0

  constructor(bytesPerSecond: number) {
    this.bytesPerMs = bytesPerSecond / 1000
  }

  /** Of `total` bytes since the start. */
  ms(total: number, now: number): number {
    if (total > this.#counted) {
      this.#endsAt = Math.max(this.#endsAt, now) + (total - this.#counted) / this.bytesPerMs
      this.#counted = total
    }
    return Math.max(0, this.#endsAt - now)
  }
}
