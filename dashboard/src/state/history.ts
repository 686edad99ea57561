// SPDX-License-Identifier: MIT
// What the charts show: rates and levels of the last minutes, from the counters in each overview.

import { signal } from '@preact/signals'
import type { OverviewJson } from '../../../src/proxy/server/inspect/inspection-types.ts'

/** Names of the lines of all charts. */
export const SERIES = [
  'bytesIn',
  'bytesOut',
  'messagesIn',
  'messagesOut',
  'requests',
  'listens',
  'good',
  'dubious',
] as const

export type SeriesName = (typeof SERIES)[number]

/** Columns of equal length; `at` in seconds since 1970. */
export interface History {
  readonly at: readonly number[]
  readonly columns: Readonly<Record<SeriesName, readonly number[]>>
}

const MAX_SAMPLES = 300

const empty = (): History => ({
  at: [],
  columns: Object.fromEntries(SERIES.map((it) => [it, []])) as unknown as History['columns'],
})

export const history = signal<History>(empty())

interface Counters {
  readonly startedAt: number
  readonly at: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly messagesIn: number
  readonly messagesOut: number
  readonly requests: number
}

let before: Counters | undefined

export function addSample(overview: OverviewJson): void {
  const { stats, proxy, now, startedAt } = overview
  if (stats === undefined) return
  const counters: Counters = {
    startedAt,
    at: now / 1000,
    bytesIn: stats.bytes.received,
    bytesOut: stats.bytes.sent,
    messagesIn: sum(stats.messages.in),
    messagesOut: sum(stats.messages.out),
    requests: sum(proxy.requests),
  }
  const last = before
  before = counters
  if (last === undefined) return
  // Another server process: its counters began anew, and so do the charts.
  if (last.startedAt !== startedAt) {
    history.value = empty()
    return
  }
  const seconds = counters.at - last.at
  if (seconds < MIN_STEP_S) {
    before = last
    return
  }
  const rate = (name: keyof Counters): number =>
    Math.max(0, (counters[name] - last[name]) / seconds)
  append(counters.at, {
    bytesIn: rate('bytesIn'),
    bytesOut: rate('bytesOut'),
    messagesIn: rate('messagesIn'),
    messagesOut: rate('messagesOut'),
    requests: rate('requests'),
    listens: proxy.listens,
    good: stats.ipv4.good + stats.ipv6.good,
    dubious: stats.ipv4.dubious + stats.ipv6.dubious,
  })
}

/** Shorter ones come when a second watcher begins, and would make rates of chance. */
const MIN_STEP_S = 1

function append(at: number, values: Record<SeriesName, number>): void {
  const { at: times, columns } = history.value
  const add = (column: readonly number[], value: number): number[] =>
    [...column, value].slice(-MAX_SAMPLES)
  history.value = {
    at: add(times, at),
    columns: Object.fromEntries(
      SERIES.map((name) => [name, add(columns[name], values[name])]),
    ) as unknown as History['columns'],
  }
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
