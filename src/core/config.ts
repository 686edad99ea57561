// SPDX-License-Identifier: MIT
// Configuration of one node: what the user may set, checked, with defaults filled in.

import {
  DEFAULT_REQUESTS_PER_SECOND,
  DEFAULT_STORAGE_BYTES,
  MAX_AMPLIFICATION,
  MAX_LISTENERS,
  MAX_LOOKUP_PATHS,
  MAX_NODES_PER_PREFIX,
  MAX_SEARCHES,
  MAX_STORAGE_KEYS,
  PEER_SHARE_OF_REQUESTS,
} from './constants.ts'
import { InfoHash } from './id/info-hash.ts'
import type { Family } from './id/socket-address.ts'
import type { Random } from './ports.ts'

/** What an engine is to be like; everything is optional. */
export interface DhtConfig {
  /** Node id; default random. */
  id?: InfoHash | undefined
  /** Network id, 0 … 2^32-1; nodes of other networks are ignored. Default 0, the public network. */
  network?: number | undefined
  /** Address families with a socket. Default both. */
  families?: readonly Family[] | undefined
  /** Use the network without serving it: others neither list this node nor store on it. */
  clientMode?: boolean | undefined
  /** Keep a wider routing table, for well-known entry nodes. */
  bootstrapMode?: boolean | undefined
  /** Hand stored values over to closer nodes. */
  maintainStorage?: boolean | undefined
  /** Stable public address: listens are renewed every 290 s instead of every 20 s. */
  publicStable?: boolean | undefined
  /** Incoming requests per second from all peers, -1 for no limit. Default 8192. */
  maxRequestsPerSecond?: number | undefined
  /** The same from one address, -1 for no limit. Default an eighth of the former. */
  maxPeerRequestsPerSecond?: number | undefined
  /**
   * Bytes that a get or find is answered with for each byte of it, headers included, until its
   * sender has shown by an answer that it gets what is sent to its address: values wait until it
   * has answered a ping. At least 1, or -1 for no limit, where nobody forges addresses. Default
   * 2.95.
   */
  maxAmplification?: number | undefined
  /**
   * Nodes of one network, an IPv4 /24 or an IPv6 /48, that count among the closest to an id, in a
   * bucket of the routing table, a search or a list for others: more of them only fill places that
   * nobody else wants. Loopback and private addresses are not limited. At least 1, or -1 for no
   * limit. Default 1.
   */
  maxNodesPerPrefix?: number | undefined
  /**
   * Independent paths of a lookup, 1 to 8. Each begins at nodes of its own and hears only what
   * these list, and so on: liars who list each other mislead only the paths that met one of them.
   * Where nobody lies they end at the same nodes; otherwise each path has eight. Default 1.
   */
  lookupPaths?: number | undefined
  /**
   * Ask who took a value that was put just now, 15 to 30 seconds later, whether they have it: when
   * fewer than half do, it is put again where it is missing, and who loses it twice makes room for
   * others; up to four times. Default false.
   */
  verifyPuts?: boolean | undefined
  /** Searches per family, -1 for no limit. Default 2^20. */
  maxSearches?: number | undefined
  /**
   * Bytes of datagrams per second, at least 1000, -1 for no limit, which is the default. When one
   * is used up, requests of peers are dropped first, then own operations take longer.
   */
  maxUploadBytesPerSecond?: number | undefined
  maxDownloadBytesPerSecond?: number | undefined
  /** Bytes of values stored for others, -1 for no limit. Default 64 MiB. */
  maxStorageBytes?: number | undefined
  /** Bytes of own values, -1 for no limit, which is the default. */
  maxLocalStorageBytes?: number | undefined
  /** Keys in the store, -1 for no limit. Default 2^20. */
  maxStorageKeys?: number | undefined
  /**
   * Registrations of peers that listen, -1 for no limit. One source of addresses may hold a
   * sixteenth of them, and one node 4096, unless there is no limit. Default 2^18.
   */
  maxListeners?: number | undefined
  /** Text in the `v` field of every message, at most 8 ASCII characters. Default `ts`. */
  agent?: string | undefined
}

/** The same with all defaults. */
export type ResolvedConfig = {
  readonly [K in keyof Required<DhtConfig>]: NonNullable<DhtConfig[K]>
}

