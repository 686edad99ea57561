// SPDX-License-Identifier: MIT
// Whether operations can succeed, and why not: for health checks and people. Who asks makes the
// node look after its connection for a minute, since an idle node hears nothing, cut off or not:
// a family that was silent for some seconds pings nodes of its table, and when several of them do
// not answer, it is not ready. A node that nobody asks sends nothing for it.

import type { NodeStatus } from './events.ts'
import type { FamilyState } from './family-state.ts'
import type { Family } from './id/socket-address.ts'
import type { Node } from './net/node.ts'
import { Job, type TimerWheel } from './util/timer-wheel.ts'

/**
 * Why a family is not ready. `closed`: the node was closed. `no-socket`: this node does without the
 * family. `no-bootstrap`: there is nobody to ask. `unreachable`: nobody who was asked answered.
 * `starting`: the first attempt is under way. `network-down`: the system refuses to send.
 * `silent`: nodes are known, but none of them answers any more. `empty-table`: the last good node
 * was just lost. `connecting`: it was in the network and looks for nodes again.
 */
export type UnreadyReason =
  | 'closed'
  | 'no-socket'
  | 'no-bootstrap'
  | 'unreachable'
  | 'starting'
  | 'network-down'
  | 'silent'
  | 'empty-table'
  | 'connecting'

/** Whether operations can succeed in one address family, and why not. */
export interface FamilyReadiness {
  readonly isReady: boolean
  /** Undefined when it is ready. */
  readonly reason: UnreadyReason | undefined
}

export interface Readiness extends FamilyReadiness {
  readonly ipv4: FamilyReadiness
  readonly ipv6: FamilyReadiness
}

/** Without being asked for so long, the node stops looking. */
const WATCH_MS = 60_000
/** A family that heard nothing for so long is probed, one node at a time. */
const QUIET_MS = 4000
const PROBE_GAP_MS = 2000
/** So many nodes without an answer for so long make a family silent. */
const SILENT_PROBES = 3
const SILENT_MS = 5000

/** What one family hears, and what it asked since. */
interface Watched {
  readonly family: FamilyState
  /** Probes since the family was last heard; the time of the first one. */
  probes: number
  probingSince: number
  lastProbed: Node | undefined
}

export class ReadinessWatch {
  readonly #wheel: TimerWheel
  readonly #watched: readonly Watched[]
  readonly #job = new Job((now) => this.#look(now))
  #watchedUntil = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(wheel: TimerWheel, families: readonly FamilyState[]) {
    this.#wheel = wheel
    this.#watched = families.map((family) => {
      return { family, probes: 0, probingSince: 0, lastProbed: undefined }
    })
  }

  /** What is known now. It is at most 15 s old if this was called within the last minute. */
  read(now: number): Readiness {
    if (!this.#isClosed) {
      this.#watchedUntil = now + WATCH_MS
      if (!this.#job.isScheduled) this.#wheel.schedule(this.#job, now + 1)
    }
    const ipv4 = this.#readFamily(4, now)
    const ipv6 = this.#readFamily(6, now)
    return { ...better(ipv4, ipv6), ipv4, ipv6 }
  }

  close(): void {
    this.#isClosed = true
    this.#wheel.cancel(this.#job)
  }

  #readFamily(name: Family, now: number): FamilyReadiness {
    const watched = this.#watched.find(({ family }) => family.family === name)
    const reason = this.#reasonOf(watched, now)
    return { isReady: reason === undefined, reason }
  }

  #reasonOf(watched: Watched | undefined, now: number): UnreadyReason | undefined {
    if (watched === undefined) return 'no-socket'
    if (this.#isClosed) return 'closed'
    const { family } = watched
    const isSilent = isSilentSince(watched, now)
    const hasGood = family.table.some((node) => node.isGood(now))
    if (hasGood && family.status === 'connected' && !isSilent) return undefined
    if (family.sendFailedAt > family.lastHeardAt) return 'network-down'
    if (hasGood && isSilent) return 'silent'
    return reasonWithoutNodes(family.status, family)
  }

  #look(now: number): void {
    if (now >= this.#watchedUntil) return
    for (const watched of this.#watched) {
      const { family } = watched
      if (family.lastHeardAt >= watched.probingSince) watched.probes = 0
      if (family.status === 'connected' && now - family.lastHeardAt >= QUIET_MS) probe(watched, now)
    }
    this.#wheel.schedule(this.#job, now + PROBE_GAP_MS)
  }
}

function isSilentSince({ family, probes, probingSince }: Watched, now: number): boolean {
  const isUnanswered = probes >= SILENT_PROBES && family.lastHeardAt < probingSince
  return isUnanswered && now - probingSince >= SILENT_MS
}

/** Asks the next node of the table, others each time: any one of them may be gone. */
function probe(watched: Watched, now: number): void {
  const nodes = [...watched.family.table.nodes()].filter((node) => !node.isExpired)
  const next = nodes[(nodes.indexOf(watched.lastProbed!) + 1) % nodes.length]
  if (next === undefined) return
  if (watched.probes === 0) watched.probingSince = now
  watched.probes++
  watched.lastProbed = next
  watched.family.verify(next, now)
}

function reasonWithoutNodes(status: NodeStatus, family: FamilyState): UnreadyReason {
  if (status === 'connected') return 'empty-table'
  if (family.connectedAt !== Number.NEGATIVE_INFINITY) return 'connecting'
  if (status === 'connecting') return 'starting'
  return family.hasAsked ? 'unreachable' : 'no-bootstrap'
}

/** From what is the farthest from being ready to what is next to it. */
const ORDER: readonly (UnreadyReason | undefined)[] = [
  'no-socket',
  'closed',
  'no-bootstrap',
  'unreachable',
  'network-down',
  'starting',
  'silent',
  'empty-table',
  'connecting',
  undefined,
]

function better(a: FamilyReadiness, b: FamilyReadiness): FamilyReadiness {
  return ORDER.indexOf(a.reason) >= ORDER.indexOf(b.reason) ? a : b
}
