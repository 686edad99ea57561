// SPDX-License-Identifier: MIT
// Who lived ten minutes ago and does not answer any more: tells an operation that ends without
// them whether it found nothing, or was cut off from those who would know.

import { NODE_EXPIRE_TIME_MS, TARGET_NODES } from '../constants.ts'
import type { InfoHash } from '../id/info-hash.ts'
import type { ClosestSet } from './closest-set.ts'
import type { SearchNode } from './search-node.ts'

/** Nodes given up that are remembered; the oldest are forgotten first. */
const MAX_LOST = 64

export class Silence {
  readonly #nodes: ClosestSet
  /** Those that were given up, with the time of that. */
  #lost: { readonly member: SearchNode; readonly at: number }[] = []

  constructor(nodes: ClosestSet) {
    this.#nodes = nodes
  }

  /** `member` left all attempts of a request unanswered. */
  onLost(member: SearchNode, now: number): void {
    if (!isKnown(member, now)) return
    this.#lost.push({ member, at: now })
    if (this.#lost.length > MAX_LOST) this.#lost.shift()
  }

  /** Those that fell silent since `since`, or whose answers are overdue. */
  since(since: number, now: number): Set<SearchNode> {
    const silent = new Set<SearchNode>()
    for (const { member, at } of this.#lost) {
      if (at >= since && member.node.lastSeenAt < at) silent.add(member)
    }
    for (const member of this.#nodes) {
      if (member.isLate && !member.isBesieging && isKnown(member, now)) silent.add(member)
    }
    return silent
  }
}

/** Most of the nodes that are closest to `key`, of those that are known to exist, are silent. */
export function isCutOff(
  key: InfoHash,
  answerers: readonly SearchNode[],
  silent: ReadonlySet<SearchNode>,
): boolean {
  if (silent.size <= answerers.length && silent.size <= TARGET_NODES / 2) return false
  const closest = [...new Set([...answerers, ...silent])]
    .sort((a, b) => key.compareDistance(a.id, b.id))
    .slice(0, TARGET_NODES)
  const answered = closest.filter((member) => answerers.includes(member)).length
  return answered < closest.length / 2
}

/** Some would call it dead or alive by hearsay: only who was heard counts. */
function isKnown({ node }: SearchNode, now: number): boolean {
  return node.lastSeenAt > now - NODE_EXPIRE_TIME_MS
}
