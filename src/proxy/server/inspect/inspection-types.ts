// SPDX-License-Identifier: MIT
// What the inspection routes send, as JSON: the contract between the server and whoever shows it.
// Types only, so that a page may import them. Times are durations in milliseconds unless they say
// otherwise; null stands for never and for unknown.

import type { DhtStats, FamilyStats } from '../../../core/snapshots.ts'
import type { ProxyCounters } from '../proxy-counters.ts'
import type { ReadinessReport } from '../readiness-gate.ts'

export interface OverviewJson {
  /** Wall time of the server, milliseconds since 1970. */
  readonly now: number
  readonly startedAt: number
  readonly version: string
  readonly nodeId: string
  /** Of its public key, if it has an identity. */
  readonly keyId: string | null
  readonly readiness: ReadinessReport
  readonly addresses: { readonly bound: readonly string[]; readonly seen: readonly string[] }
  /** Undefined when the node cannot be asked now. */
  readonly stats: DhtStats | undefined
  readonly proxy: ProxyCounters & { readonly requestRate: number }
  readonly process: {
    readonly residentBytes: number
    readonly heapBytes: number
    readonly cpuMs: number
    readonly upMs: number
  }
  /** Whether admin actions may be asked for, with the token. */
  readonly hasAdmin: boolean
}

export interface NodeJson {
  readonly id: string
  readonly address: string
  readonly seenAgo: number | null
  readonly repliedAgo: number | null
  readonly roundTrip: number | null
  readonly isGood: boolean
  readonly isExpired: boolean
}

export interface BucketJson {
  /** The first id of the bucket: it reaches to the first one of the next. */
  readonly first: string
  readonly updatedAgo: number
  readonly nodes: readonly NodeJson[]
}

export interface TableJson {
  readonly stats: FamilyStats
  readonly buckets: readonly BucketJson[]
}

export interface NetworkJson {
  readonly nodeId: string
  readonly ipv4: TableJson
  readonly ipv6: TableJson
}

export interface SearchNodeJson extends NodeJson {
  readonly commonBits: number
  readonly isLate: boolean
  readonly isSynced: boolean
  readonly isListening: boolean
  readonly isAnnounced: boolean
  readonly pending: number
}

export interface SearchJson {
  readonly key: string
  readonly family: 4 | 6
  readonly gets: number
  readonly puts: number
  readonly listens: number
  readonly stepAgo: number
  readonly isIdle: boolean
  readonly isSynced: boolean
  readonly nodes: readonly SearchNodeJson[]
}

export interface SearchesJson {
  /** Of all; `searches` holds at most MAX_SEARCHES, those with the latest steps. */
  readonly total: number
  readonly searches: readonly SearchJson[]
}

export interface StoredKeyJson {
  readonly key: string
  readonly values: number
  readonly bytes: number
  readonly localListeners: number
  readonly remoteListeners: number
}

export interface StorageJson {
  readonly totalKeys: number
  /** The fullest keys; empty when there are too many to look through. */
  readonly keys: readonly StoredKeyJson[]
  readonly isTooLarge: boolean
}

/** A value that this node stores, without its content. */
export interface StoredValueJson {
  readonly id: string
  readonly createdAgo: number
  /** Null for a permanent value of this node. */
  readonly expiresIn: number | null
  readonly isLocal: boolean
}

export interface StoredValuesJson {
  readonly key: string
  readonly values: readonly StoredValueJson[]
}

export interface LogLineJson {
  /** Counts all lines; a gap means that lines were dropped. */
  readonly number: number
  /** Wall time, milliseconds since 1970. */
  readonly at: number
  readonly level: 'debug' | 'warning' | 'error'
  readonly text: string
}

/** The topics of the live stream, and what each event of one holds. */
export interface LiveTopics {
  readonly overview: OverviewJson
  readonly network: NetworkJson
  readonly searches: SearchesJson
  readonly storage: StorageJson
  /** Only what is new since the event before. */
  readonly log: readonly LogLineJson[]
}

export type LiveTopic = keyof LiveTopics
