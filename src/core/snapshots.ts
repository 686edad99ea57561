// SPDX-License-Identifier: MIT
// Plain copies of what a node knows, for people and programs that watch it: statistics, routing
// tables, searches, storage. Nothing here changes anything.

import type { NodeExport } from './events.ts'
import type { InfoHash } from './id/info-hash.ts'
import type { Family, SocketAddress } from './id/socket-address.ts'
import type { DropCounters } from './net/drop-counters.ts'
import { NEVER, type Node } from './net/node.ts'
import type { NodeCore } from './node-core.ts'
import type { CheckCounts } from './search/put-check.ts'
import type { StorageStats } from './storage/storage-types.ts'
import type { Value, ValueId } from './value/value.ts'
import { KIND_NAMES } from './wire/message.ts'

/** Nodes and searches of one address family. */
export interface FamilyStats {
  /** Nodes in the routing table that proved themselves lately, and those that have not. */
  readonly good: number
  readonly dubious: number
  /** Nodes remembered in all. */
  readonly cached: number
  /** Nodes in the table that sent something after they last answered. */
  readonly incoming: number
  readonly searches: number
  readonly tableDepth: number
  /** Estimate: 8 * 2^tableDepth. */
  readonly networkSize: number
}

/** Counters and sizes of a node. Counters begin with the node and never go back. */
export interface DhtStats {
  readonly ipv4: FamilyStats
  readonly ipv6: FamilyStats
  readonly storage: {
    readonly keys: number
    /** Of others and own ones, and the own ones among them. */
    readonly values: number
    readonly localValues: number
    /** Cost of the values of others and of the own ones, overhead included. */
    readonly remoteBytes: number
    readonly localBytes: number
    readonly listeners: number
    readonly counters: StorageStats
  }
  /** Gets, listens and puts under way, permanent puts included. */
  readonly operations: number
  /** Messages by kind since the start. */
  readonly messages: {
    readonly in: Readonly<Record<string, number>>
    readonly out: Readonly<Record<string, number>>
  }
  readonly requests: {
    readonly pending: number
    readonly expired: number
    readonly repeated: number
    readonly refused: number
    /** Repetitions after which both answers came: the first one was only slow. */
    readonly spurious: number
    /** Those that had to wait because many others were under way at their nodes. */
    readonly queued: number
  }
  /** Payload of all datagrams. `delayed`: own requests that waited for a limit. */
  readonly bytes: { readonly sent: number; readonly received: number; readonly delayed: number }
  /**
   * Requests from addresses that had not proved themselves. `shortened`: answered without values or
   * with fewer nodes. `held`: served when a ping was answered, of those `served` so far.
   */
  readonly unproven: { readonly shortened: number; readonly held: number; readonly served: number }
  /** With `verifyPuts`: checks that found a put kept, or lost, so that it was put again. */
  readonly putChecks: Readonly<CheckCounts>
  readonly fragments: {
    readonly sent: number
    readonly partialMessages: number
    readonly partialBytes: number
    readonly timedOut: number
    readonly refused: number
  }
  /** Datagrams that were not processed, by reason. */
  readonly dropped: Readonly<DropCounters> & { readonly outboxFull: number }
}

/** What a node knows of a peer. */
export interface NodeSnapshot {
  readonly id: InfoHash
  readonly address: SocketAddress
  /** Infinity for never. */
  readonly lastSeenAgoMs: number
  readonly lastReplyAgoMs: number
  /** Smoothed; undefined before it answered. */
  readonly roundTripMs: number | undefined
  readonly isGood: boolean
  readonly isExpired: boolean
}

/** The routing table of one family, bucket by bucket. */
export interface RoutingTableSnapshot {
  readonly buckets: readonly {
    readonly first: InfoHash
    readonly updatedAgoMs: number
    readonly hasCandidate: boolean
    readonly nodes: readonly NodeSnapshot[]
  }[]
}

