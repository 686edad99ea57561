// SPDX-License-Identifier: MIT
// Peer discovery of one process, without sockets and clocks (spec discovery, section 1): which
// services it publishes and looks for, what it sends when, and what it makes of what comes. A
// driver hands in datagrams and the time, sends `takeSends`, reports `takeFound`, and calls
// `advance` at `nextWakeup`. What comes from the network is counted, answered or dropped; it never
// throws.

import { WireError } from '../core/errors.ts'
import { InfoHash } from '../core/id/info-hash.ts'
import type { Family, SocketAddress } from '../core/id/socket-address.ts'
import type { Random } from '../core/ports.ts'
import { copyBytes } from '../core/util/bytes.ts'
import { LruMap } from '../core/util/lru-map.ts'
import {
  type AnnouncedService,
  decodePacket,
  encodeAnnouncement,
  MAX_PACKET_BYTES,
  QUERY_PACKET,
} from './packets.ts'
import { Repetition } from './repetition.ts'
import { SourceLimiter } from './source-limiter.ts'

/** A datagram to send: to the group of its family, or as an answer to one address. */
export interface DiscoverySend {
  readonly family: Family
  readonly bytes: Uint8Array
  readonly to: SocketAddress | undefined
}

/** Somebody announced a service that is looked for. */
export interface FoundService {
  readonly name: string
  /** The packed item, a copy. */
  readonly payload: Uint8Array
  readonly from: SocketAddress
}

export interface DiscoverySender {
  readonly address: SocketAddress
  /** It is a process of this host. */
  readonly isLocal: boolean
}

export interface DiscoveryCounters {
  /** Datagrams of others. */
  received: number
  queries: number
  announcements: number
  /** Announced services that were looked for, without those repeated. */
  found: number
  /** Packets to the group, one for each family. */
  queriesSent: number
  announcementsSent: number
  answersSent: number
  readonly dropped: {
    malformed: number
    /** Datagrams of addresses that send too many, or while all together do. */
    rateLimited: number
    /** Queries that were too many to answer. */
    unanswered: number
    /** What the same address had just announced in the same words. */
    repeated: number
  }
}

/** The same announcement of the same host says nothing new for this long. */
const REPEATED_MS = 5000
/** Announcements that are remembered for that. */
const MAX_REMEMBERED = 1024
/** Bytes that cost one token: reading takes time in proportion. */
const BYTES_PER_TOKEN = 1500
/** What is read. The bursts are for networks where hundreds answer one query. */
const RECEIVE_LIMITS = {
  perSource: { perSecond: 8, burst: 64 },
  total: { perSecond: 256, burst: 2048 },
}
/** What is answered: nobody asks more often than once per round of its queries. */
const ANSWER_LIMITS = {
  perSource: { perSecond: 1, burst: 8 },
  total: { perSecond: 32, burst: 256 },
}

export class DiscoveryEngine {
  readonly counters: DiscoveryCounters = {
    received: 0,
    queries: 0,
    announcements: 0,
    found: 0,
    queriesSent: 0,
    announcementsSent: 0,
    answersSent: 0,
    dropped: { malformed: 0, rateLimited: 0, unanswered: 0, repeated: 0 },
  }
  readonly #port: number
  /** Packed payloads by family and name. */
  readonly #published: ReadonlyMap<Family, Map<string, Uint8Array>>
  /** Announcements as they are sent; absent without any service. */
  readonly #packets = new Map<Family, Uint8Array>()
  readonly #wanted = new Set<string>()
  readonly #queries: Repetition
  readonly #announcements: Repetition
  readonly #readLimiter = new SourceLimiter(RECEIVE_LIMITS)
  readonly #answerLimiter = new SourceLimiter(ANSWER_LIMITS)
  /** When hosts announced what. */
  #heard = new LruMap<string, number>(MAX_REMEMBERED)
  #sends: DiscoverySend[] = []
  #found: FoundService[] = []

  /** `port` is that of the groups. */
  constructor(families: readonly Family[], port: number, random: Random) {
    this.#port = port
    this.#published = new Map(families.map((family) => [family, new Map()]))
    this.#queries = new Repetition(random.fork('queries'))
    this.#announcements = new Repetition(random.fork('announcements'))
  }

