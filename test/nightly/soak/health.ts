// SPDX-License-Identifier: MIT
// What is looked at in a soak run, and whether it stayed flat: the last quarter of the samples is
// compared with the second one, since the first fills tables and caches.

export interface Health {
  readonly delayP99Ms: number
  /** After a collection of garbage, buffers included. */
  readonly heapMb: number
  readonly residentMb: number
  /** Sockets, timers and the like. */
  readonly handles: number
  /** Messages since the start. */
  readonly received: number
  readonly values: number
  /** The part of the time in which the process wanted a processor and had none. */
  readonly starved: number
  /** Errors that were bugs of ours. */
  readonly internal: number
}

interface Rule {
  readonly name: 'delayP99Ms' | 'heapMb' | 'residentMb' | 'handles'
  /** Growth that is none: a part, and what comes on top, in the unit of the figure. */
  readonly part: number
  readonly more: number
}

const RULES: readonly Rule[] = [
  { name: 'delayP99Ms', part: 0.5, more: 10 },
  { name: 'heapMb', part: 0.1, more: 5 },
  { name: 'residentMb', part: 0.15, more: 20 },
  { name: 'handles', part: 0, more: 2 },
]
/** Two of each quarter. */
const MIN_SAMPLES = 8

/** A machine that starves the node so much says nothing about its delays. */
export const STARVED = 0.05

/**
 * What grew, in words; empty when nothing did. Delays are left out when the machine was busy with
 * something else. Throws RangeError for fewer than 8 samples.
 */
export function findGrowth(samples: readonly Health[]): string[] {
  const { length } = samples
  if (length < MIN_SAMPLES) throw new RangeError(`samples must be 8 or more: got ${length}`)
  const quarter = Math.floor(length / 4)
  const [before, after] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)]
  const isStarved = median(after.map(({ starved }) => starved)) > STARVED
  const problems = RULES.flatMap(({ name, part, more }) => {
    if (name === 'delayP99Ms' && isStarved) return []
    const [from, to] = [before, after].map((some) => median(some.map((it) => it[name]))) as [
      number,
      number,
    ]
    if (to <= from * (1 + part) + more) return []
    return [`${name} grew from ${from.toFixed(1)} to ${to.toFixed(1)}`]
  })
  const internal = samples.at(-1)!.internal
  return internal === 0 ? problems : [...problems, `${internal} internal errors`]
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
