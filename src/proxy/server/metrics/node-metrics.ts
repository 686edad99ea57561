// SPDX-License-Identifier: MIT
// The node behind the proxy on the metrics page: its status and readiness, tables, messages, drops,
// storage and sockets. All of it is copied from the node when the page is asked for.

import type { DhtStatus } from '../../../api/dht-interface.ts'
import type { Readiness } from '../../../core/readiness.ts'
import type { DhtStats, FamilyStats } from '../../../core/snapshots.ts'
import type { OpenMetrics, Sample } from './open-metrics.ts'

/** What is asked of a node; what one of them cannot say is left out of the page. */
export interface MetricsNode {
  stats(): Promise<DhtStats>
  status(): DhtStatus
  readiness?(): Readiness
  secureStats?(): object
  readonly transportStats?:
    | readonly { readonly family: number; readonly kind: string; readonly stats: object }[]
    | undefined
}

const FAMILIES = ['ipv4', 'ipv6'] as const
const STATUSES = ['connected', 'connecting', 'disconnected']
const READINESS = [
  'ready',
  'starting',
  'connecting',
  'silent',
  'empty-table',
  'network-down',
  'unreachable',
  'no-bootstrap',
  'no-socket',
  'closed',
]

export class NodeMetrics {
  readonly #node: MetricsNode

  constructor(node: MetricsNode) {
    this.#node = node
  }

  async write(page: OpenMetrics): Promise<void> {
    const stats = await this.#node.stats()
    this.#writeStatus(page)
    writeTables(page, stats)
    writeMessages(page, stats)
    writeStorage(page, stats)
    this.#writeSecure(page)
    this.#writeTransports(page)
  }

  #writeStatus(page: OpenMetrics): void {
    const status = this.#node.status()
    page.stateSet(
      { name: 'opendht_node_status', help: 'Whether the node is in the network.' },
      STATUSES,
      FAMILIES.map((family) => ({ labels: { family }, state: status[family] })),
    )
    const readiness = this.#node.readiness?.()
    if (readiness === undefined) return
    page.gauge(
      { name: 'opendht_node_ready', help: '1 while operations can succeed, as of /readyz.' },
      readiness.isReady ? 1 : 0,
    )
    page.stateSet(
      { name: 'opendht_node_readiness', help: 'Why the node is not ready, or that it is.' },
      READINESS,
      FAMILIES.map((family) => ({
        labels: { family },
        state: readiness[family].reason ?? 'ready',
      })),
    )
  }

  #writeSecure(page: OpenMetrics): void {
    const secure = this.#node.secureStats?.()
    if (secure === undefined) return
    page.counter(
      {
        name: 'opendht_secure_values',
        help: 'Signed and encrypted values and lookups of certificates, by what came of them.',
      },
      byLabel('outcome', secure),
    )
  }

  #writeTransports(page: OpenMetrics): void {
    const transports = this.#node.transportStats
    if (transports === undefined) return
    page.counter(
      {
        name: 'opendht_datagrams',
        help: 'Datagrams received and sent, and what became of the others.',
      },
      transports.flatMap(({ family, kind, stats }) =>
        byLabel('event', stats).map(({ labels, value }) => ({
          labels: { family: `ipv${family}`, transport: kind, ...labels },
          value,
        })),
      ),
    )
  }
}

function writeTables(page: OpenMetrics, stats: DhtStats): void {
  const perFamily = (field: keyof FamilyStats): Sample[] =>
    FAMILIES.map((family) => ({ labels: { family }, value: stats[family][field] }))
  page.gauge(
    { name: 'opendht_routing_nodes', help: 'Nodes in the routing table.' },
    FAMILIES.flatMap((family) =>
      (['good', 'dubious', 'incoming'] as const).map((state) => ({
        labels: { family, state },
        value: stats[family][state],
      })),
    ),
  )
  page.gauge({ name: 'opendht_known_nodes', help: 'Nodes remembered in all.' }, perFamily('cached'))
  page.gauge(
    { name: 'opendht_routing_table_depth', help: 'Depth of the routing table.' },
    perFamily('tableDepth'),
  )
  page.gauge(
    { name: 'opendht_network_size_estimate', help: 'Estimated number of nodes in the network.' },
    perFamily('networkSize'),
  )
  page.gauge(
    { name: 'opendht_searches', help: 'Searches kept, one per key.' },
    perFamily('searches'),
  )
  page.gauge(
    {
      name: 'opendht_operations',
      help: 'Gets, listens and puts under way, permanent puts included.',
    },
    stats.operations,
  )
}

