// SPDX-License-Identifier: MIT
// One node as a search sees it: how far it is with answering.

import type { InfoHash } from '../id/info-hash.ts'
import type { Node } from '../net/node.ts'

/** Waits after which a node is as good as dead, though its answer would still be taken. */
export const PATIENT_WAITS = 3

export class SearchNode {
  readonly node: Node
  /** The paths of the search that heard of it, as bits, and the one that it belongs to, or -1. */
  paths: number
  path = -1
  /** When it last answered a find or get of this search; -Infinity for never. */
  answeredAt = Number.NEGATIVE_INFINITY
  /** Its answer is overdue: others are asked in its place until it comes. */
  isLate = false
  /** Enough nodes of its network are closer: it only stands in for others. */
  isCrowding = false
  /** One of too many so close to the key: it is asked beside those that count. */
  isBesieging = false
  /** Waits for that answer that have passed. */
  waits = 0
  /** Requests in a row that it left unanswered although it was heard of meanwhile. */
  timeouts = 0
  /** Left the search; answers that still come only count for the node. */
  isRemoved = false

  constructor(node: Node, paths = 1) {
    this.node = node
    this.paths = paths
    node.references++
  }

  get id(): InfoHash {
    return this.node.id
  }
}
