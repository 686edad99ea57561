// SPDX-License-Identifier: MIT
// The clocks of one node: the monotonic one that drives its engine, which may run too fast or too
// slow and jump ahead, and the wall clock, which may be wrong and jump either way.

/** How wrong the clocks of a node are. */
export interface ClockOptions {
  /** The monotonic clock is fast by so many millionths; negative for slow. Default 0. */
  driftPpm?: number | undefined
  /** The wall clock is ahead by so much; negative for behind. Default 0. */
  wallErrorMs?: number | undefined
}

export class NodeClock {
  wallErrorMs: number
  #rate: number
  /** The clock showed `#base` when it was `#since`. */
  #base: number
  #since: number

  constructor(options: ClockOptions, now: number) {
    this.#rate = rateOf(options.driftPpm)
    this.wallErrorMs = options.wallErrorMs ?? 0
    this.#base = now
    this.#since = now
  }

  /** Shows the same as the clock of the network. */
  get isTrue(): boolean {
    return this.#rate === 1 && this.#base === this.#since
  }

  /** What it shows at `now`, in whole milliseconds. */
  at(now: number): number {
    if (this.isTrue) return now
    return Math.floor(this.#base + (now - this.#since) * this.#rate)
  }

  /** When it will show `local`, in whole milliseconds of the network. */
  timeOf(local: number): number {
    if (this.isTrue) return local
    return Math.ceil(this.#since + (local - this.#base) / this.#rate)
  }

  set(options: ClockOptions, now: number): void {
    if (options.driftPpm !== undefined) {
      this.#base += (now - this.#since) * this.#rate
      this.#since = now
      this.#rate = rateOf(options.driftPpm)
    }
    this.wallErrorMs = options.wallErrorMs ?? this.wallErrorMs
  }

  /** As after a time in which the process did not run. */
  jump(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`A monotonic clock cannot go back: got ${ms} ms`)
    this.#base += ms
  }
}

function rateOf(driftPpm = 0): number {
  const rate = 1 + driftPpm / 1e6
  if (rate > 0 && Number.isFinite(rate)) return rate
  throw new RangeError(`driftPpm must be a number above -1000000: got ${driftPpm}`)
}
