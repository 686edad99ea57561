// SPDX-License-Identifier: MIT
// How long answers take (RFC 6298): a smoothed round trip and its deviation, for one node, and for
// a whole family as the first guess about nodes that have not answered yet. Karn's rule: an answer
// to a request that was repeated gives no sample, for it may belong to either. What was learned
// ages: who was busy for a while must not be thought slow by those who talk to it once a minute.

/** A wait has at least this much room above the smoothed round trip: event loops are not clocks. */
const MIN_MARGIN_MS = 50
const MIN_WAIT_MS = 100
const MAX_WAIT_MS = 4000
/** Before anybody has answered. */
const INITIAL_WAIT_MS = 333
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
/** What was learned is fresh for so long, and for so many of the round trips that it is about. */
const FRESH_MS = 2000
const FRESH_ROUND_TRIPS = 4
/** An answer is not expected to take more than so many times what the last one took. */
const MAX_RISE = 4
/** The last round trips of a family, which tell what is usual now. */
const RECENT = 32
/** So many of them make older ones meaningless. */
const MIN_CURRENT = 4
/** What is usual is found out anew after so many. */
const REFRESH = 4
/** The part of them that was shorter than what an unknown node is expected to take. */
const USUAL_QUANTILE = 0.95

interface Usual {
  readonly medianMs: number
  readonly marginMs: number
}

/** What is known of the round trips to one node; created with its first answer. */
export class RoundTrips {
  /** Smoothed round trip; undefined before the first sample. */
  smoothedMs: number | undefined = undefined
  deviationMs = 0
  backoff = 0
  /** The last sample, and when any of this was last learned. */
  #lastMs = 0
  #learnedAt = 0

  /** `guessMs`: the deviation to expect of a node of which this is the first fresh sample. */
  sample(ms: number, guessMs: number, now: number): void {
    const isFresh = this.isFresh(now)
    this.backoff = 0
    this.#learnedAt = now
    this.#lastMs = ms
    if (this.smoothedMs === undefined || !isFresh) {
      this.smoothedMs = ms
      this.deviationMs = guessMs
      return
    }
    const error = Math.abs(ms - this.smoothedMs)
    this.deviationMs += DEVIATION_SMOOTHING * (error - this.deviationMs)
    this.smoothedMs += SMOOTHING * (ms - this.smoothedMs)
  }

  /** Answers come just after repetitions. */
  backOff(now: number): void {
    this.backoff = Math.min(this.backoff + 1, MAX_BACKOFF)
    this.#learnedAt = now
  }

  isFresh(now: number): boolean {
    return now - this.#learnedAt <= freshMs(this.smoothedMs ?? 0)
  }

  /** How long to wait for an answer; undefined before the first sample. */
  get waitMs(): number | undefined {
    if (this.smoothedMs === undefined) return undefined
    const marginMs = Math.min(4 * this.deviationMs, MAX_RISE * this.#lastMs - this.smoothedMs)
    return bounded(this.smoothedMs, marginMs, this.backoff)
  }
}

/** What the nodes of one family have in common. */
export class SharedRoundTrips {
  /** The last round trips, the oldest one at `#count % RECENT` when there are so many. */
  readonly #recent = new Float64Array(RECENT)
  readonly #recentAt = new Float64Array(RECENT)
  #count = 0
  #latestAt = Number.NEGATIVE_INFINITY
  /** What is usual by them, and how many there had been when that was found out. */
  #usual: Usual | undefined = undefined
  #usualOf = 0
  /** How far the round trips of a node are from what that node usually takes. */
  #errorMs: number | undefined = undefined
  /**
   * How much longer than the waits for them answers take; 1 as long as they come in time. Tells
   * soon of an overloaded host or line, which slows down all nodes at once.
   */
  #strain = 1
  #strainedAt = 0
  /** It is half of it after so long without a sign of it. */
  #strainHalfLifeMs = FRESH_MS
  /** Part of the requests to nodes that usually answer whose first wait passed in vain. */
  lateShare = 0

