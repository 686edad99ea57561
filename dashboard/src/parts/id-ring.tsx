// SPDX-License-Identifier: MIT
// The routing table as a picture: all ids around a circle, buckets at its edge, peers inside, the
// closer to the middle the closer to this node.

import type { BucketJson, NodeJson } from '../../../src/proxy/server/inspect/inspection-types.ts'
import { formatAgo, formatMs, formatNumberOf, shortId } from '../data/format.ts'
import {
  arcPath,
  commonBits,
  type Place,
  placeOf,
  pointAt,
  RING_MIDDLE,
  RING_SIZE,
  radiusOf,
  turnOf,
} from '../data/ring-layout.ts'

export interface RingNode extends NodeJson {
  readonly family: 4 | 6
}

export interface IdRingProps {
  readonly own: string
  readonly nodes: readonly RingNode[]
  readonly buckets: readonly BucketJson[]
  readonly picked: string | undefined
  /** With the `peerKey` of one. */
  readonly onPick: (peer: string) => void
}

/** Tells apart what the two families know of one peer. */
export function peerKey({ family, id }: Pick<RingNode, 'family' | 'id'>): string {
  return `${family}${id}`
}

const BUCKET_RADIUS = 292
const GAP = 0.003
const MAX_RINGS = 8
/** Between the middles of both, which stand side by side. */
const TWIN_GAP = 20

export function IdRing({ own, nodes, buckets, picked, onPick }: IdRingProps) {
  const deepest = Math.max(2, ...nodes.map(({ id }) => commonBits(id, own)))
  const twins = new Set(
    nodes.map(({ id, family }) => peerKey({ id, family: family === 4 ? 6 : 4 })),
  )
  return (
    <svg
      class="ring"
      viewBox={`0 0 ${RING_SIZE} ${RING_SIZE}`}
      role="img"
      aria-label={`${formatNumberOf(nodes.length, 'peer')} around this node: see the table below`}
    >
      <Levels deepest={deepest} />
      <Buckets buckets={buckets} />
      {nodes.map((node) => (
        <Peer
          key={peerKey(node)}
          node={node}
          at={placeOf(node.id, own, deepest)}
          hasTwin={twins.has(peerKey(node))}
          isPicked={peerKey(node) === picked}
          onPick={onPick}
        />
      ))}
      <OwnMark own={own} />
    </svg>
  )
}

/** Circles of equal closeness. */
function Levels({ deepest }: { deepest: number }) {
  const step = Math.ceil(deepest / MAX_RINGS)
  const levels = Array.from({ length: Math.floor(deepest / step) + 1 }, (_, i) => i * step)
  return (
    <g class="ring-levels">
      {levels.map((bits) => {
        const radius = radiusOf(bits, deepest)
        return (
          <g key={bits}>
            <circle cx={RING_MIDDLE} cy={RING_MIDDLE} r={radius} />
            <text x={RING_MIDDLE + 4} y={RING_MIDDLE - radius - 3}>
              {bits === 0 ? '0 bits shared' : bits}
            </text>
          </g>
        )
      })}
    </g>
  )
}

function Buckets({ buckets }: { buckets: readonly BucketJson[] }) {
  return (
    <g class="ring-buckets">
      {buckets.map((bucket, i) => {
        const { first, nodes } = bucket
        const from = turnOf(first)
        const next = buckets[i + 1]
        const to = next === undefined ? 1 : turnOf(next.first)
        const inner = Math.max(from + GAP / 2, from)
        return (
          <path
            key={first}
            class={nodes.length >= 8 ? 'full' : nodes.length === 0 ? 'none' : 'some'}
            d={arcPath(inner, Math.max(inner + 0.0008, to - GAP / 2), BUCKET_RADIUS)}
          >
            <title>{describeBucket(bucket)}</title>
          </path>
        )
      })}
    </g>
  )
}

function describeBucket({ first, nodes, updatedAgo }: BucketJson): string {
  const peers = `${formatNumberOf(nodes.length, 'peer')}, updated ${formatAgo(updatedAgo)}`
  return `Bucket from ${shortId(first)}: ${peers}`
}

function OwnMark({ own }: { own: string }) {
  const edge = pointAt(turnOf(own), BUCKET_RADIUS - 14)
  return (
    <g class="ring-own">
      <line x1={RING_MIDDLE} y1={RING_MIDDLE} x2={edge.x} y2={edge.y} />
      <circle cx={RING_MIDDLE} cy={RING_MIDDLE} r={10} />
      <text x={RING_MIDDLE} y={RING_MIDDLE + 28} text-anchor="middle">
        this node
      </text>
    </g>
  )
}

interface PeerProps {
  readonly node: RingNode
  readonly at: Place
  /** Whether the other family knows this peer, too: both are at one place of the ring. */
  readonly hasTwin: boolean
  readonly isPicked: boolean
  readonly onPick: (peer: string) => void
}

/** IPv4 round, IPv6 square. The table has the same for keyboard and screen reader. */
function Peer({ node, at, hasTwin, isPicked, onPick }: PeerProps) {
  const size = isPicked ? 10 : 7
  const aside = hasTwin ? TWIN_GAP / 2 : 0
  const x = node.family === 4 ? at.x - aside : at.x + aside
  const { y } = at
  const kind = [
    'peer',
    speedClass(node),
    node.isGood ? '' : 'dubious',
    isPicked ? 'picked' : '',
  ].join(' ')
  const title = `${shortId(node.id)} ${node.address}\n${describe(node)}`
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table does it for keyboards
    <g class={kind} onClick={() => onPick(peerKey(node))}>
      <title>{title}</title>
      {node.family === 4 ? (
        <circle cx={x} cy={y} r={size} />
      ) : (
        <rect x={x - size} y={y - size} width={2 * size} height={2 * size} rx={2} />
      )}
    </g>
  )
}

export function describe({ isGood, isExpired, roundTrip, seenAgo }: NodeJson): string {
  const state = isExpired ? 'expired' : isGood ? 'good' : 'dubious'
  const trip = roundTrip === null ? 'round trip unknown' : `round trip ${formatMs(roundTrip)}`
  return `${state}, ${trip}, seen ${formatAgo(seenAgo)}`
}

export function speedClass({ roundTrip, isExpired }: NodeJson): string {
  if (isExpired) return 'gone'
  if (roundTrip === null) return 'unknown'
  if (roundTrip < 60) return 'fast'
  return roundTrip < 250 ? 'middling' : 'slow'
}
