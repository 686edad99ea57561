// SPDX-License-Identifier: MIT
// How long answers take (RFC 6298): a smoothed round trip and its deviation, for one node, and for
// a whole family as the first guess about nodes that have not answered yet. Karn's rule: an answer
// to a request that was repeated gives no sample, for it may belong to either.

/** A wait has at least this much room above the smoothed round trip: event loops are not clocks. */
const MIN_MARGIN_MS = 50
const MIN_WAIT_MS = 100
const MAX_WAIT_MS = 4000
/** Before anybody has answered. */
const INITIAL_WAIT_MS = 500
/** Doublings after answers that came just after a repetition: that was sent too soon. */
const MAX_BACKOFF = 3
/** Weights of a new sample: RFC 6298 for one node, less for what all nodes share. */
const SMOOTHING = 1 / 8
const DEVIATION_SMOOTHING = 1 / 4
const SHARED_SMOOTHING = 1 / 32
const LATE_SMOOTHING = 1 / 64
/** Answers that come so much later than awaited tell of all nodes that these became slow. */
const MAX_STRAIN = 16
const STRAIN_RISE = 1 / 4
const STRAIN_DECAY = 1 / 16

/** What is known of the round trips to one node; created with its first answer. */
export class RoundTrips {
  /** Smoothed round trip; undefined before the first sample. */
  smoothedMs: number | undefined = undefined
  deviationMs = 0
  backoff = 0

  /** `guessMs`: the deviation to expect of a node of which this is the first sample. */
  sample(ms: number, guessMs: number): void {
    this.backoff = 0
    if (this.smoothedMs === undefined) {
      this.smoothedMs = ms
      this.deviationMs = guessMs
      return
    }
    const error = Math.abs(ms - this.smoothedMs)
    this.deviationMs += DEVIATION_SMOOTHING * (error - this.deviationMs)
    this.smoothedMs += SMOOTHING * (ms - this.smoothedMs)
  }

  /** How long to wait for an answer; undefined before the first sample. */
  get waitMs(): number | undefined {
    if (this.smoothedMs === undefined) return undefined
    return bounded(this.smoothedMs, this.deviationMs, this.backoff)
  }
}

/** What the nodes of one family have in common. */
export class SharedRoundTrips {
  /** Mean of all round trips, and how far single ones are from it. */
  #typicalMs: number | undefined = undefined
  #spreadMs = 0
  /** How far the round trips of a node are from what that node usually takes. */
  #errorMs: number | undefined = undefined
  #backoff = 0
  /**
   * How much longer than the waits for them answers take; 1 as long as they come in time. Tells
   * soon of an overloaded host or line, which slows down all nodes at once.
   */
  #strain = 1
  /** Part of the requests to nodes that usually answer whose first wait passed in vain. */
  lateShare = 0

  /** An answer to a request that was sent once, after `ms`; the estimate of its node learns too. */
  sample(own: RoundTrips, ms: number): void {
    this.#backoff = 0
    if (own.waitMs !== undefined) {
      const strain = Math.min(Math.max(1, ms / own.waitMs), MAX_STRAIN)
      const weight = strain > this.#strain ? STRAIN_RISE : STRAIN_DECAY
      this.#strain += weight * (strain - this.#strain)
    }
    if (own.smoothedMs !== undefined) {
      const error = Math.abs(ms - own.smoothedMs)
      this.#errorMs ??= error
      this.#errorMs += SHARED_SMOOTHING * (error - this.#errorMs)
    }
    own.sample(ms, Math.min(ms / 2, Math.max(ms / 8, 2 * (this.#errorMs ?? ms))))
    this.#typicalMs ??= ms
    this.#spreadMs += SHARED_SMOOTHING * (Math.abs(ms - this.#typicalMs) - this.#spreadMs)
    this.#typicalMs += SHARED_SMOOTHING * (ms - this.#typicalMs)
  }

  /** The answer to a repeated request, `ms` after the last repetition. */
  ambiguous(own: RoundTrips, ms: number): void {
    const usualMs = own.smoothedMs ?? this.#typicalMs
    // Too soon to be the answer to the repetition: the wait before that was too short.
    if (usualMs !== undefined && ms > usualMs / 2) return
    own.backoff = Math.min(own.backoff + 1, MAX_BACKOFF)
    if (usualMs === undefined) this.#backoff = Math.min(this.#backoff + 1, MAX_BACKOFF)
  }

  /** Whether the first wait for a node that usually answers was long enough. */
  onFirstWait(wasInVain: boolean): void {
    this.lateShare += LATE_SMOOTHING * (Number(wasInVain) - this.lateShare)
  }

  /** How long to wait for an answer of a node: of `own`, if that has answered before. */
  waitMs(own: RoundTrips | undefined): number {
    const ownMs = own?.waitMs
    if (ownMs !== undefined) return Math.min(ownMs * this.#strain, MAX_WAIT_MS)
    if (this.#typicalMs === undefined) return INITIAL_WAIT_MS << this.#backoff
    return bounded(this.#typicalMs, this.#spreadMs, this.#backoff)
  }
}

function bounded(meanMs: number, deviationMs: number, backoff: number): number {
  const waitMs = meanMs + Math.max(MIN_MARGIN_MS, 4 * deviationMs)
  return Math.min(Math.max(MIN_WAIT_MS, waitMs) * 2 ** backoff, MAX_WAIT_MS)
}
