// SPDX-License-Identifier: MIT
// The truth that lookups are measured by: which running nodes are closest to a key.

import { TARGET_NODES } from '../core/constants.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { SimNode } from './sim-node.ts'

/** Which nodes are meant. */
export interface ClosestOptions {
  /** Default 8. */
  count?: number | undefined
  /** Nodes for which it is false are passed over. */
  accepts?: ((node: SimNode) => boolean) | undefined
}

export function closestNodes(
  nodes: readonly SimNode[],
  key: InfoHash,
  { count = TARGET_NODES, accepts = () => true }: ClosestOptions,
): SimNode[] {
  const nearest: SimNode[] = []
  for (const node of nodes) {
    if (!node.isUp || node.dht.config.clientMode) continue
    const last = nearest.at(-1)
    if (nearest.length === count && key.compareDistance(node.id, last!.id) > 0) continue
    if (!accepts(node)) continue
    const place = nearest.findIndex((other) => key.compareDistance(node.id, other.id) < 0)
    nearest.splice(place < 0 ? nearest.length : place, 0, node)
    nearest.length = Math.min(nearest.length, count)
  }
  return nearest
}