  /** An answer to a request that was sent once, after `ms`; the estimate of its node learns too. */
  sample(own: RoundTrips, ms: number, now: number): void {
    if (own.waitMs !== undefined) {
      const strain = Math.min(Math.max(1, ms / own.waitMs), MAX_STRAIN)
      const before = this.#strainAt(now)
      const weight = strain > before ? STRAIN_RISE : STRAIN_DECAY
      this.#strain = before + weight * (strain - before)
      this.#strainedAt = now
      this.#strainHalfLifeMs = freshMs(ms)
    }
    if (own.smoothedMs !== undefined) {
      const error = Math.abs(ms - own.smoothedMs)
      this.#errorMs ??= error
      this.#errorMs += SHARED_SMOOTHING * (error - this.#errorMs)
    }
    own.sample(ms, Math.min(ms / 2, Math.max(ms / 8, 2 * (this.#errorMs ?? ms))), now)
    const place = this.#count++ % RECENT
    this.#recent[place] = ms
    this.#recentAt[place] = now
    this.#latestAt = now
  }

  /** The answer to a repeated request, `ms` after the last repetition. */
  ambiguous(own: RoundTrips, ms: number, now: number): void {
    const sharedMs = this.#findUsual()?.medianMs
    // The shorter one: an old estimate must not make a lost datagram look like a slow answer.
    const usualMs = Math.min(
      own.smoothedMs ?? Number.POSITIVE_INFINITY,
      sharedMs ?? Number.POSITIVE_INFINITY,
    )
    // Too soon to be the answer to the repetition: the wait before that was too short.
    if (usualMs !== Number.POSITIVE_INFINITY && ms > usualMs / 2) return
    own.backOff(now)
  }

  /** Whether the first wait for a node that usually answers was long enough. */
  onFirstWait(wasInVain: boolean): void {
    this.lateShare += LATE_SMOOTHING * (Number(wasInVain) - this.lateShare)
  }

  /** How long to wait for an answer of a node: of `own`, if that has answered before. */
  waitMs(own: RoundTrips | undefined, now: number): number {
    const ownMs = own?.waitMs
    if (ownMs === undefined) return this.usualWaitMs
    // What a node took a while ago says no more than what others take now.
    const waitMs = own!.isFresh(now) ? ownMs : Math.min(ownMs, this.usualWaitMs)
    return Math.min(waitMs * this.#strainAt(now), MAX_WAIT_MS)
  }

  /** Hardly anybody has answered. */
  get isNew(): boolean {
    return this.#count < MIN_CURRENT
  }

  /** How long to wait for a node that nothing is known of. */
  get usualWaitMs(): number {
    const usual = this.#findUsual()
    if (usual === undefined) return INITIAL_WAIT_MS
    return bounded(usual.medianMs, usual.marginMs, 0)
  }

  /** Undefined before the first sample. */
  #findUsual(): Usual | undefined {
    const isCurrent = this.#count - this.#usualOf < REFRESH && this.#usualOf >= RECENT
    if (this.#count === 0 || this.#count === this.#usualOf || isCurrent) return this.#usual
    this.#usualOf = this.#count
    const sorted = this.#current().sort()
    const medianMs = sorted[sorted.length >> 1]!
    const highMs = sorted[Math.floor(USUAL_QUANTILE * (sorted.length - 1))]!
    this.#usual = { medianMs, marginMs: 2 * (highMs - medianMs) }
    return this.#usual
  }

  /** The last round trips that are of the same time as the very last, if these are some. */
  #current(): Float64Array {
    const known = this.#recent.slice(0, this.#count)
    const since = this.#latestAt - freshMs(this.#usual?.medianMs ?? 0)
    const fresh = known.filter((_, i) => this.#recentAt[i]! >= since)
    return fresh.length >= MIN_CURRENT ? fresh : known
  }

  #strainAt(now: number): number {
    return 1 + (this.#strain - 1) * 2 ** (-(now - this.#strainedAt) / this.#strainHalfLifeMs)
  }
}

function freshMs(roundTripMs: number): number {
  return Math.max(FRESH_MS, FRESH_ROUND_TRIPS * roundTripMs)
}

function bounded(meanMs: number, marginMs: number, backoff: number): number {
  const waitMs = meanMs + Math.max(MIN_MARGIN_MS, marginMs)
  return Math.min(Math.max(MIN_WAIT_MS, waitMs) * 2 ** backoff, MAX_WAIT_MS)
}
