// SPDX-License-Identifier: MIT
// One address family of a node: its routing table, its searches, its status, and how peers see our
// address (spec node behaviour, sections 3 and 4). Families live and fail independently.

import { MAX_REPORTED_ADDRESSES, NODE_EXPIRE_TIME_MS, NODE_GOOD_TIME_MS } from './constants.ts'
import type { NodeStatus } from './events.ts'
import type { Family, SocketAddress } from './id/socket-address.ts'
import type { NetworkEngine } from './net/network-engine.ts'
import type { Node } from './net/node.ts'
import { QuietHandler } from './net/request.ts'
import { RoutingTable } from './routing/routing-table.ts'
import type { SearchPool } from './search/search-pool.ts'
import { Credit } from './util/credit.ts'
import { Kind } from './wire/message.ts'

/** An address that peers see us at. */
interface Report {
  readonly ip: SocketAddress
  /** Prefixes of the peers that reported it: one vote each. */
  readonly voters: Set<string>
}

/**
 * Expired nodes whose return is noticed, and how long one has to be gone before it counts as one.
 */
const MAX_GONE = 1024
/** So many of these are sought, the latest ones. */
const MAX_SOUGHT = 64
const MIN_GONE_MS = 10_000
/** Nodes to lose, and more than are left, before it looks like a rift; and how many are sought. */
const MIN_RIFT = 4
const RIFT_SEEKS = 8
/** Who comes back after so long may have been beyond a rift, with others. */
const LONG_GONE_MS = 60_000
/** Strangers that are pinged though the table has no place for them, at once and per second. */
const STRANGERS_BURST = 32
const STRANGERS_PER_SECOND = 4
/** Voters that are remembered per reported address. */
const MAX_VOTERS = 64

export class FamilyState {
  readonly family: Family
  readonly table: RoutingTable
  readonly searches: SearchPool
  readonly #net: NetworkEngine
  #reports: Report[] = []
  /** Nodes that expired, and when, until they are heard of again. */
  readonly #gone = new Map<Node, number>()
  /** How many of them were sought: others each time. */
  #sought = 0
  readonly #curiosity = new Credit(STRANGERS_BURST, STRANGERS_PER_SECOND)
  /** Pings to addresses whose node is not known yet. */
  pendingPings = 0
  /** Somebody was pinged for a way into the network. */
  hasAsked = false
  status: NodeStatus = 'disconnected'
  /** When a node of it last said anything, and when the system last refused to send to one. */
  lastHeardAt = Number.NEGATIVE_INFINITY
  sendFailedAt = Number.NEGATIVE_INFINITY
  /** When it last became connected. */
  connectedAt = Number.NEGATIVE_INFINITY
  /** When it last ceased to be connected; Infinity for never. */
  lostAt = Number.POSITIVE_INFINITY

  constructor(family: Family, net: NetworkEngine, searches: SearchPool) {
    this.family = family
    this.#net = net
    this.searches = searches
    this.table = new RoutingTable(net.config.id, {
      splitsFreely: net.config.bootstrapMode,
      perPrefix: net.config.maxNodesPerPrefix,
    })
  }

  /** How long an answer usually takes, at most. */
  get usualWaitMs(): number {
    return this.#net.requests.policy.usualWaitMs(this.family)
  }

  /**
   * A node sent or answered something: it may enter the table, and the searches near it. True when
   * it had been given up long before.
   */
  onActivity(node: Node, replied: boolean, now: number): boolean {
    this.lastHeardAt = now
    if (replied) this.table.replied(node, now)
    const goneMs = this.#takeBack(node, now)
    if (goneMs > 0) {
      this.searches.offer(node, now)
      // Where one comes from there may be more.
      this.seekLost(now)
    }
    if (!node.isInTable) this.#offer(node, replied, now)
    return goneMs >= LONG_GONE_MS
  }

  #offer(node: Node, replied: boolean, now: number): void {
    if (!replied && (this.table.wants(node, now) || this.#isCurious(node, now))) {
      // Anybody can send a request in its name: it gets the place when it has answered.
      this.verify(node, now)
      return
    }
    const { added, ping } = this.table.offer(node, now)
    if (ping !== undefined) this.verify(ping, now)
    if (added || replied) this.searches.offer(node, now)
  }

