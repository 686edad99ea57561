// SPDX-License-Identifier: MIT
// The routing tables: as a ring of ids, and as a table.

import { useState } from 'preact/hooks'
import type { NetworkJson, TableJson } from '../../../src/proxy/server/inspect/inspection-types.ts'
import { formatAgo, formatCount, formatMs, formatNumberOf } from '../data/format.ts'
import { commonBits } from '../data/ring-layout.ts'
import { Badge, Choice, CopyButton, Head } from '../parts/basics.tsx'
import { describe, IdRing, peerKey, type RingNode } from '../parts/id-ring.tsx'
import { ScrollTable } from '../parts/scroll-table.tsx'
import { useShown } from '../parts/use-shown.ts'
import { Waiting } from '../parts/waiting.tsx'
import { network } from '../state/live.ts'

type Families = 'both' | 'ipv4' | 'ipv6'

const LEAD =
  'Peers by their ids: around the circle by value, and the closer to the middle, the more ' +
  'leading bits they share with this node. The band at the edge shows the buckets.'

export function NetworkView() {
  const [families, setFamilies] = useState<Families>('both')
  const [picked, setPicked] = useState<{ readonly peer: string } | undefined>(undefined)
  const pick = (peer: string) => setPicked({ peer })
  const state = network.value
  if (state === undefined) {
    return (
      <>
        <Head title="Network" />
        <Waiting />
      </>
    )
  }
  const tables = tablesOf(state, families)
  const nodes = tables.flatMap(({ family, table }) =>
    table.buckets.flatMap((bucket) => bucket.nodes.map((node) => ({ ...node, family }))),
  )
  // One band has room for one family: that with more buckets.
  const [first, second] = tables.map(({ table }) => table.buckets)
  const buckets = (second?.length ?? 0) > (first?.length ?? 0) ? second : first
  return (
    <>
      <Head title="Network" lead={LEAD}>
        <Choice
          label="Families"
          chosen={families}
          onChoose={setFamilies}
          options={[
            { value: 'both', text: 'Both' },
            { value: 'ipv4', text: `IPv4 (${countOf(state.ipv4)})` },
            { value: 'ipv6', text: `IPv6 (${countOf(state.ipv6)})` },
          ]}
        />
      </Head>
      <div class="network">
        <section class="card">
          <IdRing
            own={state.nodeId}
            nodes={nodes}
            buckets={buckets ?? []}
            picked={picked?.peer}
            onPick={pick}
          />
          <RingLegend />
        </section>
        <div class="stack">
          <Facts state={state} nodes={nodes} />
          <NodeCard nodes={nodes} own={state.nodeId} picked={picked} />
        </div>
      </div>
      <PeerTable nodes={nodes} own={state.nodeId} picked={picked?.peer} onPick={pick} />
    </>
  )
}

function tablesOf({ ipv4, ipv6 }: NetworkJson, families: Families) {
  const tables: { family: 4 | 6; table: TableJson }[] = []
  if (families !== 'ipv6') tables.push({ family: 4, table: ipv4 })
  if (families !== 'ipv4') tables.push({ family: 6, table: ipv6 })
  return tables
}

function countOf({ buckets }: TableJson): number {
  return buckets.reduce((count, { nodes }) => count + nodes.length, 0)
}

function Facts({ state: { ipv4, ipv6 }, nodes }: { state: NetworkJson; nodes: RingNode[] }) {
  const trips = nodes.flatMap(({ roundTrip }) => (roundTrip === null ? [] : [roundTrip]))
  trips.sort((a, b) => a - b)
  const median = trips[Math.floor(trips.length / 2)]
  const size = Math.max(ipv4.stats.networkSize, ipv6.stats.networkSize)
  return (
    <section class="card">
      <h2>In all</h2>
      <dl class="facts">
        <dt>Network, estimated</dt>
        <dd>{formatNumberOf(size, 'node')}</dd>
        <dt>Good peers</dt>
        <dd>{formatCount(nodes.filter(({ isGood }) => isGood).length)}</dd>
        <dt>Others</dt>
        <dd>{formatCount(nodes.filter(({ isGood }) => !isGood).length)}</dd>
        <dt>Remembered</dt>
        <dd>{formatCount(ipv4.stats.cached + ipv6.stats.cached)}</dd>
        <dt>Buckets</dt>
        <dd>
          IPv4 {ipv4.buckets.length}, IPv6 {ipv6.buckets.length}
        </dd>
        <dt>Round trip, median</dt>
        <dd>{median === undefined ? '–' : formatMs(median)}</dd>
      </dl>
    </section>
  )
}

