// SPDX-License-Identifier: MIT
// What is said about repeated measurements: their median and how far they lie apart.

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Of at least one number. */
export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b)
  return { median: middle(sorted), min: sorted[0]!, max: sorted.at(-1)! }
}

/** The value below which the part `quantile` of the numbers lies; 0 without numbers. */
export function quantileOf(numbers: readonly number[], quantile: number): number {
  const sorted = Float64Array.from(numbers).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? 0
}

function middle(sorted: readonly number[]): number {
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
