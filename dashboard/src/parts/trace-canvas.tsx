// SPDX-License-Identifier: MIT
// One moment of a simulated network: nodes in a circle, datagrams between them.

import { useEffect, useRef } from 'preact/hooks'
import type { Flight, TraceModel } from '../data/trace-model.ts'
import { isDark } from '../state/theme.ts'

/** More would be a carpet. */
const MAX_DRAWN = 2500
const SIZE = 720
const RADIUS = 318

interface Colours {
  readonly line: string
  readonly text: string
  readonly muted: string
  readonly up: string
  readonly lost: string
  readonly request: string
  readonly reply: string
  readonly data: string
}

export function TraceCanvas({ model, at }: { model: TraceModel; at: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const dark = isDark()
  useEffect(() => {
    const element = canvas.current!
    const scale = Math.min(2, devicePixelRatio)
    if (element.width !== SIZE * scale) {
      element.width = SIZE * scale
      element.height = SIZE * scale
    }
    const context = element.getContext('2d')!
    context.setTransform(scale, 0, 0, scale, 0, 0)
    draw(context, model, at)
  }, [model, at, dark])
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label="The network at this moment; the events beside it say what happens"
    />
  )
}

function draw(context: CanvasRenderingContext2D, model: TraceModel, at: number): void {
  const colours = readColours()
  context.clearRect(0, 0, SIZE, SIZE)
  const count = model.nodes.length
  for (const flight of model.flying(at, MAX_DRAWN)) drawFlight(context, flight, at, count, colours)
  const radius = Math.max(2.5, Math.min(9, 500 / count))
  context.font = '11px system-ui, sans-serif'
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  for (const node of model.nodes) {
    if (node === undefined) continue
    const { x, y } = placeOf(node.index, count, RADIUS)
    const isUp = model.isUp(node, at)
    context.beginPath()
    context.arc(x, y, radius, 0, 2 * Math.PI)
    context.fillStyle = isUp ? colours.up : colours.line
    context.fill()
    if (count > 64) continue
    const label = placeOf(node.index, count, RADIUS + 22)
    context.fillStyle = isUp ? colours.text : colours.muted
    context.fillText(String(node.index), label.x, label.y)
  }
}

function drawFlight(
  context: CanvasRenderingContext2D,
  flight: Flight,
  at: number,
  count: number,
  colours: Colours,
): void {
  const from = placeOf(flight.from, count, RADIUS)
  // Whoever has no such address is outside.
  const to =
    flight.to === undefined
      ? placeOf(flight.from, count, SIZE / 2)
      : placeOf(flight.to, count, RADIUS)
  const part = (at - flight.sentAt) / Math.max(1, flight.endAt - flight.sentAt)
  // What is lost stops half way.
  const way = flight.dropped === undefined ? part : Math.min(part, 0.5)
  const x = from.x + (to.x - from.x) * way
  const y = from.y + (to.y - from.y) * way
  const colour = flight.dropped === undefined ? colourOf(flight.kind, colours) : colours.lost
  context.strokeStyle = colour
  context.globalAlpha = 0.22
  context.beginPath()
  context.moveTo(from.x, from.y)
  context.lineTo(x, y)
  context.stroke()
  context.globalAlpha = 1
  context.fillStyle = colour
  context.beginPath()
  context.arc(x, y, flight.bytes > 600 ? 4.5 : 3, 0, 2 * Math.PI)
  context.fill()
}

function placeOf(index: number, count: number, radius: number): { x: number; y: number } {
  const angle = (2 * Math.PI * index) / Math.max(1, count) - Math.PI / 2
  return { x: SIZE / 2 + radius * Math.cos(angle), y: SIZE / 2 + radius * Math.sin(angle) }
}

function colourOf(kind: string, colours: Colours): string {
  if (kind === 'reply' || kind === 'error') return colours.reply
  return ['put', 'push', 'fragment', 'update'].includes(kind) ? colours.data : colours.request
}

function readColours(): Colours {
  const style = getComputedStyle(document.documentElement)
  const read = (name: string): string => style.getPropertyValue(name).trim()
  return {
    line: read('--line'),
    text: read('--text'),
    muted: read('--muted'),
    up: read('--good'),
    lost: read('--bad'),
    request: read('--series-1'),
    reply: read('--muted'),
    data: read('--series-2'),
  }
}
