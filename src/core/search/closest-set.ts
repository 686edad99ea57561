// SPDX-License-Identifier: MIT
// The nodes of a search, closest to the key first (Kademlia's lookup shortlist). Holds the 14
// closest that answer in time, and beside them those whose answer is overdue, and those that
// besiege the key.

import { MAX_BESIEGERS, SEARCH_NODES, TARGET_NODES } from '../constants.ts'
import type { InfoHash } from '../id/info-hash.ts'
import { Crowd } from '../net/crowd.ts'
import type { Node } from '../net/node.ts'
import type { Density } from './density.ts'
import { Rooms } from './rooms.ts'
import { PATIENT_WAITS, SearchNode } from './search-node.ts'

/** Whom a search goes by in one step. */
export interface Closest {
  /**
   * The up to eight closest nodes whose answers are not overdue, here or in another search. When
   * all others are, the latter are better than nobody. Before them, and beside the eight, those
   * that besiege the key.
   */
  readonly members: readonly SearchNode[]
  /** How many of the first members besiege the key: they are asked, but only the others count. */
  readonly besiegers: number
  /** How many paths lead here: there are eight members of each, if they know different ones. */
  readonly paths: number
  /** Fewer than eight count. */
  readonly isShort: boolean
  /**
   * Fewer than eight answer in time, so that nobody stands in for those that are overdue. Some of
   * these may have only lost a datagram or two; and when those of them that we have met are the
   * majority, it may be us who is cut off for a while.
   */
  readonly isWorthWaiting: boolean
  /** Members stand in for nodes that are closer, and may still answer. */
  readonly hasLaggards: boolean
  /**
   * Behind the members, one for every two that stand in for others, or part of two: where some do
   * not answer, some of those that are asked in their place will not either. None where eight are
   * overdue: then it is rather everybody who takes long than some who are dead.
   */
  readonly spares: readonly SearchNode[]
}

/** Overdue nodes kept beside the timely ones. */
const MAX_LATE_NODES = 32

const NONE: readonly SearchNode[] = []

/** Scratch of all engines: done with before the next call. */
const CROWD = new Crowd()
const ROOMS = new Rooms()

export class ClosestSet implements Iterable<SearchNode> {
  readonly #key: InfoHash
  readonly #perPrefix: number
  readonly #density: Density | undefined
  #nodes: SearchNode[] = []
  /** Some seem to besiege the key, but there are too few others to do without them. */
  lacksOthers = false

  readonly #paths: number
  /** How many nodes belong to each path. */
  readonly #owned: number[]

  /** `perPrefix`: nodes of one network that count as long as there are enough others, or -1. */
  constructor(key: InfoHash, perPrefix = -1, density?: Density, paths = 1) {
    this.#key = key
    this.#perPrefix = perPrefix
    this.#density = density
    this.#paths = paths
    this.#owned = new Array(paths).fill(0)
  }

  get size(): number {
    return this.#nodes.length
  }

  /** Members that do not count: their answers are overdue, or they besiege the key. */
  get asideCount(): number {
    let count = 0
    for (const { isLate, isBesieging, node } of this.#nodes) {
      if (isLate || isBesieging || node.isOverdue) count++
    }
    return count
  }

  [Symbol.iterator](): Iterator<SearchNode> {
    return this.#nodes[Symbol.iterator]()
  }

  closest(): Closest {
    const members = this.#timely()
    const last = members[members.length - 1]
    let besiegers = 0
    while (members[besiegers]?.isBesieging) besiegers++
    const counting = members.length - besiegers
    const isShort = counting < TARGET_NODES
    let hasLaggards = false
    let laggards = 0
    let isBeforeLast = true
    let silent = 0
    let recent = 0
    for (const member of this.#nodes) {
      if (member === last) isBeforeLast = false
      if (!isBeforeLast && !isShort) break
      if (!member.isLate || member.isBesieging) continue
      if (isBeforeLast) hasLaggards = true
      // Whoever was only listed by others may be long dead.
      if (member.node.hasBeenHeard) silent++
      if (member.waits >= PATIENT_WAITS) continue
      recent++
      if (isBeforeLast) laggards++
    }
    return {
      members,
      besiegers,
      paths: this.#paths,
      isShort,
      isWorthWaiting: isShort && (silent > counting || recent > 0),
      hasLaggards,
      spares: this.#spares(last, laggards),
    }
  }

