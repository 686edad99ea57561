// SPDX-License-Identifier: MIT
// Commands that show what the node knows: its state, tables, searches, storage, addresses.

import type { InfoHash } from '../../core/id/info-hash.ts'
import { formatFamilies, formatLongId, formatNode, type NodeInfo } from '../format/node-info.ts'
import { formatRoutingTable } from '../format/routing-table.ts'
import { formatSearches } from '../format/searches.ts'
import { formatKey, formatStorage } from '../format/storage.ts'
import type { NodeView } from '../node-view.ts'
import type { Session } from '../session.ts'
import { type Command, takeKey, type Words } from './command.ts'

const nodeCommand: Command = {
  names: ['ll'],
  help: 'ids, port, stored values, known nodes',
  run: (session) => session.track(showNode(session)),
}

const tablesCommand: Command = {
  names: ['lr'],
  help: 'routing tables',
  run({ node, out }) {
    out.line(formatRoutingTable('IPv4', node.inspector.routingTable(4)))
    out.line(formatRoutingTable('IPv6', node.inspector.routingTable(6)))
  },
}

const searchesCommand: Command = {
  names: ['ls'],
  usage: '[KEY]',
  help: 'searches, in full up to eight or for one key',
  run(session, words) {
    const { node, out } = session
    const wanted = takeWantedKey(session, words, 'ls [KEY]')
    const isWanted = ({ key }: { key: InfoHash }) => wanted === undefined || key.equals(wanted)
    const ipv4 = node.inspector.searches(4).filter(isWanted)
    out.line(formatSearches({ ipv4, ipv6: node.inspector.searches(6).filter(isWanted) }))
  },
}

const storageCommand: Command = {
  names: ['ld'],
  usage: '[KEY]',
  help: 'stored values and who listens to them',
  run(session, words) {
    const wanted = takeWantedKey(session, words, 'ld [KEY]')
    if (wanted === undefined) return session.track(showStorage(session))
    const found = session.node.inspector.storageKeys().find(({ key }) => key.equals(wanted))
    session.out.line(
      found === undefined ? 'Nothing is stored here under this key' : formatKey(found),
    )
  },
}

const addressesCommand: Command = {
  names: ['la'],
  help: 'addresses of this node as others see them',
  run({ node, out }) {
    const hosts = new Set(node.publicAddresses().map(({ host }) => host))
    out.line(['Reported public addresses:', ...hosts].join('\n'))
  },
}

export const INSPECTING_COMMANDS: readonly Command[] = [
  nodeCommand,
  tablesCommand,
  searchesCommand,
  storageCommand,
  addressesCommand,
]

export async function nodeInfo(node: NodeView): Promise<NodeInfo> {
  const stats = await node.stats()
  const remoteValues = node.inspector.storageSources().reduce((sum, { values }) => sum + values, 0)
  const { id, publicKey, port4, port6 } = node
  return { id, publicKey, port4, port6, stats, localValues: stats.storage.values - remoteValues }
}

async function showNode({ node, out }: Session): Promise<void> {
  const info = await nodeInfo(node)
  out.line(`${formatNode(info)}\n${formatLongId(info)}${formatFamilies(info)}`)
}

async function showStorage({ node, out, limits }: Session): Promise<void> {
  const { storage } = await node.stats()
  out.line(
    formatStorage({
      keys: node.inspector.storageKeys(),
      sources: node.inspector.storageSources(),
      remote: { bytes: storage.remoteBytes, maxBytes: limits.remoteBytes },
      local: { bytes: storage.localBytes, maxBytes: limits.localBytes },
    }),
  )
}

/** The key in the next word; undefined when there is no word. */
function takeWantedKey(session: Session, words: Words, usage: string): InfoHash | undefined {
  return words.isEmpty ? undefined : takeKey(session, words, usage)
}
