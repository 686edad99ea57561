// SPDX-License-Identifier: MIT
// Collects how an operation ended in each address family: it succeeds when one family succeeded,
// and ends when all did.

import type { DhtEvent, NodeExport, OperationId, Outcome } from '../events.ts'
import type { Family } from '../id/socket-address.ts'
import type { Node } from '../net/node.ts'

/**
 * Worse outcomes later: the best one of the families is reported. Before all, that the node was
 * closed: whatever one family had found, the operation did not run to its end.
 */
const RANKING: readonly Outcome[] = ['closed', 'ok', 'replaced', 'failed', 'limit', 'no-nodes']

const NONE: readonly Family[] = []

export class FamilyResults {
  readonly #open: Set<Family>
  readonly #nodes: NodeExport[] = []
  #best: Outcome = 'no-nodes'

  constructor(families: readonly Family[]) {
    this.#open = new Set(families)
  }

  /** Of the families that are done. */
  get outcome(): Outcome {
    return this.#best
  }

  /** Families that are not done though one of the others succeeded. */
  get laggards(): readonly Family[] {
    return this.#best === 'ok' ? [...this.#open] : NONE
  }

  /** True when this was the last family. */
  add(family: Family, outcome: Outcome, nodes: readonly Node[]): boolean {
    if (!this.#open.delete(family)) return false
    if (RANKING.indexOf(outcome) < RANKING.indexOf(this.#best)) this.#best = outcome
    for (const { id, address } of nodes) this.#nodes.push({ id, address })
    return this.#open.size === 0
  }

  done(operation: OperationId): DhtEvent {
    return { kind: 'done', operation, outcome: this.#best, nodes: this.#nodes }
  }
}
