// SPDX-License-Identifier: MIT
// Keeps routing tables alive (spec node behaviour, section 3.5): refreshes old and empty buckets,
// looks around the own id while it is filling up, and removes what is gone.

import { BUCKET_REFRESH_MS, NEIGHBOURHOOD_WINDOW_MS, TARGET_NODES } from '../constants.ts'
import type { FamilyState } from '../family-state.ts'
import { InfoHash } from '../id/info-hash.ts'
import type { Family } from '../id/socket-address.ts'
import type { NetworkEngine } from '../net/network-engine.ts'
import type { Node } from '../net/node.ts'
import { QuietHandler, type Request } from '../net/request.ts'
import type { Random } from '../ports.ts'
import { Deadline, Job } from '../util/timer-wheel.ts'
import { Kind, type Message } from '../wire/message.ts'
import type { Bucket } from './routing-table.ts'

const SECOND_MS = 1000
/**
 * Pauses between lookups of the own id; they double from the first, after which the first answers
 * are in, most often, to the last.
 */
const FIRST_PAUSE_MS = SECOND_MS / 2
/**
 * First bits of the own id in which targets of lookups differ that show the rest of the network,
 * with the second lookup of the own id and with the third one. A lookup of the own id alone shows
 * the neighbours: a network whose nodes come all at once would consist of halves for a while.
 */
const FAR_BITS: readonly (readonly number[])[] = [
  [0, 1],
  [0, 2],
]
/** Nodes that come back are no reason to look around more often. */
const EXPLORE_GAP_MS = 60 * SECOND_MS
const MAX_PAUSE_MS = 10 * 60 * SECOND_MS
/** Chance of asking a neighbour of the bucket instead, and of asking for both families: 1 in … */
const NEIGHBOUR_CHANCE = 8
const BOTH_FAMILIES_CHANCE = 38

export interface MaintenanceHost {
  readonly net: NetworkEngine
  readonly families: readonly FamilyState[]
  onListed(family: Family, nodes: readonly Node[], now: number): void
  /** Time has passed: nodes that were good may not be any more. */
  onMaintained(): void
}

/** Members are asked for a sign of life before they stop counting as good, after ten minutes. */
const SILENCE_MS = 7 * 60 * SECOND_MS
const MAX_CHECKS = 32

export class Maintenance {
  readonly #host: MaintenanceHost
  readonly #random: Random
  readonly #confirm: Job
  readonly #expire: Job
  readonly #explorations = new Map<FamilyState, Exploration>()

  constructor(host: MaintenanceHost, random: Random, now: number) {
    this.#host = host
    this.#random = random
    this.#confirm = new Job((at) => this.#run(at))
    this.#expire = new Job((at) => this.#removeExpired(at))
    this.#schedule(this.#confirm, now, 3 * SECOND_MS, 5 * SECOND_MS)
    this.#schedule(this.#expire, now, 120 * SECOND_MS, 360 * SECOND_MS)
  }

  /** The tables changed or a request failed: look after them soon. */
  hurry(now: number): void {
    const soon = now + SECOND_MS
    const isSoonEnough = this.#confirm.isScheduled && this.#confirm.at <= soon
    if (!isSoonEnough) this.#host.net.wheel.schedule(this.#confirm, soon)
  }

  close(): void {
    this.#host.net.wheel.cancel(this.#confirm)
    this.#host.net.wheel.cancel(this.#expire)
    for (const exploration of this.#explorations.values()) {
      this.#host.net.wheel.cancel(exploration)
    }
  }