/** A search of a node: whom it asked for a key, and how far it is. */
export interface SearchSnapshot {
  readonly key: InfoHash
  readonly gets: number
  readonly lastStepAgoMs: number
  readonly isIdle: boolean
  readonly isSynced: boolean
  /** Texts of the queries that are listened to. */
  readonly listens: readonly string[]
  readonly puts: readonly { readonly value: Value; readonly isAnnounced: boolean }[]
  readonly nodes: readonly (NodeSnapshot & {
    readonly commonBits: number
    readonly isLate: boolean
    readonly isSynced: boolean
    readonly isListening: boolean
    readonly isAnnounced: boolean
    readonly pendingRequests: number
  })[]
}

/** What a node stores under a key, and who listens there. */
export interface KeySnapshot {
  readonly key: InfoHash
  readonly values: number
  /** Of the values, as limits count them. */
  readonly bytes: number
  readonly localListeners: number
  readonly listeners: readonly {
    readonly id: InfoHash
    readonly address: SocketAddress
    readonly count: number
  }[]
}

/** A value in the storage, without its content. */
export interface StoredSnapshot {
  readonly id: ValueId
  readonly createdAgoMs: number
  /** Infinity for a permanent value of this node. */
  readonly expiresInMs: number
  readonly isLocal: boolean
}

/** What a node stores for one address. */
export interface SourceSnapshot {
  readonly address: SocketAddress
  readonly values: number
  readonly bytes: number
}

export function stats(core: NodeCore, now: number): DhtStats {
  const { net, server, storage, listeners } = core
  const { requests, partials, fragments, outbox } = net
  return {
    ipv4: familyStats(core, 4, now),
    ipv6: familyStats(core, 6, now),
    storage: {
      keys: storage.keyCount,
      values: storage.valueCount,
      localValues: storage.localValues,
      remoteBytes: storage.remoteBytes,
      localBytes: storage.localBytes,
      listeners: listeners.size,
      counters: structuredCopy(storage.stats),
    },
    operations: core.operations.count,
    messages: { in: byKind(net.received), out: byKind(requests.sent) },
    requests: {
      pending: requests.pendingCount,
      expired: requests.expired,
      repeated: requests.repeated,
      refused: requests.refused,
      spurious: requests.spurious,
      queued: requests.queued,
    },
    bytes: {
      sent: net.budget.sentBytes,
      received: net.budget.receivedBytes,
      delayed: net.budget.delayed,
    },
    unproven: {
      shortened: server.shortened,
      held: server.held.stats.held,
      served: server.held.stats.served,
    },
    putChecks: putChecks(core),
    fragments: {
      sent: fragments.sent,
      partialMessages: partials.count,
      partialBytes: partials.bytes,
      timedOut: partials.timedOut,
      refused: partials.refused,
    },
    dropped: { ...net.dropped, outboxFull: outbox.dropped },
  }
}

function putChecks(core: NodeCore): CheckCounts {
  const sum = { kept: 0, lost: 0 }
  for (const { searches } of core.families) {
    sum.kept += searches.checked.kept
    sum.lost += searches.checked.lost
  }
  return sum
}

export function exportNodes(core: NodeCore, now: number): NodeExport[] {
  const nodes: Node[] = []
  for (const { table } of core.families) {
    nodes.push(...table.bucketOf(core.config.id).nodes)
  }
  const isNear = new Set(nodes)
  for (const { table } of core.families) {
    for (const node of table.nodes()) if (!isNear.has(node)) nodes.push(node)
  }
  return nodes.filter((node) => node.isGood(now)).map(({ id, address }) => ({ id, address }))
}

export function routingTable(core: NodeCore, family: Family, now: number): RoutingTableSnapshot {
  const buckets = core.table(family)?.buckets ?? []
  return {
    buckets: buckets.map((bucket) => ({
      first: bucket.first,
      updatedAgoMs: now - bucket.updatedAt,
      hasCandidate: bucket.candidate !== undefined,
      nodes: bucket.nodes.map((node) => nodeSnapshot(node, now)),
    })),
  }
}

