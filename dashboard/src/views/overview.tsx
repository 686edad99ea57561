// SPDX-License-Identifier: MIT
// The node at a glance: can it be used, who does it know, what goes through it, what does it hold.

import type { OverviewJson } from '../../../src/proxy/server/inspect/inspection-types.ts'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumberOf,
  formatRate,
} from '../data/format.ts'
import { Badge, CopyButton, Head, KeyLink, Tile } from '../parts/basics.tsx'
import { Chart } from '../parts/chart.tsx'
import { ScrollTable } from '../parts/scroll-table.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { overview, storage } from '../state/live.ts'

/** Why a family or the node cannot be used, for people. */
const REASONS: Readonly<Record<string, string>> = {
  ready: 'ready',
  'shutting-down': 'is shutting down',
  closed: 'was closed',
  'no-socket': 'not used',
  'no-bootstrap': 'knows nobody to ask',
  unreachable: 'nobody answered',
  starting: 'is starting',
  'network-down': 'the system cannot send',
  silent: 'peers do not answer any more',
  'empty-table': 'the last peer was lost',
  connecting: 'is looking for peers',
}

export function OverviewView() {
  const state = overview.value
  if (state === undefined) {
    return (
      <>
        <Head title="Overview" />
        <Waiting />
      </>
    )
  }
  return (
    <>
      <Head title="Overview">
        <ReadyBadge state={state} />
      </Head>
      <Tiles state={state} />
      <div class="grid wide">
        <Chart
          title="Traffic"
          format={(value) => `${formatBytes(value)}/s`}
          lines={[
            { series: 'bytesIn', label: 'in' },
            { series: 'bytesOut', label: 'out' },
          ]}
        />
        <Chart
          title="Messages per second"
          format={formatRate}
          lines={[
            { series: 'messagesIn', label: 'in' },
            { series: 'messagesOut', label: 'out' },
          ]}
        />
        <Chart
          title="Proxy"
          format={formatRate}
          lines={[
            { series: 'requests', label: 'requests/s' },
            { series: 'listens', label: 'listens' },
          ]}
        />
        <Chart
          title="Peers"
          format={formatRate}
          lines={[
            { series: 'good', label: 'good' },
            { series: 'dubious', label: 'dubious' },
          ]}
        />
        <NodeCard state={state} />
        <StorageCard />
      </div>
    </>
  )
}

function ReadyBadge({ state: { readiness } }: { state: OverviewJson }) {
  const { ready, status } = readiness
  return (
    <span role="status">
      <Badge tone={ready ? 'good' : 'warn'}>
        {ready ? 'Ready' : `Not ready: ${REASONS[status] ?? status}`}
      </Badge>
    </span>
  )
}

function Tiles({ state: { stats, proxy, process } }: { state: OverviewJson }) {
  if (stats === undefined) return null
  const { ipv4, ipv6, storage: held } = stats
  const bytes = formatBytes(held.remoteBytes + held.localBytes)
  const families = ipv6.good + ipv6.dubious > 0 ? `IPv4 ${ipv4.good}, IPv6 ${ipv6.good}; ` : ''
  return (
    <div class="tiles">
      <Tile
        label="Good peers"
        figure={formatCount(ipv4.good + ipv6.good)}
        note={`${families}${formatCount(ipv4.dubious + ipv6.dubious)} dubious`}
      />
      <Tile
        label="Network, estimated"
        figure={formatCount(Math.max(ipv4.networkSize, ipv6.networkSize))}
        note={`table depth ${Math.max(ipv4.tableDepth, ipv6.tableDepth)}`}
      />
      <Tile
        label="Values stored"
        figure={formatCount(held.values)}
        note={`${bytes} under ${formatNumberOf(held.keys, 'key')}`}
      />
      <Tile
        label="Listeners"
        figure={formatCount(held.listeners)}
        note={formatNumberOf(stats.operations, 'own operation')}
      />
      <Tile
        label="HTTP connections"
        figure={formatCount(proxy.connections)}
        note={`${formatRate(proxy.requestRate)} requests/s`}
      />
      <Tile
        label="Memory"
        figure={formatBytes(process.residentBytes)}
        note={`up ${formatDuration(process.upMs)}`}
      />
    </div>
  )
}

function NodeCard({ state }: { state: OverviewJson }) {
  const { nodeId, keyId, readiness, addresses, version, process } = state
  return (
    <section class="card">
      <h2>Node</h2>
      <dl class="facts">
        <dt>Id</dt>
        <dd>
          <span class="mono">{nodeId}</span> <CopyButton text={nodeId} />
        </dd>
        {keyId !== null && (
          <>
            <dt>Public key</dt>
            <dd class="mono">{keyId}</dd>
          </>
        )}
        <dt>IPv4</dt>
        <dd>{REASONS[readiness.ipv4] ?? readiness.ipv4}</dd>
        <dt>IPv6</dt>
        <dd>{REASONS[readiness.ipv6] ?? readiness.ipv6}</dd>
        <dt>Listens at</dt>
        <dd class="mono">{addresses.bound.join(', ') || '–'}</dd>
        <dt>Seen by peers as</dt>
        <dd class="mono">{addresses.seen.join(', ') || 'not known yet'}</dd>
        <dt>Version</dt>
        <dd>{version}</dd>
        <dt>CPU time</dt>
        <dd>{formatDuration(process.cpuMs)}</dd>
      </dl>
    </section>
  )
}

function StorageCard() {
  const held = storage.value
  return (
    <section class="card">
      <h2>Stored here</h2>
      {held?.isTooLarge && <p class="muted">Too many values to list them.</p>}
      {held !== undefined && !held.isTooLarge && held.keys.length === 0 && (
        <p class="empty">Nothing yet: this node holds what is close to its id.</p>
      )}
      {held !== undefined && held.keys.length > 0 && (
        <ScrollTable label="Keys stored here" columns={['Key', '#Values', '#Size', '#Listeners']}>
          {held.keys.map(({ key, values, bytes, localListeners, remoteListeners }) => (
            <tr key={key}>
              <td>
                <KeyLink id={key}>{`${key.slice(0, 16)}…`}</KeyLink>
              </td>
              <td class="number">{formatCount(values)}</td>
              <td class="number">{formatBytes(bytes)}</td>
              <td class="number">{formatCount(localListeners + remoteListeners)}</td>
            </tr>
          ))}
        </ScrollTable>
      )}
    </section>
  )
}
