// SPDX-License-Identifier: MIT
// Lists of nodes in messages, read as a whole.

import type { Family } from '../../src/core/id/socket-address.ts'
import {
  compactAddress,
  type ListedNode,
  visitCompactNodes,
} from '../../src/core/wire/compact-nodes.ts'
import type { Message, Span } from '../../src/core/wire/message.ts'

export function readCompactNodes(
  message: Message,
  span: Span,
  family: Family,
  limit: number,
): ListedNode[] {
  const nodes: ListedNode[] = []
  visitCompactNodes(message, span, family, limit, (id, offset) => {
    nodes.push({ id: id.clone(), address: compactAddress(message.source, offset, family) })
  })
  return nodes
}
