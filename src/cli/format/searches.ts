// SPDX-License-Identifier: MIT
// The searches of a node, as `ls` prints them: whole tables of a few, or one line each.

import type { SearchSnapshot } from '../../core/snapshots.ts'
import { valueToText } from '../../core/value/value-text.ts'
import { formatAgo } from './duration.ts'

export interface SearchesView {
  readonly ipv4: readonly SearchSnapshot[]
  readonly ipv6: readonly SearchSnapshot[]
}

/** With more searches than this, each gets one line. */
const MAX_TABLES = 8
const LEGEND = 'u:updated, l:listening, a:announced, c:late, f:cur req, x:expired, *:good'
const HEADER = ' Common bits    InfoHash                       Conn. Get   Ops  IP'

/** Ends with the totals and an empty line. */
export function formatSearches({ ipv4, ipv6 }: SearchesView): string {
  const total = ipv4.length + ipv6.length
  const format = total > MAX_TABLES ? formatTitle : formatTable
  return [
    LEGEND,
    ...ipv4.map((search) => format('IPv4', search)),
    ...ipv6.map((search) => format('IPv6', search)),
    `Total: ${total} searches (${ipv4.length} IPv4, ${ipv6.length} IPv6).`,
    '',
  ].join('\n')
}

function formatTable(family: string, search: SearchSnapshot): string {
  const lines = [formatTitle(family, search)]
  if (search.listens.length > 0) lines.push('Queries:', ...search.listens)
  for (const { value, isAnnounced } of search.puts) {
    lines.push(`Announcement: ${valueToText(value)}${isAnnounced ? ' [announced]' : ''}`)
  }
  lines.push(HEADER)
  for (const node of search.nodes) lines.push(formatNode(search, node))
  return lines.join('\n')
}

function formatTitle(family: string, search: SearchSnapshot): string {
  const marks = [`last step: ${formatAgo(search.lastStepAgoMs)}`]
  if (search.isIdle) marks.push('[done]')
  if (search.nodes.every(({ isExpired }) => isExpired)) marks.push('[expired]')
  marks.push(search.isSynced ? '[synced]' : '[not synced]')
  if (search.listens.length > 0) marks.push('[listening]')
  return `Search ${family} ${search.key} gets: ${search.gets} ${marks.join(' ')}`
}

type SearchNode = SearchSnapshot['nodes'][number]

function formatNode(search: SearchSnapshot, node: SearchNode): string {
  const bits = String(node.commonBits).padStart(3)
  const known = node.isGood ? '*' : ' '
  const columns = [`[${connectionMark(node)}${node.isSynced ? 'u' : '-'}]`]
  if (search.listens.length > 0) columns.push(node.isListening ? '[l]' : '   ')
  if (search.puts.length > 0) columns.push(node.isAnnounced ? '[a]' : '   ')
  return `${bits} ${node.id} ${known} ${columns.join(' ')} ${node.address}`
}

function connectionMark({ isExpired, isLate, pendingRequests }: SearchNode): string {
  if (isExpired) return 'x'
  if (isLate) return 'c'
  return pendingRequests > 0 ? 'f' : ' '
}
