// SPDX-License-Identifier: MIT
// What a get or put is told when it ended in one family.

import type { Outcome } from '../events.ts'
import type { Family } from '../id/socket-address.ts'
import type { Node } from '../net/node.ts'

export interface FamilySink {
  onFamilyDone(family: Family, outcome: Outcome, nodes: readonly Node[]): void
}
