// SPDX-License-Identifier: MIT
// What tests of indexes share.

import type { Prefix } from '../../src/pht/prefix.ts'

/**
 * The bytes of the node that C++ nodes mark beside each one: they flip another bit than the last
 * (`Prefix::swapBit` in opendht `indexation/pht.h`).
 */
export function misplacedSibling({ bytes, size }: Prefix): Uint8Array {
  const sibling = bytes.slice()
  const last = size - 1
  if (size > 0) sibling[last >> 3]! ^= 1 << ((8 - (last % 8)) % 8)
  return sibling
}
