// SPDX-License-Identifier: MIT
// All searches of one family: finds or makes the one for a key, keeps finished ones for a while so
// that the next operation on the key starts warm, and tells searches of new nodes near their key.

import {
  FORMING_MS,
  LISTEN_RENEW_MS,
  LISTEN_RENEW_STABLE_MS,
  MAX_BESIEGERS,
  MAX_IDLE_SEARCHES,
  MAX_LINGERING_PUTS,
  NODE_EXPIRE_TIME_MS,
  SEARCH_IDLE_MS,
  SEARCH_NODES,
} from '../constants.ts'
import { IdMap } from '../id/id-map.ts'
import { IdTrie } from '../id/id-trie.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { Family } from '../id/socket-address.ts'
import type { NetworkEngine } from '../net/network-engine.ts'
import type { Node } from '../net/node.ts'
import type { RoutingTable } from '../routing/routing-table.ts'
import { Credit } from '../util/credit.ts'
import { Job } from '../util/timer-wheel.ts'
import type { Message } from '../wire/message.ts'
import { ClosestSet } from './closest-set.ts'
import { Density } from './density.ts'
import { IdleSearches } from './idle-searches.ts'
import type { ListenSockets } from './listen-sockets.ts'
import type { CheckCounts, Checking } from './put-check.ts'
import { Search } from './search.ts'
import type { SearchNode } from './search-node.ts'

/** What a search needs of its surroundings. */
export interface SearchContext {
  readonly family: Family
  readonly net: NetworkEngine
  readonly sockets: ListenSockets
  readonly listenRenewMs: number
  /** Families to ask nodes of, besides the one that carries the request; empty for only that. */
  readonly wantedFamilies: readonly Family[]
  lifetimeMs(typeId: number): number
  /** Takes the closest known nodes. */
  fill(search: Search, now: number): void
  /** For the nodes of a search for `key`. */
  emptySet(key: InfoHash): ClosestSet
  /**
   * Takes nodes that proved themselves for paths of a search to begin at. Whoever else is known is
   * for the first path.
   */
  openPaths(search: Search, now: number): void
  /** `id` is about as close to `key` as our own neighbours are to us. */
  isNear(key: InfoHash, id: InfoHash, now: number): boolean
  isConnecting(): boolean
  /**
   * How old the answer of a close node may be before it is asked again: ten minutes, but only
   * seconds while the network around the node is forming and new neighbours turn up. Many searches
   * would be too much for that.
   */
  answerAgeMs(now: number): number
  /** Places for puts that go on after their end. */
  readonly lingering: Places
  /** How puts are verified, if they are. */
  readonly checking: Checking | undefined
  /** Takes the node lists of an answer. */
  learn(search: Search, message: Message, replier: SearchNode, now: number): void
  /** The search has nobody to ask: step it when a node turns up or the family's status changes. */
  wait(search: Search): void
  /** The search has nothing to do. */
  idle(search: Search, now: number): void
  /** Steps the search when it is its turn: a few of them at a time. */
  stepSoon(search: Search, now: number): void
  /** The search got a permanent put: steps it at once, unless that is one of very many. */
  stepForPermanent(search: Search, now: number): void
  /** A search lost all of its nodes. */
  onLost(now: number): void
}

/** What the pool needs of the family it belongs to. */
export interface PoolHost {
  lifetimeMs(typeId: number): number
  isConnecting(family: Family): boolean
  table(family: Family): RoutingTable | undefined
  /** When the family last became connected; -Infinity for never. */
  connectedAt(family: Family): number
  /** Nodes of `family` that another one listed. */
  onListed(family: Family, nodes: readonly Node[], now: number): void
  onLost(family: Family, now: number): void
}

/** A network of which nobody new was heard for so long is not forming any more. */
const QUIET_MS = 5000
/** Pause before close nodes are asked again, right after the family became connected. */
const FIRST_ANSWER_AGE_MS = 2000

/** A put is verified so long after it was reported, or up to twice as long. */
const CHECK_AFTER_MS = 15_000
/** Of which jitter is an eighth. */
const CHECK_SPREAD = 8

/** A limited number of something. */
export class Places {
  #left: number

  constructor(count: number) {
    this.#left = count
  }

