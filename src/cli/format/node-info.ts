// SPDX-License-Identifier: MIT
// The block that `ll` prints and that a node starts with.

import type { Readiness } from '../../core/readiness.ts'
import type { DhtStats, FamilyStats } from '../../core/snapshots.ts'
import type { JsonRecord } from './json.ts'
import { formatSize } from './size.ts'

interface PublicKeyIds {
  readonly id: { toString(): string }
  readonly longId: { toString(): string }
}

export interface NodeInfo {
  readonly id: { toString(): string }
  /** Of a node with an identity. */
  readonly publicKey: PublicKeyIds | undefined
  /** Undefined for a family without a socket. */
  readonly port4: number | undefined
  readonly port6: number | undefined
  readonly readiness: Readiness
  readonly stats: Pick<DhtStats, 'ipv4' | 'ipv6' | 'storage' | 'operations'>
  /** Values of this node itself. */
  readonly localValues: number
}

/** Who and where the node is, and what it holds. */
export function formatNode(info: NodeInfo): string {
  const { id, publicKey, stats, localValues } = info
  const { values, remoteBytes, localBytes } = stats.storage
  return [
    `OpenDHT node ${id} running on ${formatPorts(info)}`,
    ...(publicKey === undefined ? [] : [`Public key ID ${publicKey.id}`]),
    `Storage: ${values} values, ${formatSize(remoteBytes + localBytes)}`,
    `Local storage: ${localValues} values, ${formatSize(localBytes)}`,
    `Ongoing operations: ${stats.operations}`,
  ].join('\n')
}

/** A line with the other id of the public key, which OpenDHT 4 asks for; or nothing. */
export function formatLongId({ publicKey }: NodeInfo): string {
  return publicKey === undefined ? '' : `Public key long ID ${publicKey.longId}\n`
}

/** A line that says whether operations can succeed, and which family is in which state. */
export function formatReadiness({ readiness: { isReady, ipv4, ipv6 } }: NodeInfo): string {
  const families = [`IPv4 ${ipv4.reason ?? 'ready'}`, `IPv6 ${ipv6.reason ?? 'ready'}`]
  return `Ready: ${isReady ? 'yes' : 'no'} (${families.join(', ')})\n`
}

/** All of it for programs. */
export function nodeRecord(info: NodeInfo): JsonRecord {
  const { id, publicKey, stats, localValues, readiness, port4, port6 } = info
  const { ipv4, ipv6, storage, operations } = stats
  const key = publicKey && { keyId: `${publicKey.id}`, keyLongId: `${publicKey.longId}` }
  const { values, remoteBytes, localBytes } = storage
  return {
    event: 'node',
    id: `${id}`,
    ...key,
    port4,
    port6,
    readiness,
    operations,
    storage: { values, localValues, remoteBytes, localBytes },
    ipv4,
    ipv6,
  }
}

/** The statistics of both families, each with an empty line behind it. */
export function formatFamilies({ stats }: NodeInfo): string {
  const ipv4 = formatFamily('IPv4', stats.ipv4)
  return `${ipv4}\n\n${formatFamily('IPv6', stats.ipv6)}\n`
}

function formatPorts({ port4, port6 }: Pick<NodeInfo, 'port4' | 'port6'>): string {
  if (port4 !== undefined && port6 !== undefined && port4 !== port6) {
    return `IPv4 port ${port4}, IPv6 port ${port6}`
  }
  return `port ${port4 ?? port6 ?? 0}`
}

function formatFamily(name: string, stats: FamilyStats): string {
  const lines = [
    `${name} stats:`,
    `Known nodes: ${stats.good} good, ${stats.dubious} dubious, ${stats.incoming} incoming.`,
    `${stats.searches} searches, ${stats.cached} total cached nodes`,
  ]
  if (stats.tableDepth > 1) {
    lines.push(
      `Routing table depth: ${stats.tableDepth}`,
      `Network size estimation: ${stats.networkSize} nodes`,
    )
  }
  return lines.join('\n')
}