interface NodeCardProps {
  readonly nodes: readonly RingNode[]
  readonly own: string
  readonly picked: { readonly peer: string } | undefined
}

function NodeCard({ nodes, own, picked }: NodeCardProps) {
  const card = useShown<HTMLElement>(picked)
  const node = nodes.find((it) => peerKey(it) === picked?.peer)
  return (
    <section class="card" aria-live="polite" ref={card}>
      <h2>Peer</h2>
      {node === undefined ? (
        <p class="muted">Click one in the ring or in the table.</p>
      ) : (
        <dl class="facts">
          <dt>Id</dt>
          <dd>
            <span class="mono">{node.id}</span> <CopyButton text={node.id} />
          </dd>
          <dt>Address</dt>
          <dd class="mono">{node.address}</dd>
          <dt>Shares</dt>
          <dd>{formatNumberOf(commonBits(node.id, own), 'bit')} with this node</dd>
          <dt>State</dt>
          <dd>{describe(node)}</dd>
          <dt>Last answer</dt>
          <dd>{formatAgo(node.repliedAgo)}</dd>
        </dl>
      )}
    </section>
  )
}

function RingLegend() {
  const kinds = [
    ['fast', 'answers below 60 ms'],
    ['middling', 'below 250 ms'],
    ['slow', 'slower'],
    ['unknown', 'not measured'],
    ['dubious', 'dubious'],
  ]
  return (
    <p class="legend">
      {kinds.map(([kind, text]) => (
        <span key={kind}>
          <svg class="legend-dot" viewBox="0 0 14 14" aria-hidden="true">
            <g class={`peer ${kind === 'dubious' ? 'unknown dubious' : kind}`}>
              <circle cx={7} cy={7} r={5} />
            </g>
          </svg>
          {text}
        </span>
      ))}
      <span>round: IPv4, square: IPv6, side by side: both</span>
    </p>
  )
}

const PEER_COLUMNS = ['Id', 'Address', '#Shared bits', '#Round trip', 'Seen', 'State']

interface PeerTableProps {
  readonly nodes: readonly RingNode[]
  readonly own: string
  readonly picked: string | undefined
  readonly onPick: (peer: string) => void
}

function PeerTable({ nodes, own, picked, onPick }: PeerTableProps) {
  const rows = nodes
    .map((node) => ({ node, bits: commonBits(node.id, own) }))
    .sort((a, b) => b.bits - a.bits || (a.node.id < b.node.id ? -1 : 1))
  return (
    <section class="card">
      <h2>Peers</h2>
      {rows.length === 0 && <p class="empty">No peers yet.</p>}
      {rows.length > 0 && (
        <ScrollTable label="Peers of the routing table" columns={PEER_COLUMNS}>
          {rows.map(({ node, bits }) => (
            <tr key={peerKey(node)} class={peerKey(node) === picked ? 'picked' : ''}>
              <td>
                <button
                  type="button"
                  class="link mono"
                  aria-pressed={peerKey(node) === picked}
                  onClick={() => onPick(peerKey(node))}
                >
                  {node.id.slice(0, 12)}
                </button>
              </td>
              <td class="mono">{node.address}</td>
              <td class="number">{bits}</td>
              <td class="number">{node.roundTrip === null ? '–' : formatMs(node.roundTrip)}</td>
              <td>{formatAgo(node.seenAgo)}</td>
              <td>
                <StateBadge node={node} />
              </td>
            </tr>
          ))}
        </ScrollTable>
      )}
    </section>
  )
}

function StateBadge({ node: { isGood, isExpired } }: { node: RingNode }) {
  if (isExpired) return <Badge tone="bad">expired</Badge>
  return isGood ? <Badge tone="good">good</Badge> : <Badge tone="warn">dubious</Badge>
}