  tryAcquire(): boolean {
    if (this.#left === 0) return false
    this.#left--
    return true
  }

  release(): void {
    this.#left++
  }
}

/** Searches that hear of a new node at most. */
const MAX_OFFERS = 32
/** Searches that take their turn at a time, and the time between turns. */
const SEARCHES_PER_TURN = 4
const TURN_MS = 20
/**
 * Permanent puts that start at once, and how many more do per second; others take turns. A node
 * that comes back may put thousands at once, and so may others at the same time: what all of them
 * sent within a second would be more than their peers work on.
 */
const PERMANENT_BURST = 256
const PERMANENT_PER_SECOND = 100
/** With more searches than this under way, none asks again within seconds. */
const MAX_FORMING_SEARCHES = 64

export class SearchPool implements SearchContext, Iterable<Search> {
  readonly family: Family
  readonly net: NetworkEngine
  readonly sockets: ListenSockets
  readonly listenRenewMs: number
  readonly wantedFamilies: readonly Family[]
  readonly checking: Checking | undefined
  /** Of puts that are verified. */
  readonly checked: CheckCounts = { kept: 0, lost: 0 }
  readonly lingering = new Places(MAX_LINGERING_PUTS)
  readonly #host: PoolHost
  readonly #density: Density
  readonly #byKey: IdMap<Search>
  /**
   * Those with something to do: a new node concerns no others, and there may be thousands of them.
   */
  readonly #active = new IdTrie<Search>()
  readonly #idle = new IdleSearches()
  readonly #waiting = new Set<Search>()
  readonly #sweep: Job
  /** Those that only looked around, for keys that nobody asks for: not kept when they are done. */
  readonly #passing = new Set<Search>()
  /** Searches to be stepped a few at a time, and the job that does it. */
  readonly #queue = new Set<Search>()
  readonly #turn: Job
  readonly #permanentCredit = new Credit(PERMANENT_BURST, PERMANENT_PER_SECOND)
  /** Operations refused because there are too many searches. */
  refused = 0

  constructor(init: {
    family: Family
    net: NetworkEngine
    sockets: ListenSockets
    host: PoolHost
    seed: number
  }) {
    this.family = init.family
    this.net = init.net
    this.sockets = init.sockets
    this.#host = init.host
    this.#byKey = new IdMap(init.seed)
    const { config } = init.net
    const cache = init.net.cache(init.family)
    this.#density = new Density(config.id, cache, config.maxNodesPerPrefix)
    const { policy } = init.net.requests
    const delayMs = (): number => CHECK_AFTER_MS + policy.jitterMs(CHECK_SPREAD * CHECK_AFTER_MS)
    if (config.verifyPuts) this.checking = { counts: this.checked, delayMs }
    this.listenRenewMs = config.publicStable ? LISTEN_RENEW_STABLE_MS : LISTEN_RENEW_MS
    this.wantedFamilies = config.families.length > 1 ? config.families : []
    this.#sweep = new Job((now) => this.#dropIdle(now))
    this.#turn = new Job((now) => this.#stepSome(now))
  }

  get size(): number {
    return this.#byKey.size
  }

  [Symbol.iterator](): Iterator<Search> {
    return this.#byKey[Symbol.iterator]()
  }

  find(key: InfoHash): Search | undefined {
    return this.#byKey.get(key)
  }

  /** The search for `key`, made when there is none; undefined at the limit. */
  obtain(key: InfoHash, now: number): Search | undefined {
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      this.#passing.delete(known)
      this.#idle.delete(known)
      this.#active.add(known)
      return known
    }
    const { maxSearches } = this.net.config
    if (maxSearches >= 0 && this.size >= maxSearches && !this.#dropOldestIdle()) {
      this.refused++
      return undefined
    }
    const search = new Search(key, this, now)
    this.#byKey.set(search)
    this.#active.add(search)
    return search
  }

  /** Looks up the nodes around `key`, to learn of them. The search is forgotten when it is done. */
  lookAround(key: InfoHash, now: number): void {
    const isNew = this.find(key) === undefined
    const search = this.obtain(key, now)
    if (search === undefined) return
    if (isNew) this.#passing.add(search)
    search.explore(now)
  }

