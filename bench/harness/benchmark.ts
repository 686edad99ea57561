// SPDX-License-Identifier: MIT
// What a benchmark is to the harness: subjects that are measured in turn, the metrics that come
// out, and what is wanted of them.

import type { Context } from './context.ts'
import type { Lookup } from './results.ts'

/** One implementation in one configuration. */
export interface Subject {
  /** Unique; also the heading of its column. */
  readonly name: string
  readonly kind: 'ours' | 'cpp' | 'peer'
  /** Of ours only. */
  readonly transport?: string | undefined
}

export interface Metric {
  /** As in the output of the drivers. */
  readonly name: string
  readonly label: string
  readonly unit: string
  /** Left out: it is neither, and no ratio is shown. */
  readonly better?: 'lower' | 'higher'
}

/** One line that a driver prints: where a number belongs, and the numbers by metric. */
export interface Row {
  readonly row: string
  readonly [metric: string]: number | string
}

export interface Goal {
  readonly text: string
  /** The number that is limited; undefined when it was not measured. */
  readonly value: (lookup: Lookup) => number | undefined
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Benchmark {
  readonly name: string
  /** One line for the list of benchmarks and the head of its table. */
  readonly title: string
  readonly metrics: readonly Metric[]
  /** Metric of the plot; default the first one. */
  readonly plot?: string
  /** Where its tables go with --write-docs, in docs/; default performance.md. */
  readonly page?: string
  /** In the order in which they take their turns; ratios are those to the first C++ one. */
  subjects(context: Context): readonly Subject[]
  /** One round of one subject. Numbers of metrics that are not listed are kept in the JSON only. */
  measure(subject: Subject, context: Context): Promise<readonly Row[]>
  /** What is wanted of a subject of ours. */
  goals?(subject: Subject): readonly Goal[]
}
