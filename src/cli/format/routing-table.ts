// SPDX-License-Identifier: MIT
// The routing table of one family, as `lr` prints it.

import type { NodeSnapshot, RoutingTableSnapshot } from '../../core/snapshots.ts'
import { formatAgo } from './duration.ts'

/** Longest IPv4 address with its port. */
const ADDRESS_COLUMNS = 21

/** Ends with an empty line. */
export function formatRoutingTable(name: string, { buckets }: RoutingTableSnapshot): string {
  const lines = [`${name} routing table:`]
  for (const { first, nodes, updatedAgoMs, hasCandidate } of buckets) {
    const mark = hasCandidate ? ' (cached)' : ''
    lines.push(`${first} count: ${nodes.length} updated: ${formatAgo(updatedAgoMs)}${mark}`)
    lines.push(...nodes.map(formatNode))
  }
  return `${lines.join('\n')}\n`
}

function formatNode({ id, address, ...node }: NodeSnapshot): string {
  const seen = formatAgo(node.lastSeenAgoMs)
  const replied = formatAgo(node.lastReplyAgoMs)
  const times = seen === replied ? `updated: ${seen}` : `updated: ${seen}, replied: ${replied}`
  const state = node.isExpired ? ' [expired]' : node.isGood ? ' [good]' : ''
  return `    Node ${id} ${`${address}`.padEnd(ADDRESS_COLUMNS)} ${times}${state}`
}
