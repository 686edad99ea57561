// SPDX-License-Identifier: MIT
// One metric of a run as horizontal bars in SVG: medians, with a line over the range of the rounds.
// Written by hand: the chart libraries that draw without a browser weigh tens of megabytes.

import type { Metric } from './benchmark.ts'
import type { Results } from './results.ts'
import { formatNumber } from './table.ts'

const COLORS = ['#2563eb', '#60a5fa', '#9ca3af', '#f59e0b', '#10b981', '#a855f7']
const LABELS = 230
const BARS = 400
const NUMBERS = 80
const BAR = 13
const GAP = 10
const HEAD = 44

export function renderPlot({ rows, subjects }: Results, metric: Metric): string {
  const groups = Object.entries(rows).flatMap(([row, byMetric]) => {
    const cells = byMetric[metric.name]
    return cells === undefined ? [] : [{ row, cells }]
  })
  const present = subjects.filter((it) => groups.some(({ cells }) => cells[it] !== undefined))
  const widest = Math.max(
    ...groups.flatMap(({ cells }) => Object.values(cells).map((it) => it.max)),
  )
  const scale = (value: number) => (widest > 0 ? (value / widest) * BARS : 0)
  const parts: string[] = [...legend(present)]
  let y = HEAD
  for (const { row, cells } of groups) {
    const drawn = present.filter((it) => cells[it] !== undefined)
    const middle = y + (drawn.length * BAR) / 2 + 4
    parts.push(text(LABELS - 8, middle, row, 'text-anchor="end"'))
    for (const subject of drawn) {
      const { median, min, max } = cells[subject]!
      const color = COLORS[present.indexOf(subject) % COLORS.length]!
      const line = y + BAR / 2
      parts.push(
        `<rect x="${LABELS}" y="${y}" width="${px(scale(median))}" height="${BAR - 2}" ` +
          `fill="${color}"/>`,
        `<path d="M${px(LABELS + scale(min))} ${line}H${px(LABELS + scale(max))}" ` +
          'stroke="#111827"/>',
        text(LABELS + scale(max) + 6, y + BAR - 3, formatNumber(median)),
      )
      y += BAR
    }
    y += GAP
  }
  return frame(`${metric.label}, ${metric.unit}`, y, parts)
}

function legend(subjects: readonly string[]): string[] {
  let x = LABELS
  return subjects.flatMap((subject, index) => {
    const left = x
    x += 30 + subject.length * 7
    const color = COLORS[index % COLORS.length]
    return [
      `<rect x="${left}" y="24" width="10" height="10" fill="${color}"/>`,
      text(left + 15, 33, subject),
    ]
  })
}

function frame(title: string, height: number, parts: readonly string[]): string {
  const width = LABELS + BARS + NUMBERS
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
      `width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(LABELS, 16, title, 'font-weight="bold"'),
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${px(x)}" y="${px(y)}" fill="#111827" ${attributes}>${escaped}</text>`
}

function px(value: number): string {
  return value.toFixed(1)
}
