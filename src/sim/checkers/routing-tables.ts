// SPDX-License-Identifier: MIT
// Checker: routing tables are well formed. Buckets in order, eight nodes at most, each in its
// range, of the right family, none twice, never the node itself.

import type { InfoHash } from '../../core/id/info-hash.ts'
import { ZERO_HASH } from '../../core/id/info-hash.ts'
import type { Family } from '../../core/id/socket-address.ts'
import type { RoutingTableSnapshot } from '../../core/snapshots.ts'
import type { SimNode } from '../sim-node.ts'
import { NodeChecker } from './node-checker.ts'

const BUCKET_SIZE = 8

/** Fails when a routing table is not well-formed. */
export class RoutingTableChecker extends NodeChecker {
  readonly name = 'routing tables'

  protected checkNode(node: SimNode): void {
    for (const family of node.dht.config.families) {
      const problem = problemOf(node.id, family, node.dht.routingTable(family, node.clockMs))
      if (problem === undefined) continue
      this.network.fail(`Node ${node.index}: routing table of IPv${family}: ${problem}`)
      return
    }
  }
}

/** What is wrong with a table; undefined when nothing is. */
export function problemOf(
  ownId: InfoHash,
  family: Family,
  { buckets }: RoutingTableSnapshot,
): string | undefined {
  if (buckets[0]?.first.equals(ZERO_HASH) === false) return 'the first bucket does not start at 0'
  for (const [i, { first, nodes }] of buckets.entries()) {
    const end = buckets[i + 1]?.first
    if (end !== undefined && first.compare(end) >= 0) return `bucket ${i} is out of order`
    if (nodes.length > BUCKET_SIZE) return `bucket ${i} has ${nodes.length} nodes`
    if (new Set(nodes.map(({ id }) => id.toString())).size < nodes.length) {
      return `bucket ${i} has a node twice`
    }
    for (const { id, address } of nodes) {
      const isInRange = id.compare(first) >= 0 && (end === undefined || id.compare(end) < 0)
      if (!isInRange) return `node ${id} is in the wrong bucket`
      if (id.equals(ownId)) return 'it has the own node'
      if (address.family !== family) return `node ${id} has address ${address}`
    }
  }
  return undefined
}