/** Of one key, or of all. */
export function searches(
  core: NodeCore,
  family: Family,
  now: number,
  key?: InfoHash,
): SearchSnapshot[] {
  const all = core.family(family)?.searches
  if (all === undefined) return []
  const found = key === undefined ? [...all] : [all.find(key)]
  const list = found.filter((search) => search !== undefined)
  list.sort((a, b) => a.id.compare(b.id))
  return list.map((search) => ({
    key: search.id,
    gets: search.gets,
    lastStepAgoMs: now - search.lastStepAt,
    isIdle: search.isIdle,
    isSynced: search.isSynced(now),
    listens: search.listens.map((group) => group.query.toString()),
    puts: search.announces.map((announce) => ({
      value: announce.value,
      isAnnounced: announce.isStored,
    })),
    nodes: [...search.nodes].map((member) => ({
      ...nodeSnapshot(member.node, now),
      commonBits: search.id.commonBits(member.id),
      isLate: member.isLate,
      isSynced: member.node.isWritable(now),
      isListening: search.listens.some((group) => group.isRegisteredAt(member)),
      isAnnounced: search.announces.some((announce) => announce.isStoredAt(member)),
      pendingRequests: member.node.pendingRequests,
    })),
  }))
}

export function storageKeys(core: NodeCore): KeySnapshot[] {
  const keys = [...core.storage].sort((a, b) => a.id.compare(b.id))
  return keys.map((key) => {
    const listeners = new Map<Node, number>()
    for (const { node } of key.listeners) listeners.set(node, (listeners.get(node) ?? 0) + 1)
    return {
      key: key.id,
      values: key.valueCount,
      bytes: key.values.reduce((sum, { cost }) => sum + cost, 0),
      localListeners: core.operations.listenersOf(key.id),
      listeners: [...listeners].map(([{ id, address }, count]) => ({ id, address, count })),
    }
  })
}

export function storedValues(core: NodeCore, key: InfoHash, now: number): StoredSnapshot[] {
  const values = core.storage.find(key)?.values ?? []
  return values.map(({ id, createdAt, expiresAt, isLocal }) => ({
    id,
    createdAgoMs: now - createdAt,
    expiresInMs: expiresAt - now,
    isLocal,
  }))
}

export function storageSources(core: NodeCore): SourceSnapshot[] {
  const sources = new Map<string, { address: SocketAddress; values: number; bytes: number }>()
  for (const key of core.storage) {
    for (const { from, cost } of key.values) {
      if (from === undefined) continue
      const source = sources.get(from.host) ?? { address: from, values: 0, bytes: 0 }
      source.values++
      source.bytes += cost
      sources.set(from.host, source)
    }
  }
  return [...sources.values()].sort((a, b) => b.bytes - a.bytes)
}

function familyStats(core: NodeCore, family: Family, now: number): FamilyStats {
  const own = core.family(family)
  if (own === undefined) {
    const none = { good: 0, dubious: 0, cached: 0, incoming: 0, searches: 0 }
    return { ...none, tableDepth: 0, networkSize: 0 }
  }
  let good = 0
  let dubious = 0
  let incoming = 0
  for (const node of own.table.nodes()) {
    if (node.isGood(now)) good++
    else if (!node.isExpired) dubious++
    if (node.isIncoming) incoming++
  }
  return {
    good,
    dubious,
    cached: core.net.cache(family).size,
    incoming,
    searches: own.searches.size,
    tableDepth: own.table.depth,
    networkSize: 8 * 2 ** own.table.depth,
  }
}

function nodeSnapshot(node: Node, now: number): NodeSnapshot {
  return {
    id: node.id,
    address: node.address,
    lastSeenAgoMs: agoMs(node.lastSeenAt, now),
    lastReplyAgoMs: agoMs(node.lastReplyAt, now),
    roundTripMs: node.roundTrips?.smoothedMs,
    isGood: node.isGood(now),
    isExpired: node.isExpired,
  }
}

/** Infinity for never. */
function agoMs(at: number, now: number): number {
  return at === NEVER ? Number.POSITIVE_INFINITY : now - at
}

function structuredCopy(counters: StorageStats): StorageStats {
  return { ...counters, refused: { ...counters.refused } }
}

function byKind(counts: readonly number[]): Record<string, number> {
  return Object.fromEntries(counts.map((count, kind) => [KIND_NAMES[kind]!, count]))
}
