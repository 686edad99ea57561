// SPDX-License-Identifier: MIT
// Writes the text that Prometheus and others read: OpenMetrics 1.0. One call per family of
// metrics, with all its samples; names, units and duplicates are checked, since a scraper refuses
// the whole page for one of them. Knows nothing of what is measured.

import type { Histogram } from './histogram.ts'

/** Of a scrape. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

export type Labels = Readonly<Record<string, string | number>>

export interface Sample {
  readonly labels?: Labels
  readonly value: number
}

export interface MetricFamily {
  /** Lower case, ends with the unit if there is one, never with `_total`. */
  readonly name: string
  readonly help: string
  /** In base units: seconds, bytes. */
  readonly unit?: string
}

export class OpenMetrics {
  readonly #parts: string[] = []
  readonly #names = new Set<string>()

  /** Only goes up. A plain number is one sample without labels. */
  counter(family: MetricFamily, samples: number | readonly Sample[]): void {
    this.#begin(family, 'counter')
    for (const { labels, value } of listOf(samples)) {
      this.#sample(`${family.name}_total`, labels, value)
    }
  }

  gauge(family: MetricFamily, samples: number | readonly Sample[]): void {
    this.#begin(family, 'gauge')
    for (const { labels, value } of listOf(samples)) this.#sample(family.name, labels, value)
  }

  /** Which of a few states things are in: one sample for each, 1 for that one. */
  stateSet(
    family: MetricFamily,
    states: readonly string[],
    samples: readonly { readonly labels?: Labels; readonly state: string }[],
  ): void {
    this.#begin(family, 'stateset')
    for (const { labels, state } of samples) {
      for (const each of states) {
        this.#sample(family.name, { ...labels, [family.name]: each }, each === state ? 1 : 0)
      }
    }
  }

  /** Facts that never change, as labels of a constant. */
  info(family: MetricFamily, labels: Labels): void {
    this.#begin(family, 'info')
    this.#sample(`${family.name}_info`, labels, 1)
  }

  histogram(
    family: MetricFamily,
    samples: readonly { readonly labels?: Labels; readonly histogram: Histogram }[],
  ): void {
    this.#begin(family, 'histogram')
    for (const { labels, histogram } of samples) {
      const { bounds, counts, sum } = histogram
      let count = 0
      for (let i = 0; i <= bounds.length; i++) {
        count += counts[i]!
        const le = i === bounds.length ? '+Inf' : boundText(bounds[i]!)
        this.#sample(`${family.name}_bucket`, { ...labels, le }, count)
      }
      this.#sample(`${family.name}_count`, labels, count)
      this.#sample(`${family.name}_sum`, labels, sum)
    }
  }

  /** The whole page. Nothing can be added afterwards. */
  end(): string {
    this.#parts.push('# EOF\n')
    return this.#parts.join('')
  }

  #begin({ name, help, unit }: MetricFamily, type: string): void {
    checkName(name, type)
    if (unit !== undefined && !name.endsWith(`_${unit}`)) {
      throw new TypeError(`name of a metric in ${unit} must end with _${unit}: got ${name}`)
    }
    if (this.#names.has(name)) throw new TypeError(`metric ${name} is written twice`)
    this.#names.add(name)
    this.#parts.push(`# TYPE ${name} ${type}\n`)
    if (unit !== undefined) this.#parts.push(`# UNIT ${name} ${unit}\n`)
    this.#parts.push(`# HELP ${name} ${escaped(help)}\n`)
  }

  #sample(name: string, labels: Labels | undefined, value: number): void {
    this.#parts.push(`${name}${labelText(labels)} ${numberText(value)}\n`)
  }
}

const NAME = /^[a-z][a-z0-9_]*$/
const LABEL = /^[a-z_][a-z0-9_]*$/
/** What the format appends itself. */
const RESERVED = /_(?:total|created|count|sum|bucket|info)$/

function checkName(name: string, type: string): void {
  if (NAME.test(name) && !RESERVED.test(name)) return
  throw new TypeError(`name of a ${type} must be lower case without a suffix: got ${name}`)
}

function listOf(samples: number | readonly Sample[]): readonly Sample[] {
  return typeof samples === 'number' ? [{ value: samples }] : samples
}

function labelText(labels: Labels | undefined): string {
  const pairs = Object.entries(labels ?? {})
  if (pairs.length === 0) return ''
  const texts = pairs.map(([name, value]) => {
    if (!LABEL.test(name)) throw new TypeError(`label must be lower case: got ${name}`)
    return `${name}="${escaped(`${value}`)}"`
  })
  return `{${texts.join(',')}}`
}

/** Of label values and help texts alike. */
function escaped(text: string): string {
  if (!/[\\"\n]/.test(text)) return text
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return `${value}`
}

/** Bounds are compared as text by some readers, and are floats. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : `${bound}`
}