  /** The more nodes are known, the shorter are lookups; but not for the sake of inventions. */
  #isCurious(node: Node, now: number): boolean {
    return node.isStranger && !node.isClient && this.#curiosity.tryTake(now)
  }

  /** Somebody answered, for the first time or again. */
  onConnected(now: number): void {
    this.connectedAt = now
    // Whoever was there before nobody answered any more may be there again.
    for (const node of this.#net.cache(this.family)) {
      if (node.lastSeenAt > this.lostAt - NODE_GOOD_TIME_MS) node.isExpired = false
    }
  }

  /** A node stopped answering, or gave answers that are of no use. */
  onExpired(node: Node, now: number): void {
    this.searches.onExpired(node, now)
    // Whoever broke the protocol is not missed, nor is who never answered.
    if (node.isStranger || this.#net.blocklist.has(node.address, now)) return
    if (this.#gone.size >= MAX_GONE) this.#gone.delete(this.#gone.keys().next().value!)
    this.#gone.set(node, now)
  }

  /** Pings a node that has not proved itself lately, once, unless something is under way. */
  verify(node: Node, now: number): void {
    if (node.pendingRequests > 0) return
    const { requests, encoder } = this.#net
    requests.send(
      {
        kind: Kind.Ping,
        node,
        address: node.address,
        handler: QUIET,
        encode: (writer, tid) => encoder.ping(writer, tid),
        // An address that did not prove itself gets one datagram, not three.
        maxAttempts: node.isInTable && node.lastReplyAt > 0 ? undefined : 1,
      },
      now,
    )
  }

  /** Connected with a good node, connecting with the prospect of one. */
  computeStatus(hasPendingNames: boolean, now: number): NodeStatus {
    if (this.table.some((node) => node.isGood(now))) return 'connected'
    return this.hasProspects(hasPendingNames) ? 'connecting' : 'disconnected'
  }

  /** Somebody may still answer. */
  hasProspects(hasPendingNames: boolean): boolean {
    if (this.pendingPings > 0 || hasPendingNames) return true
    return this.table.some((node) => !node.isExpired)
  }

  /** A peer sees us at `ip`. True when that changed which address most peers see. */
  onReport(ip: SocketAddress, reporter: SocketAddress): boolean {
    const voter = votingPrefix(reporter)
    const earlier = this.#reports.find(({ voters }) => voters.has(voter))
    if (earlier?.ip.sameIp(ip)) return false
    const before = this.#reports[0]?.ip
    // One vote each, for what was seen last.
    earlier?.voters.delete(voter)
    this.#reports = this.#reports.filter(({ voters }) => voters.size > 0)
    let report = this.#reports.find((known) => known.ip.sameIp(ip))
    if (report === undefined) {
      if (this.#reports.length >= MAX_REPORTED_ADDRESSES) this.#reports.pop()
      report = { ip, voters: new Set() }
      this.#reports.push(report)
    }
    if (report.voters.size < MAX_VOTERS) report.voters.add(voter)
    this.#reports.sort((a, b) => b.voters.size - a.voters.size)
    return before === undefined || !before.sameIp(this.#reports[0]!.ip)
  }

  /** Addresses that peers see us at, most votes first; port 0. */
  get publicAddresses(): SocketAddress[] {
    return this.#reports.map(({ ip }) => ip)
  }

  forgetReports(): void {
    this.#reports = []
  }

  /**
   * Pings one of the nodes that were given up, another one each time, or some when so many were
   * lost of late that it may be us who was cut off; true then.
   */
  seekLost(now: number): boolean {
    // Who never answered may not exist. The latest, rather than those that were never seen again.
    const lost = [...this.#gone].filter(([node]) => node.lastReplyAt > 0).slice(-MAX_SOUGHT)
    const late = lost.filter(([, since]) => since > now - NODE_EXPIRE_TIME_MS).length
    const good = [...this.table.nodes()].filter((node) => node.isGood(now)).length
    const isRift = late >= Math.max(MIN_RIFT, good)
    for (let i = 0; i < Math.min(lost.length, isRift ? RIFT_SEEKS : 1); i++) {
      this.verify(lost[this.#sought++ % lost.length]![0], now)
    }
    return isRift
  }

  /**
   * Searches dropped `node` when it expired, and it is alive again: for how long it was gone, 0
   * when it was not. Not at once: one that talks but does not answer would be asked for ever.
   */
  #takeBack(node: Node, now: number): number {
    if (this.#gone.size === 0) return 0
    const since = this.#gone.get(node)
    if (since === undefined || now < since + MIN_GONE_MS) return 0
    this.#gone.delete(node)
    return now - since
  }
}

const QUIET = new QuietHandler()

/** Peers of one network have one vote together: /24 of IPv4, /48 of IPv6. */
function votingPrefix(address: SocketAddress): string {
  if (address.family === 4) return String(address.a0 >>> 8)
  return `${address.a0} ${address.a1 >>> 16}`
}
