// SPDX-License-Identifier: MIT
// Where a full leaf is split.

import { commonBits } from './bits.ts'

/**
 * The least depth at which a key has left one of the others in its leaf, so that a node there takes
 * some of them; undefined when all are equal.
 */
export function splitDepth(content: Uint8Array, others: readonly Uint8Array[]): number | undefined {
  const shared = Math.min(...others.map((other) => commonBits(content, other)))
  return shared < 8 * content.length ? shared + 1 : undefined
}
