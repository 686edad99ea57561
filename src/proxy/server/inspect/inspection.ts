// SPDX-License-Identifier: MIT
// Reads what the inspection routes send. Nothing is kept: every call looks at the node anew.

import type { InfoHash } from '../../../core/id/info-hash.ts'
import type {
  FamilyStats,
  NodeSnapshot,
  RoutingTableSnapshot,
  SearchSnapshot,
} from '../../../core/snapshots.ts'
import { HttpError } from '../http-error.ts'
import type { ProxyServices } from '../route.ts'
import type { InspectableNode } from './inspectable-node.ts'
import type {
  NetworkJson,
  NodeJson,
  OverviewJson,
  SearchesJson,
  SearchJson,
  SearchNodeJson,
  StorageJson,
  StoredValuesJson,
  TableJson,
} from './inspection-types.ts'
import { packageVersion } from './package-files.ts'

export class Inspection {
  readonly #services: ProxyServices
  readonly #node: InspectableNode
  readonly #hasAdmin: boolean

  constructor(services: ProxyServices, { hasAdmin }: { hasAdmin: boolean }) {
    this.#services = services
    this.#node = services.node
    this.#hasAdmin = hasAdmin
  }

  async overview(): Promise<OverviewJson> {
    const { counters, startedAt, now } = this.#services
    const node = this.#node
    const { rss, heapUsed } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    return {
      now: now(),
      startedAt,
      version: packageVersion(),
      nodeId: String(node.id),
      keyId: node.publicKey === undefined ? null : String(node.publicKey.id),
      readiness: this.#services.readiness.report(),
      addresses: {
        bound: (node.addresses ?? []).map(String),
        seen: (node.publicAddresses?.() ?? []).map(String),
      },
      stats: await node.stats(),
      proxy: { ...counters, requestRate: this.#services.requestRate() },
      process: {
        residentBytes: rss,
        heapBytes: heapUsed,
        cpuMs: Math.round((user + system) / 1000),
        upMs: Math.round(process.uptime() * 1000),
      },
      hasAdmin: this.#hasAdmin,
    }
  }

  async network(): Promise<NetworkJson> {
    const { ipv4, ipv6 } = await this.#node.stats()
    const inspector = this.#inspector()
    return {
      nodeId: String(this.#node.id),
      ipv4: tableJson(ipv4, inspector.routingTable(4)),
      ipv6: tableJson(ipv6, inspector.routingTable(6)),
    }
  }

  searches(): SearchesJson {
    const inspector = this.#inspector()
    const all = ([4, 6] as const).flatMap((family) =>
      inspector.searches(family).map((search) => ({ family, search })),
    )
    all.sort((a, b) => a.search.lastStepAgoMs - b.search.lastStepAgoMs)
    const shown = all.slice(0, MAX_SEARCHES)
    return {
      total: all.length,
      searches: shown.map(({ family, search }) => searchJson(family, search)),
    }
  }

  async storage(): Promise<StorageJson> {
    const { storage } = await this.#node.stats()
    // Walking over millions of values would stop the node for as long as that takes.
    if (storage.values > MAX_WALKED_VALUES) {
      return { totalKeys: storage.keys, keys: [], isTooLarge: true }
    }
    const keys = this.#inspector().storageKeys()
    keys.sort((a, b) => b.bytes - a.bytes || b.listeners.length - a.listeners.length)
    return {
      totalKeys: keys.length,
      keys: keys.slice(0, MAX_KEYS).map(({ key, values, bytes, localListeners, listeners }) => ({
        key: String(key),
        values,
        bytes,
        localListeners,
        remoteListeners: listeners.length,
      })),
      isTooLarge: false,
    }
  }

  storedValues(key: InfoHash): StoredValuesJson {
    const values = this.#inspector().storedValues(key)
    return {
      key: String(key),
      values: values.slice(0, MAX_VALUES).map((value) => ({
        id: String(value.id),
        createdAgo: value.createdAgoMs,
        expiresIn: finite(value.expiresInMs),
        isLocal: value.isLocal,
      })),
    }
  }

  #inspector(): NonNullable<InspectableNode['inspector']> {
    const { inspector } = this.#node
    if (inspector === undefined) {
      throw new HttpError(501, 'The node behind this proxy cannot be looked into')
    }
    return inspector
  }
}

export const MAX_SEARCHES = 32
const MAX_KEYS = 200
const MAX_VALUES = 20_000
const MAX_WALKED_VALUES = 50_000

function tableJson(stats: FamilyStats, { buckets }: RoutingTableSnapshot): TableJson {
  return {
    stats,
    buckets: buckets.map(({ first, updatedAgoMs, nodes }) => ({
      first: String(first),
      updatedAgo: updatedAgoMs,
      nodes: nodes.map(nodeJson),
    })),
  }
}

function searchJson(family: 4 | 6, search: SearchSnapshot): SearchJson {
  return {
    key: String(search.key),
    family,
    gets: search.gets,
    puts: search.puts.length,
    listens: search.listens.length,
    stepAgo: search.lastStepAgoMs,
    isIdle: search.isIdle,
    isSynced: search.isSynced,
    nodes: search.nodes.map(searchNodeJson),
  }
}

function searchNodeJson(node: SearchSnapshot['nodes'][number]): SearchNodeJson {
  const { commonBits, isLate, isSynced, isListening, isAnnounced, pendingRequests } = node
  const marks = { commonBits, isLate, isSynced, isListening, isAnnounced }
  return { ...nodeJson(node), ...marks, pending: pendingRequests }
}

function nodeJson(node: NodeSnapshot): NodeJson {
  const { roundTripMs } = node
  return {
    id: String(node.id),
    address: String(node.address),
    seenAgo: finite(node.lastSeenAgoMs),
    repliedAgo: finite(node.lastReplyAgoMs),
    roundTrip: roundTripMs === undefined ? null : Math.round(roundTripMs * 10) / 10,
    isGood: node.isGood,
    isExpired: node.isExpired,
  }
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null
}