function writeMessages(page: OpenMetrics, stats: DhtStats): void {
  const { messages, requests, bytes, fragments, dropped } = stats
  page.counter(
    { name: 'opendht_messages', help: 'Messages between nodes, by kind.' },
    (['in', 'out'] as const).flatMap((direction) =>
      Object.entries(messages[direction]).map(([kind, value]) => ({
        labels: { direction, kind },
        value,
      })),
    ),
  )
  page.counter(
    { name: 'opendht_messages_dropped', help: 'Messages that were not processed, by reason.' },
    byLabel('reason', dropped),
  )
  page.counter(
    { name: 'opendht_unproven_requests', help: 'Requests from addresses that may be forged.' },
    byLabel('event', stats.unproven),
  )
  page.counter(
    { name: 'opendht_put_checks', help: 'Puts that were verified.' },
    byLabel('event', stats.putChecks),
  )
  const { pending, ...outcomes } = requests
  page.gauge(
    { name: 'opendht_node_requests_pending', help: 'Requests to nodes without an answer yet.' },
    pending,
  )
  page.counter(
    { name: 'opendht_node_requests', help: 'Requests to nodes that did not go smoothly.' },
    byLabel('event', outcomes),
  )
  page.counter(
    { name: 'opendht_traffic_bytes', help: 'Payload of all datagrams.', unit: 'bytes' },
    [
      { labels: { direction: 'in' }, value: bytes.received },
      { labels: { direction: 'out' }, value: bytes.sent },
    ],
  )
  page.counter(
    { name: 'opendht_node_requests_delayed', help: 'Own requests that waited for a limit.' },
    bytes.delayed,
  )
  const { partialMessages, partialBytes, ...fragmentCounts } = fragments
  page.counter(
    { name: 'opendht_fragments', help: 'Parts of large messages.' },
    byLabel('event', fragmentCounts),
  )
  page.gauge(
    { name: 'opendht_partial_messages', help: 'Large messages whose parts have not all come.' },
    partialMessages,
  )
  page.gauge(
    { name: 'opendht_partial_messages_bytes', help: 'Memory of them.', unit: 'bytes' },
    partialBytes,
  )
}

function writeStorage(page: OpenMetrics, { storage }: DhtStats): void {
  page.gauge(
    { name: 'opendht_storage_keys', help: 'Keys that values are stored for.' },
    storage.keys,
  )
  page.gauge({ name: 'opendht_storage_values', help: 'Values stored.' }, storage.values)
  page.gauge(
    {
      name: 'opendht_storage_bytes',
      help: 'Memory of values, by who put them.',
      unit: 'bytes',
    },
    [
      { labels: { owner: 'others' }, value: storage.remoteBytes },
      { labels: { owner: 'self' }, value: storage.localBytes },
    ],
  )
  page.gauge(
    { name: 'opendht_storage_listeners', help: 'Listeners of other nodes.' },
    storage.listeners,
  )
  const { refused, ...counters } = storage.counters
  page.counter(
    { name: 'opendht_storage_events', help: 'What happened to values in the storage.' },
    byLabel('event', counters),
  )
  page.counter(
    { name: 'opendht_storage_refused', help: 'Values that were not stored, by reason.' },
    byLabel('reason', refused),
  )
}

/** A sample for every number of an object: its name in lower case is the label. */
export function byLabel(label: string, counters: object): Sample[] {
  return Object.entries(counters)
    .filter(([, value]) => typeof value === 'number')
    .map(([name, value]) => ({ labels: { [label]: snakeCase(name) }, value }))
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