  /** A node that proved to be alive: the searches around its id, and lonely ones, may take it. */
  offer(node: Node, now: number): void {
    if (this.#waiting.size > 0) this.wakeWaiting(now)
    const takers: Search[] = []
    this.#active.visitClosest(node.id, (search) => {
      if (search.isIdle) return true
      if (!search.nodes.insert(node)) return false
      return takers.push(search) < MAX_OFFERS
    })
    for (const search of takers) this.#stepInTurn(search, now)
  }

  /** A node is gone: the searches around its id that use it look for another one. */
  onExpired(node: Node, now: number): void {
    const near = this.#active.closest(node.id, MAX_OFFERS, (search) => !search.isIdle)
    for (const search of near) {
      // Not at once: one of them may be in the middle of the request that failed.
      if (search.nodes.find(node.id) !== undefined) this.stepSoon(search, now)
    }
  }

  /** Lonely searches look again: for nodes, or whether to give up. */
  wakeWaiting(now: number): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    const hasNodes = this.#closestNodes(this.net.config.id, 1, now).length > 0
    for (const search of waiting) {
      if (hasNodes) this.#stepInTurn(search, now)
      else search.step(now)
    }
  }

  closeAll(): void {
    for (const search of [...this.#byKey]) this.#drop(search)
  }

  lifetimeMs(typeId: number): number {
    return this.#host.lifetimeMs(typeId)
  }

  fill({ id, nodes }: Search, now: number): void {
    const count = SEARCH_NODES + nodes.asideCount
    for (const node of this.#closestNodes(id, count, now)) nodes.insert(node)
    if (!nodes.lacksOthers) return
    for (const node of this.#closestNodes(id, count + MAX_BESIEGERS, now)) nodes.insert(node)
  }

  #closestNodes(key: InfoHash, count: number, now: number): Node[] {
    const { blocklist, config } = this.net
    const cache = this.net.cache(this.family)
    const known = cache.closestApart(key, count, config.maxNodesPerPrefix)
    // Those who only asked us something may be silent or not exist: better than nobody.
    const nodes = known.length > 0 ? known : cache.strangers(count)
    return nodes.filter((node) => !blocklist.has(node.address, now))
  }

  emptySet(key: InfoHash): ClosestSet {
    const { maxNodesPerPrefix, lookupPaths } = this.net.config
    return new ClosestSet(key, maxNodesPerPrefix, this.#density, lookupPaths)
  }

  openPaths(search: Search, now: number): void {
    const { lookupPaths } = this.net.config
    const good = this.#host.table(this.family)?.closestGood(search.id, SEARCH_NODES, now) ?? []
    for (const [i, node] of good.entries()) search.nodes.insert(node, i % lookupPaths)
    this.fill(search, now)
  }

  isNear(key: InfoHash, id: InfoHash, now: number): boolean {
    return this.#density.isNear(key, id, now)
  }

  isConnecting(): boolean {
    return this.#host.isConnecting(this.family)
  }

  answerAgeMs(now: number): number {
    const connectedMs = now - this.#host.connectedAt(this.family)
    const active = this.size - this.#idle.size
    const isQuiet = now - this.net.cache(this.family).grewAt > QUIET_MS
    if (connectedMs > FORMING_MS || isQuiet || active > MAX_FORMING_SEARCHES) {
      return NODE_EXPIRE_TIME_MS
    }
    return Math.max(FIRST_ANSWER_AGE_MS, connectedMs / 2)
  }

  learn(search: Search, message: Message, replier: SearchNode, now: number): void {
    const path = search.nodes.pathOf(replier)
    for (const family of this.net.config.families) {
      const nodes = this.net.listedNodes(message, replier.node.address, family, now)
      if (family !== this.family) this.#host.onListed(family, nodes, now)
      else for (const node of nodes) search.hear(node, path)
    }
  }

  wait(search: Search): void {
    this.#waiting.add(search)
  }

  idle(search: Search, now: number): void {
    this.net.wheel.cancel(search)
    this.#waiting.delete(search)
    if (search.idle.since !== undefined) return
    this.#active.delete(search.id)
    this.#idle.add(search, now)
    // Not at once: it is in the middle of a step.
    if (this.#passing.has(search)) this.stepSoon(search, now)
    if (this.#idle.size > MAX_IDLE_SEARCHES) this.#dropOldestIdle()
    if (!this.#sweep.isScheduled) this.net.wheel.schedule(this.#sweep, now + SEARCH_IDLE_MS)
  }

  stepSoon(search: Search, now: number): void {
    this.#queue.add(search)
    if (!this.#turn.isScheduled) this.net.wheel.schedule(this.#turn, now + 1)
  }

  stepForPermanent(search: Search, now: number): void {
    // A few of them never wait behind the renewals of many.
    if (this.#permanentCredit.tryTake(now)) search.step(now)
    else this.stepSoon(search, now)
  }

  onLost(now: number): void {
    this.#host.onLost(this.family, now)
  }

  /**
   * Gets at once, others a few at a time: thousands of permanent puts would overrun the network.
   */
  #stepInTurn(search: Search, now: number): void {
    if (search.gets > 0) search.step(now)
    else this.stepSoon(search, now)
  }

  #stepSome(now: number): void {
    let left = SEARCHES_PER_TURN
    for (const search of this.#queue) {
      if (left-- === 0) break
      this.#queue.delete(search)
      if (this.#passing.has(search) && search.isIdle) this.#drop(search)
      else search.step(now)
    }
    if (this.#queue.size > 0) this.net.wheel.schedule(this.#turn, now + TURN_MS)
  }

  #dropIdle(now: number): void {
    let { oldest } = this.#idle
    while (oldest !== undefined) {
      const endsAt = oldest.idle.since! + SEARCH_IDLE_MS
      if (endsAt > now) return this.net.wheel.schedule(this.#sweep, endsAt)
      this.#drop(oldest)
      oldest = this.#idle.oldest
    }
  }

  #dropOldestIdle(): boolean {
    const { oldest } = this.#idle
    if (oldest !== undefined) this.#drop(oldest)
    return oldest !== undefined
  }

  #drop(search: Search): void {
    this.#idle.delete(search)
    this.#waiting.delete(search)
    this.#passing.delete(search)
    this.#queue.delete(search)
    this.#byKey.delete(search.id)
    this.#active.delete(search.id)
    search.close('closed')
  }
}
