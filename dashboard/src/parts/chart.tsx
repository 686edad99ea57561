// SPDX-License-Identifier: MIT
// A chart of one or two lines over time, drawn by uPlot. The numbers of the latest sample are text
// above it, which is also what a screen reader gets.

import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { formatClock } from '../data/format.ts'
import { history, type SeriesName } from '../state/history.ts'
import { isDark } from '../state/theme.ts'

export interface ChartLine {
  readonly series: SeriesName
  readonly label: string
}

export interface ChartProps {
  readonly title: string
  readonly lines: readonly [ChartLine] | readonly [ChartLine, ChartLine]
  readonly format: (value: number) => string
}

const SWATCHES = ['one', 'two']

export function Chart({ title, lines, format }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const { at, columns } = history.value
  const dark = isDark()

  useEffect(() => {
    const element = box.current!
    const made = new uPlot(options(element, lines, format), dataOf(lines), element)
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize(sizeOf(element)))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [dark])

  // In the frame of the numbers above: a frame of its own would cost as much again.
  useLayoutEffect(() => plot.current?.setData(dataOf(lines)), [at])

  return (
    <section class="card">
      <div class="card-head">
        <h2>{title}</h2>
        <div class="legend">
          {lines.map(({ series, label }, i) => (
            <span key={series}>
              <span class={`swatch ${SWATCHES[i]}`} aria-hidden="true" />
              {label} <b>{format(columns[series].at(-1) ?? 0)}</b>
            </span>
          ))}
        </div>
      </div>
      <div class="chart" ref={box} aria-hidden="true" />
    </section>
  )
}

function dataOf(lines: ChartProps['lines']): uPlot.AlignedData {
  const { at, columns } = history.peek()
  return [[...at], ...lines.map(({ series }) => [...columns[series]])] as uPlot.AlignedData
}

function options(
  element: HTMLElement,
  lines: ChartProps['lines'],
  format: (value: number) => string,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  }
  return {
    ...sizeOf(element),
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.15)] } },
    axes: [
      { ...axis, space: 90, size: 24, values: (_, ticks) => ticks.map(formatClock) },
      { ...axis, size: 58, space: 36, values: (_, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...lines.map((_, i) => ({
        stroke: colour(`--series-${i + 1}`),
        width: 2,
        points: { show: false },
        ...(i === 0 ? { fill: `${colour('--series-1')}1f` } : {}),
      })),
    ],
  }
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  return { width: Math.max(120, element.clientWidth), height: element.clientHeight || 144 }
}
