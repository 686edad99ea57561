// SPDX-License-Identifier: MIT
// How often something took how long, in fixed classes: constant memory, and cheap enough for every
// request.

/** In seconds: from an answer out of memory to what times out. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]

export class Histogram {
  /** Upper limits of the classes, inclusive and ascending; one more class has none. */
  readonly bounds: readonly number[]
  /** Per class, not added up. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[] = LATENCY_BOUNDS) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  add(value: number): void {
    const { bounds } = this
    let i = 0
    while (i < bounds.length && value > bounds[i]!) i++
    this.counts[i]!++
    this.sum += value
  }
}