  get families(): Family[] {
    return [...this.#published.keys()]
  }

  isPublished(name: string, family: Family): boolean {
    return this.#published.get(family)?.has(name) ?? false
  }

  /**
   * Announces a service, or what it says now. `payload` is a packed item and is kept. Throws
   * RangeError, and changes nothing, when the announcement does not fit in a datagram any more.
   */
  publish(name: string, payload: Uint8Array, families: readonly Family[], now: number): void {
    const packets = families.map((family) => {
      const services = new Map(this.#published.get(family)).set(name, payload)
      return [family, encodeAnnouncement(services)] as const
    })
    for (const [, { length }] of packets) {
      if (length <= MAX_PACKET_BYTES) continue
      throw new RangeError(
        `Cannot publish service "${name}" as all services must fit in ${MAX_PACKET_BYTES} bytes: ` +
          `they would take ${length}`,
      )
    }
    for (const [family, packet] of packets) {
      this.#published.get(family)?.set(name, payload)
      this.#packets.set(family, packet)
    }
    this.#announcements.start(now)
  }

  /** Others learn of it by not hearing it any more. */
  unpublish(name: string, families: readonly Family[]): void {
    for (const family of families) {
      const services = this.#published.get(family)
      if (services?.delete(name) !== true) continue
      if (services.size > 0) this.#packets.set(family, encodeAnnouncement(services))
      else this.#packets.delete(family)
    }
    if (this.#packets.size === 0) this.#announcements.stop()
  }

  /** Looks for a service, beginning with a query: whoever is there is reported, also again. */
  subscribe(name: string, now: number): void {
    this.#wanted.add(name)
    this.#heard = new LruMap(MAX_REMEMBERED)
    this.#queries.start(now)
  }

  unsubscribe(name: string): void {
    this.#wanted.delete(name)
    if (this.#wanted.size === 0) this.#queries.stop()
  }

  /** The network may be another one: asks and announces anew. */
  restart(now: number): void {
    if (this.#wanted.size > 0) this.#queries.start(now)
    if (this.#packets.size > 0) this.#announcements.start(now)
  }

  /** The datagram is valid during the call only. */
  receive(datagram: Uint8Array, sender: DiscoverySender, now: number): void {
    const { counters } = this
    const { dropped } = counters
    counters.received++
    const cost = 1 + Math.floor(datagram.length / BYTES_PER_TOKEN)
    if (!this.#readLimiter.allow(sourceOf(sender), cost, now)) {
      dropped.rateLimited++
      return
    }
    try {
      const packet = decodePacket(datagram)
      if (packet === 'query') this.#onQuery(sender, now)
      else this.#onAnnouncement(packet, sender.address, now)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      dropped.malformed++
    }
  }

  /** Plans what is due. */
  advance(now: number): void {
    if (this.#queries.take(now)) {
      for (const family of this.families) {
        this.#sends.push({ family, bytes: QUERY_PACKET, to: undefined })
        this.counters.queriesSent++
      }
    }
    if (this.#announcements.take(now)) {
      for (const [family, bytes] of this.#packets) {
        this.#sends.push({ family, bytes, to: undefined })
        this.counters.announcementsSent++
      }
    }
  }

  /** Undefined while nothing is going to happen by itself. */
  nextWakeup(): number | undefined {
    const times = [this.#queries.dueAt, this.#announcements.dueAt].filter((at) => at !== undefined)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  takeSends(): DiscoverySend[] {
    const sends = this.#sends
    this.#sends = []
    return sends
  }

  takeFound(): FoundService[] {
    const found = this.#found
    this.#found = []
    return found
  }

  #onQuery(sender: DiscoverySender, now: number): void {
    this.counters.queries++
    const { address, isLocal } = sender
    const { family } = address
    const bytes = this.#packets.get(family)
    if (bytes === undefined) return
    if (isLocal && address.port === this.#port) {
      // Of all processes that share a port, one gets what is sent to it: tell all of them.
      this.#announcements.once(now)
    } else if (this.#answerLimiter.allow(sourceOf(sender), 1, now)) {
      this.#sends.push({ family, bytes, to: address })
      this.counters.answersSent++
    } else {
      this.counters.dropped.unanswered++
    }
  }

  #onAnnouncement(services: readonly AnnouncedService[], from: SocketAddress, now: number): void {
    this.counters.announcements++
    for (const { name, payload } of services) {
      if (!this.#wanted.has(name)) continue
      if (this.#isRepeated(name, payload, from, now)) {
        this.counters.dropped.repeated++
        continue
      }
      this.counters.found++
      this.#found.push({ name, payload: copyBytes(payload), from })
    }
  }

  /** Hosts say everything several times: over each interface, and to each who asks. */
  #isRepeated(name: string, payload: Uint8Array, { host }: SocketAddress, now: number): boolean {
    const key = `${host} ${InfoHash.get(payload)} ${name}`
    const heardAt = this.#heard.get(key)
    if (heardAt !== undefined && now - heardAt < REPEATED_MS) return true
    this.#heard.set(key, now)
    return false
  }
}

/** Who shares an allowance: a host, and on this one a process, of which there may be many. */
function sourceOf({ address, isLocal }: DiscoverySender): string {
  return isLocal ? `${address}` : address.host
}
