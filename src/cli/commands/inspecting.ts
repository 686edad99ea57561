// SPDX-License-Identifier: MIT
// Commands that show what the node knows: its state, tables, searches, storage, addresses.

import type { InfoHash } from '../../core/id/info-hash.ts'
import {
  formatFamilies,
  formatLongId,
  formatNode,
  formatReadiness,
  type NodeInfo,
  nodeRecord,
} from '../format/node-info.ts'
import { formatProxies, proxyRecords } from '../format/proxy-stats.ts'
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
  run(session) {
    const { inspector } = session.node
    const ipv4 = inspector.routingTable(4)
    const ipv6 = inspector.routingTable(6)
    const text = `${formatRoutingTable('IPv4', ipv4)}\n${formatRoutingTable('IPv6', ipv6)}`
    session.report(text, { event: 'routing-tables', ipv4: ipv4.buckets, ipv6: ipv6.buckets })
  },
}

const searchesCommand: Command = {
  names: ['ls'],
  usage: '[KEY]',
  help: 'searches, in full up to eight or for one key',
  run(session, words) {
    const { inspector } = session.node
    const wanted = takeWantedKey(session, words, 'ls [KEY]')
    const isWanted = ({ key }: { key: InfoHash }) => wanted === undefined || key.equals(wanted)
    const ipv4 = inspector.searches(4).filter(isWanted)
    const ipv6 = inspector.searches(6).filter(isWanted)
    session.report(formatSearches({ ipv4, ipv6 }), { event: 'searches', ipv4, ipv6 })
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
    session.report(
      found === undefined ? 'Nothing is stored here under this key' : formatKey(found),
      { event: 'storage', keys: found === undefined ? [] : [found] },
    )
  },
}

const addressesCommand: Command = {
  names: ['la'],
  help: 'addresses of this node as others see them',
  run(session) {
    const hosts = [...new Set(session.node.publicAddresses().map(({ host }) => host))]
    const text = ['Reported public addresses:', ...hosts].join('\n')
    session.report(text, { event: 'addresses', addresses: hosts })
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
  const localValues = stats.storage.values - remoteValues
  return { id, publicKey, port4, port6, readiness: node.readiness(), stats, localValues }
}

async function showNode(session: Session): Promise<void> {
  const info = await nodeInfo(session.node)
  const head = `${formatNode(info)}\n${formatReadiness(info)}${formatLongId(info)}`
  const proxies = session.proxies.list.map(({ summary }) => summary)
  const text = `${head}${formatFamilies(info)}${formatProxies(proxies)}`
  session.report(text, { ...nodeRecord(info), ...proxyRecords(proxies) })
}

async function showStorage(session: Session): Promise<void> {
  const { node, limits } = session
  const { storage } = await node.stats()
  const view = {
    keys: node.inspector.storageKeys(),
    sources: node.inspector.storageSources(),
    remote: { bytes: storage.remoteBytes, maxBytes: limits.remoteBytes },
    local: { bytes: storage.localBytes, maxBytes: limits.localBytes },
  }
  session.report(formatStorage(view), { event: 'storage', ...view })
}

/** The key in the next word; undefined when there is no word. */
function takeWantedKey(session: Session, words: Words, usage: string): InfoHash | undefined {
  return words.isEmpty ? undefined : takeKey(session, words, usage)
}
