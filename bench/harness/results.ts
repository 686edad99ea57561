// SPDX-License-Identifier: MIT
// What a run measured, by row, metric and subject, as it is written to the JSON file and as tables
// and plots read it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Benchmark, Goal, Row, Subject } from './benchmark.ts'
import { type Context, CPP } from './context.ts'
import { describeMachine, type Machine } from './machine.ts'
import { type Spread, spreadOf } from './statistics.ts'

export interface Cell extends Spread {
  /** One number per round. */
  readonly samples: readonly number[]
  /** This divided by C++, round by round; undefined for C++ itself, or without it. */
  readonly ratio: Spread | undefined
}

export interface GoalResult {
  readonly subject: string
  readonly text: string
  /** Undefined when it was not measured. */
  readonly value: number | undefined
  readonly limit: string
  readonly isMet: boolean
}

export interface Results {
  readonly name: string
  readonly date: string
  readonly rounds: number
  readonly seconds: number
  readonly machine: Machine
  readonly subjects: readonly string[]
  /** By row, metric and subject. */
  readonly rows: Readonly<Record<string, Record<string, Record<string, Cell>>>>
  readonly goals: readonly GoalResult[]
}

/** Reads medians and ratios of one subject. */
export interface Lookup {
  median(row: string, metric: string, subject?: string): number | undefined
  ratio(row: string, metric: string): number | undefined
}

export class Collector {
  readonly #rows = new Map<string, Map<string, Map<string, number[]>>>()

  add(subject: string, { row, ...metrics }: Row): void {
    for (const [metric, value] of Object.entries(metrics)) {
      if (typeof value !== 'number') continue
      const byMetric = getOrAdd(this.#rows, row, () => new Map<string, Map<string, number[]>>())
      const bySubject = getOrAdd(byMetric, metric, () => new Map<string, number[]>())
      getOrAdd(bySubject, subject, () => [] as number[]).push(value)
    }
  }

  finish(benchmark: Benchmark, subjects: readonly Subject[], context: Context): Results {
    const rows = Object.fromEntries(
      [...this.#rows].map(([row, byMetric]) => [
        row,
        Object.fromEntries([...byMetric].map(([metric, it]) => [metric, cellsOf(it)])),
      ]),
    )
    const goals = subjects
      .filter(({ kind }) => kind === 'ours')
      .flatMap((subject) =>
        (benchmark.goals?.(subject) ?? []).map((goal) => judge(goal, subject, rows)),
      )
    return {
      name: benchmark.name,
      date: new Date().toISOString().slice(0, 10),
      rounds: context.rounds,
      seconds: context.seconds,
      machine: describeMachine(),
      subjects: subjects.map(({ name }) => name),
      rows,
      goals,
    }
  }
}

/** Returns the path of the file. */
export function writeResults(results: Results, directory: string): string {
  mkdirSync(directory, { recursive: true })
  const path = join(directory, `${results.name}.json`)
  writeFileSync(path, `${JSON.stringify(results, undefined, 1)}\n`)
  return path
}

function cellsOf(bySubject: ReadonlyMap<string, number[]>): Record<string, Cell> {
  const base = bySubject.get(CPP.name)
  const cells = [...bySubject].map(([subject, samples]): [string, Cell] => {
    // Within one round, since neighbours in time share the mood of the machine.
    const ratios = samples.flatMap((it, i) => (base?.[i] ? [it / base[i]] : []))
    const hasRatio = subject !== CPP.name && ratios.length > 0
    return [
      subject,
      { ...spreadOf(samples), samples, ratio: hasRatio ? spreadOf(ratios) : undefined },
    ]
  })
  return Object.fromEntries(cells)
}

function judge(goal: Goal, subject: Subject, rows: Results['rows']): GoalResult {
  const lookup: Lookup = {
    median: (row, metric, name = subject.name) => rows[row]?.[metric]?.[name]?.median,
    ratio: (row, metric) => rows[row]?.[metric]?.[subject.name]?.ratio?.median,
  }
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY, text } = goal
  const value = goal.value(lookup)
  const limit = goal.atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`
  const isMet = value !== undefined && value <= atMost && value >= atLeast
  return { subject: subject.name, text, value, limit, isMet }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const created = create()
  map.set(key, created)
  return created
}