  #spares(last: SearchNode | undefined, laggards: number): readonly SearchNode[] {
    if (last === undefined || laggards === 0 || laggards >= TARGET_NODES) return NONE
    const others = this.#nodes.slice(this.#nodes.indexOf(last) + 1)
    const timely = others.filter((it) => isOrdinary(it) && !it.node.isOverdue)
    return timely.slice(0, Math.ceil(laggards / 2))
  }

  #timely(): SearchNode[] {
    const timely: SearchNode[] = []
    const crowding: SearchNode[] = []
    let missing = TARGET_NODES
    let suspects = 0
    ROOMS.start(this.#paths, TARGET_NODES)
    for (const member of this.#nodes) {
      if (member.isLate) continue
      if (member.node.isOverdue) suspects++
      else if (!member.isCrowding) {
        if (member.isBesieging) timely.push(member)
        else if (ROOMS.take(member.paths)) {
          timely.push(member)
          missing--
          if (ROOMS.isFull) break
        }
      } else if (!member.isBesieging) crowding.push(member)
    }
    if (missing > 0 && crowding.length > 0) {
      timely.push(...crowding.slice(0, missing))
      timely.sort((a, b) => this.#key.compareDistance(a.id, b.id))
    }
    if (timely.length > 0 || suspects === 0) return timely
    return this.#nodes.filter(({ isLate }) => !isLate).slice(0, TARGET_NODES)
  }

  /** Some path has no member. */
  get lacksPath(): boolean {
    if (this.#paths === 1) return false
    let paths = 0
    for (const member of this.#nodes) paths |= member.paths
    return paths !== (1 << this.#paths) - 1
  }

  /** The path that hears what `member` lists: one of those that heard of it. */
  pathOf(member: SearchNode): number {
    if (member.path < 0) {
      for (let path = 0; path < this.#paths; path++) {
        if ((member.paths & (1 << path)) === 0) continue
        if (member.path < 0 || this.#owned[path]! < this.#owned[member.path]!) member.path = path
      }
      this.#owned[member.path]!++
    }
    return member.path
  }

  /** `path` heard of `node`. True when it is a member now and was not before. */
  insert(node: Node, path = 0): boolean {
    if (node.isExpired || node.isClient) return false
    const at = this.#position(node.id)
    const known = this.#nodes[at]
    if (known?.id.equals(node.id)) {
      known.paths |= 1 << path
      return false
    }
    if (this.#hasEnoughBefore(at, path)) return false
    const member = new SearchNode(node, 1 << path)
    this.#nodes.splice(at, 0, member)
    this.#mark()
    this.#trim()
    return !member.isRemoved
  }

  find(id: InfoHash): SearchNode | undefined {
    const member = this.#nodes[this.#position(id)]
    return member?.id.equals(id) ? member : undefined
  }

  /** Takes out the nodes that are gone. */
  removeExpired(): void {
    if (!this.#nodes.some(isGone)) return
    this.#nodes = this.#nodes.filter((member) => {
      if (!isGone(member)) return true
      drop(member)
      return false
    })
    this.#mark()
  }

  clear(): void {
    for (const member of this.#nodes) drop(member)
    this.#nodes = []
  }

  /** Index of the first member that is not closer to the key than `id`. */
  #position(id: InfoHash): number {
    let low = 0
    let high = this.#nodes.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#key.compareDistance(this.#nodes[middle]!.id, id) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Nodes to keep: more while it may turn out that some do not count. */
  get #room(): number {
    return this.lacksOthers ? SEARCH_NODES + MAX_BESIEGERS : SEARCH_NODES
  }

  /** So many timely members are closer that one at `at` would be dropped at once. */
  #hasEnoughBefore(at: number, path: number): boolean {
    let timely = 0
    for (let i = 0; i < at; i++) {
      const member = this.#nodes[i]!
      if (isOrdinary(member) && (member.paths & (1 << path)) !== 0) timely++
    }
    return timely >= this.#room
  }

  #mark(): void {
    if (this.#perPrefix >= 0) {
      CROWD.start(this.#perPrefix)
      for (const member of this.#nodes) member.isCrowding = !CROWD.admits(member.node.address)
    }
    if (this.#density !== undefined) this.#markBesiegers(this.#density)
  }

  /**
   * Those who are so many, so close to the key, that it cannot be chance: as long as there are
   * enough others.
   */
  #markBesiegers(density: Density): void {
    let rank = 0
    let timely = 0
    let besiegers = 0
    let end = 0
    for (let i = 0; i < this.#nodes.length; i++) {
      const { id, isCrowding, isLate } = this.#nodes[i]!
      if (isCrowding) continue
      rank++
      if (!isLate) timely++
      if (timely > MAX_BESIEGERS || !density.isImplausible(this.#key, id, rank)) continue
      besiegers = timely
      end = i + 1
    }
    this.lacksOthers = besiegers > 0 && timely - besiegers < TARGET_NODES
    if (this.lacksOthers) end = 0
    for (let i = 0; i < this.#nodes.length; i++) this.#nodes[i]!.isBesieging = i < end
  }

  /**
   * Drops the farthest timely node, first of those that crowd, and the farthest overdue one, as
   * long as there are too many.
   */
  #trim(): void {
    const room = this.#room
    if (this.#nodes.length <= room) return
    let late = 0
    let timely = 0
    for (const member of this.#nodes) if (isOrdinary(member)) timely++
    let crowdingRoom = Math.max(0, room - timely)
    ROOMS.start(this.#paths, room)
    this.#nodes = this.#nodes.filter((member) => {
      const fits = member.isLate
        ? ++late <= MAX_LATE_NODES
        : member.isCrowding
          ? crowdingRoom-- > 0
          : member.isBesieging || ROOMS.take(member.paths)
      if (!fits) drop(member)
      return fits
    })
  }
}

/** Counts among the fourteen. */
function isOrdinary({ isLate, isCrowding, isBesieging }: SearchNode): boolean {
  return !isLate && !isCrowding && !isBesieging
}

/** Silent for good, or only a client since lately. */
function isGone({ node }: SearchNode): boolean {
  return node.isExpired || node.isClient
}

function drop(member: SearchNode): void {
  member.isRemoved = true
  member.node.references--
}
