// SPDX-License-Identifier: MIT
// A lookup as a picture: from left to right the nodes in the order in which they came up, the
// closer to the key the higher. The table below it says the same in words.

import type { SearchJson } from '../../../src/proxy/server/inspect/inspection-types.ts'
import { shortId } from '../data/format.ts'
import type { Step } from '../data/lookup-track.ts'

const WIDTH = 900
const HEIGHT = 290
const LEFT = 46
const RIGHT = 20
const TOP = 48
const BOTTOM = 38

export function LookupPicture({ search, steps }: LookupPictureProps) {
  const deepest = Math.max(4, ...steps.map(({ commonBits }) => commonBits))
  // Those of one look came together: then the farthest is first, as if it had led to the others.
  const order = [...steps].sort((a, b) => a.look - b.look || a.commonBits - b.commonBits)
  const placed = order.map((step, i) => ({
    step,
    x: LEFT + ((i + 0.5) * (WIDTH - LEFT - RIGHT)) / Math.max(order.length, 8),
    y: TOP + (HEIGHT - TOP - BOTTOM) * (1 - step.commonBits / deepest),
  }))
  const best = frontier(placed)
  return (
    <svg
      class="lookup"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Lookup of ${shortId(search.key)}: ${steps.length} nodes came up`}
    >
      <Axis deepest={deepest} />
      <polyline class="lookup-path" points={best.map(({ x, y }) => `${x},${y}`).join(' ')} />
      {placed.map(({ step, x, y }) => (
        <g key={step.id} class={`step ${stateOf(step)}`}>
          <title>{`${step.id}\nshares ${step.commonBits} bits: ${stateOf(step)}`}</title>
          <circle cx={x} cy={y} r={7} />
        </g>
      ))}
    </svg>
  )
}

interface LookupPictureProps {
  readonly search: SearchJson
  readonly steps: readonly Step[]
}

interface Placed {
  readonly step: Step
  readonly x: number
  readonly y: number
}

/** Each node that was closer than all before it. */
function frontier(placed: readonly Placed[]): Placed[] {
  const best: Placed[] = []
  for (const it of placed) {
    if (best.length === 0 || it.step.commonBits > best.at(-1)!.step.commonBits) best.push(it)
  }
  return best
}

function Axis({ deepest }: { deepest: number }) {
  const step = Math.max(1, Math.ceil(deepest / 6))
  const ticks = Array.from({ length: Math.floor(deepest / step) + 1 }, (_, i) => i * step)
  return (
    <g class="lookup-axis">
      {ticks.map((bits) => {
        const y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - bits / deepest)
        return (
          <g key={bits}>
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={y} y2={y} />
            <text x={LEFT - 10} y={y + 4} text-anchor="end">
              {bits}
            </text>
          </g>
        )
      })}
      <text x={8} y={22}>
        bits shared with the key
      </text>
      <text x={WIDTH - RIGHT} y={HEIGHT - 6} text-anchor="end">
        in the order in which they came up
      </text>
    </g>
  )
}

function stateOf({ isGone, hasAnswered, isAsked, isMember }: Step): string {
  if (isGone) return 'gone'
  if (hasAnswered) return 'answered'
  if (isAsked) return 'asked'
  return isMember ? 'listed' : 'left'
}