  #run(now: number): void {
    let sent = false
    let isRift = false
    for (const family of this.#host.families) {
      sent = this.#refreshBuckets(family, now) || sent
      this.#keepAlive(family, now)
      isRift = family.seekLost(now) || isRift
    }
    this.#host.onMaintained()
    if (!sent) {
      for (const family of this.#host.families) {
        if (family.table.grownAt > now - NEIGHBOURHOOD_WINDOW_MS) {
          sent = this.#lookAround(family, now) || sent
        }
      }
    }
    if (isRift) this.#schedule(this.#confirm, now, SECOND_MS, 2 * SECOND_MS)
    else if (sent) this.#schedule(this.#confirm, now, 5 * SECOND_MS, 25 * SECOND_MS)
    else this.#schedule(this.#confirm, now, 60 * SECOND_MS, 170 * SECOND_MS)
  }

  /**
   * The family became connected: looks up the own id, at once and then with growing pauses. That
   * finds the neighbours and makes the node known to them, also those who come, or come back, at
   * the same time.
   */
  explore(family: FamilyState, now: number): void {
    let exploration = this.#explorations.get(family)
    if (exploration === undefined) {
      exploration = new Exploration(family, this.#random, this.#host)
      this.#explorations.set(family, exploration)
    }
    exploration.start(now)
  }

  /**
   * A node that had been given up for long is there again. If it was not dead but out of reach, as
   * in a network that was cut in two, others are too, and will not be found by chance: the tables
   * of both halves are full of their own nodes.
   */
  onReturn(family: FamilyState, now: number): void {
    const exploration = this.#explorations.get(family)
    if (exploration === undefined || now < exploration.startedAt + EXPLORE_GAP_MS) return
    exploration.start(now)
  }

  #refreshBuckets(family: FamilyState, now: number): boolean {
    let sent = false
    for (const bucket of family.table.buckets) {
      const isFresh = bucket.updatedAt > now - BUCKET_REFRESH_MS && bucket.nodes.length > 0
      if (isFresh) continue
      const target = family.table.randomIdIn(bucket, this.#random)
      const node = this.#pick(family, bucket, now)
      if (node !== undefined) sent = this.#find(family, node, target, now) || sent
    }
    return sent
  }

  /** Pings members that were silent for long: an idle network would forget itself otherwise. */
  #keepAlive(family: FamilyState, now: number): void {
    let left = MAX_CHECKS
    for (const node of family.table.nodes()) {
      if (left === 0) return
      if (node.isExpired || node.lastSeenAt > now - SILENCE_MS) continue
      family.verify(node, now)
      left--
    }
  }

  #lookAround(family: FamilyState, now: number): boolean {
    const ownId = this.#host.net.config.id
    let target = ownId
    for (let bit = 152; bit < 160; bit++) {
      target = target.withBit(bit, (this.#random.uint32() & 1) as 0 | 1)
    }
    const node = this.#pick(family, family.table.bucketOf(ownId), now)
    return node !== undefined && this.#find(family, node, target, now)
  }

  /** A random member of the bucket, or now and then, and when it is empty, of a neighbour. */
  #pick(family: FamilyState, bucket: Bucket, now: number): Node | undefined {
    const step = this.#random.uint32() & 1 ? 1 : -1
    const { table } = family
    const neighbour = table.neighbour(bucket, step) ?? table.neighbour(bucket, -step as 1 | -1)
    const isElsewhere = bucket.nodes.length === 0 || this.#chance(NEIGHBOUR_CHANCE)
    const source = isElsewhere && neighbour !== undefined ? neighbour : bucket
    const usable = source.nodes.filter((node) => !node.isExpired && node.pendingRequests === 0)
    const good = usable.filter((node) => node.isGood(now))
    const choice = good.length > 0 ? good : usable
    return choice[this.#random.uint32() % Math.max(1, choice.length)]
  }

  #find(family: FamilyState, node: Node, target: InfoHash, now: number): boolean {
    const { net, families } = this.#host
    const other = families.find((candidate) => candidate !== family)
    const wantsBoth =
      other !== undefined &&
      (other.table.bucketOf(target).nodes.length < TARGET_NODES ||
        this.#chance(BOTH_FAMILIES_CHANCE))
    const wanted = wantsBoth ? net.config.families : []
    const request = net.requests.send(
      {
        kind: Kind.Find,
        node,
        address: node.address,
        handler: new MaintenanceFind(this, this.#host),
        encode: (writer, tid) => net.encoder.find(writer, tid, target, wanted),
      },
      now,
    )
    return request !== undefined
  }

  #removeExpired(now: number): void {
    for (const family of this.#host.families) {
      for (const candidate of family.table.removeExpired()) family.verify(candidate, now)
    }
    this.#schedule(this.#expire, now, 120 * SECOND_MS, 360 * SECOND_MS)
  }

  #chance(oneIn: number): boolean {
    return this.#random.uint32() % oneIn === 0
  }

  #schedule(job: Job, now: number, fromMs: number, toMs: number): void {
    const delay = fromMs + (this.#random.uint32() % (toMs - fromMs))
    this.#host.net.wheel.schedule(job, now + delay)
  }
}

/** Lookups of the own id in one family, for as long as it is connected. */
class Exploration extends Deadline {
  readonly #family: FamilyState
  readonly #random: Random
  readonly #host: MaintenanceHost
  #pauseMs = FIRST_PAUSE_MS
  #round = 0
  startedAt = Number.NEGATIVE_INFINITY

  constructor(family: FamilyState, random: Random, host: MaintenanceHost) {
    super()
    this.#family = family
    this.#random = random
    this.#host = host
  }

  start(now: number): void {
    this.startedAt = now
    this.#pauseMs = FIRST_PAUSE_MS
    this.#round = 0
    this.#family.searches.obtain(this.#host.net.config.id, now)?.explore(now)
    this.#host.net.wheel.schedule(this, now + this.#pause())
  }

  fire(now: number): void {
    const family = this.#family
    if (family.status !== 'connected') return
    const { wheel, config } = this.#host.net
    family.searches.obtain(config.id, now)?.explore(now)
    for (const bit of FAR_BITS[this.#round++] ?? []) this.#lookFar(bit, now)
    wheel.schedule(this, now + this.#pause())
  }

  #pause(): number {
    const jitter = this.#random.uint32() % Math.ceil(this.#pauseMs / 2)
    const pauseMs = this.#pauseMs + jitter
    this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS)
    return pauseMs
  }

  #lookFar(bit: number, now: number): void {
    const { id } = this.#host.net.config
    let target = InfoHash.random(this.#random)
    for (let before = 0; before < bit; before++) target = target.withBit(before, id.bit(before))
    const isSet = id.bit(bit) === 1
    this.#family.searches.lookAround(target.withBit(bit, isSet ? 0 : 1), now)
  }
}

class MaintenanceFind extends QuietHandler {
  readonly #maintenance: Maintenance
  readonly #host: MaintenanceHost

  constructor(maintenance: Maintenance, host: MaintenanceHost) {
    super()
    this.#maintenance = maintenance
    this.#host = host
  }

  override onReply(request: Request, message: Message, now: number): void {
    for (const { family } of this.#host.families) {
      const nodes = this.#host.net.listedNodes(message, request.address, family, now)
      this.#host.onListed(family, nodes, now)
    }
  }

  override onExpired(_request: Request, now: number): void {
    this.#maintenance.hurry(now)
  }
}
