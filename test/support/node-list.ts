// SPDX-License-Identifier: MIT
// Lists of nodes in messages, read as a whole.

import type { Family } from '../../src/core/id/socket-address.ts'
import {
  compactAddress,
  compactId,
  compactNodeBytes,
  compactNodeCount,
  type ListedNode,
} from '../../src/core/wire/compact-nodes.ts'
import type { Message, Span } from '../../src/core/wire/message.ts'

export function readCompactNodes(
  { source }: Message,
  span: Span,
  family: Family,
  limit: number,
): ListedNode[] {
  return Array.from({ length: compactNodeCount(span, family, limit) }, (_, i) => {
    const at = span.offset + i * compactNodeBytes(family)
    return { id: compactId(source, at).clone(), address: compactAddress(source, at, family) }
  })
}