/** Fills in defaults. Throws RangeError or TypeError naming the wrong field. */
export function resolveConfig(config: DhtConfig, random: Random): ResolvedConfig {
  const maxRequestsPerSecond = limit('maxRequestsPerSecond', config, DEFAULT_REQUESTS_PER_SECOND)
  const peerShare =
    maxRequestsPerSecond < 0 ? -1 : Math.ceil(maxRequestsPerSecond / PEER_SHARE_OF_REQUESTS)
  return {
    id: checkId(config.id) ?? InfoHash.random(random),
    network: checkNetwork(config.network ?? 0),
    families: checkFamilies(config.families ?? [4, 6]),
    clientMode: config.clientMode ?? false,
    bootstrapMode: config.bootstrapMode ?? false,
    maintainStorage: config.maintainStorage ?? false,
    publicStable: config.publicStable ?? false,
    maxRequestsPerSecond,
    maxPeerRequestsPerSecond: limit('maxPeerRequestsPerSecond', config, peerShare),
    maxAmplification: checkAmplification(config.maxAmplification ?? MAX_AMPLIFICATION),
    maxNodesPerPrefix: positive('maxNodesPerPrefix', config, MAX_NODES_PER_PREFIX),
    lookupPaths: checkPaths(config.lookupPaths ?? 1),
    verifyPuts: checkFlag('verifyPuts', config.verifyPuts ?? false),
    maxSearches: limit('maxSearches', config, MAX_SEARCHES),
    maxUploadBytesPerSecond: rate('maxUploadBytesPerSecond', config),
    maxDownloadBytesPerSecond: rate('maxDownloadBytesPerSecond', config),
    maxStorageBytes: limit('maxStorageBytes', config, DEFAULT_STORAGE_BYTES),
    maxLocalStorageBytes: limit('maxLocalStorageBytes', config, -1),
    maxStorageKeys: limit('maxStorageKeys', config, MAX_STORAGE_KEYS),
    maxListeners: limit('maxListeners', config, MAX_LISTENERS),
    agent: checkAgent(config.agent ?? 'ts'),
  }
}

type LimitName = Extract<keyof DhtConfig, `max${string}`>

function limit(name: LimitName, config: DhtConfig, fallback: number): number {
  const value = config[name] ?? fallback
  if (value !== -1 && !(Number.isSafeInteger(value) && value >= 0)) {
    throw new RangeError(`${name} must be a whole number, or -1 for no limit: got ${value}`)
  }
  return value
}

/** Less would not do for a single message with a value per second. */
const MIN_BYTES_PER_SECOND = 1000

function rate(name: LimitName, config: DhtConfig): number {
  const value = limit(name, config, -1)
  if (value === -1 || value >= MIN_BYTES_PER_SECOND) return value
  throw new RangeError(`${name} must be at least ${MIN_BYTES_PER_SECOND}, or -1: got ${value}`)
}

function positive(name: LimitName, config: DhtConfig, fallback: number): number {
  const value = limit(name, config, fallback)
  if (value !== 0) return value
  throw new RangeError(`${name} must be at least 1, or -1 for no limit: got 0`)
}

function checkPaths(paths: number): number {
  if (Number.isInteger(paths) && paths >= 1 && paths <= MAX_LOOKUP_PATHS) return paths
  throw new RangeError(
    `lookupPaths must be a whole number of 1 to ${MAX_LOOKUP_PATHS}: got ${paths}`,
  )
}

function checkFlag(name: keyof DhtConfig, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name} must be true or false: got ${typeof value}`)
}

function checkAmplification(factor: number): number {
  if (factor === -1 || (factor >= 1 && factor < Number.POSITIVE_INFINITY)) return factor
  throw new RangeError(`maxAmplification must be at least 1, or -1 for no limit: got ${factor}`)
}

function checkId(id: InfoHash | undefined): InfoHash | undefined {
  if (id === undefined) return undefined
  if (!(id instanceof InfoHash)) throw new TypeError(`id must be an InfoHash: got ${typeof id}`)
  if (id.isZero) throw new RangeError('id must not be the zero hash')
  return id
}

function checkNetwork(network: number): number {
  if (Number.isInteger(network) && network >= 0 && network <= 0xffff_ffff) return network
  throw new RangeError(`network must be a whole number of 0 to 4294967295: got ${network}`)
}

function checkFamilies(families: readonly Family[]): readonly Family[] {
  if (families.length === 0 || families.some((family) => family !== 4 && family !== 6)) {
    throw new RangeError(`families must name 4, 6 or both: got [${families.join(', ')}]`)
  }
  return families
}

function checkAgent(agent: string): string {
  if (/^[\x20-\x7e]{0,8}$/.test(agent)) return agent
  throw new RangeError(`agent must be at most 8 ASCII characters: got "${agent}"`)
}
