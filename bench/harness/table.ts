// SPDX-License-Identifier: MIT
// Results as Markdown tables, which read well on a terminal too: one per metric, a row per
// operation, a column per subject, with median, spread and ratio to C++.

import type { Metric } from './benchmark.ts'
import type { Cell, GoalResult, Results } from './results.ts'
import type { Spread } from './statistics.ts'

export function renderResults(results: Results, metrics: readonly Metric[]): string {
  const tables = metrics.flatMap((metric) => renderMetric(results, metric))
  return [...tables, ...renderGoals(results.goals)].join('\n\n')
}

export function formatNumber(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en-US')
  if (size >= 10) return value.toFixed(1)
  return size >= 0.1 || size === 0 ? value.toFixed(2) : value.toPrecision(2)
}

function renderMetric(
  { rows, subjects }: Results,
  { name, label, unit, better }: Metric,
): string[] {
  const withMetric = Object.entries(rows).filter(([, byMetric]) => byMetric[name] !== undefined)
  if (withMetric.length === 0) return []
  const present = subjects.filter((it) => withMetric.some(([, row]) => row[name]![it]))
  const lines = withMetric.map(([row, byMetric]) => [
    row,
    ...present.map((subject) => renderCell(byMetric[name]![subject], better !== undefined)),
  ])
  const note = better === undefined ? '' : `, ${better} is better`
  return [`**${label}**, ${unit}${note}\n\n${table(['', ...present], lines)}`]
}

function renderCell(cell: Cell | undefined, hasRatio: boolean): string {
  if (cell === undefined) return '–'
  const ratio =
    cell.ratio === undefined || !hasRatio ? '' : ` · ×${formatNumber(cell.ratio.median)}`
  return `${formatNumber(cell.median)}${range(cell, cell.samples.length)}${ratio}`
}

function range({ min, max }: Spread, count: number): string {
  return count < 2 ? '' : ` (${formatNumber(min)}–${formatNumber(max)})`
}

function renderGoals(goals: readonly GoalResult[]): string[] {
  if (goals.length === 0) return []
  const lines = goals.map(({ subject, text, value, limit, isMet }) => [
    text,
    subject,
    limit,
    value === undefined ? '–' : formatNumber(value),
    verdict(value, isMet),
  ])
  return [table(['goal', 'of', 'limit', 'measured', 'met'], lines)]
}

function verdict(value: number | undefined, isMet: boolean): string {
  if (value === undefined) return 'not measured'
  return isMet ? 'yes' : '**no**'
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [head, ...lines]
  const widths = head.map((_, i) => Math.max(3, ...all.map((line) => line[i]!.length)))
  const render = (line: readonly string[]) =>
    `| ${line.map((text, i) => text.padEnd(widths[i]!)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [render(head), rule, ...lines.map(render)].join('\n')
}
