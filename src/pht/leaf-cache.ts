// SPDX-License-Identifier: MIT
// How deep the trie was where somebody looked lately: a hint how much to read at once. When it is
// wrong, that costs some reads.

import { toHex } from '../core/util/bytes.ts'
import { LruMap } from '../core/util/lru-map.ts'
import { Prefix } from './prefix.ts'

const MAX_LEAVES = 1024
const LEAF_MS = 5 * 60_000

export class LeafCache {
  /** When each was seen. */
  readonly #leaves = new LruMap<string, number>(MAX_LEAVES)
  /** Sizes that leaves have had: few, even when there are many leaves. */
  readonly #sizes = new Set<number>()

  add(leaf: Prefix, now: number): void {
    this.#leaves.set(nameOf(leaf), now)
    this.#sizes.add(leaf.size)
  }

  /** Size of the deepest leaf above a key with this content; undefined when none is known. */
  depthOf(content: Uint8Array, now: number): number | undefined {
    let deepest: number | undefined
    for (const size of this.#sizes) {
      if (size >= 8 * content.length || (deepest !== undefined && size < deepest)) continue
      const seenAt = this.#leaves.get(nameOf(Prefix.of(content, size)))
      if (seenAt !== undefined && now - seenAt < LEAF_MS) deepest = size
    }
    return deepest
  }
}

function nameOf({ bytes, size }: Prefix): string {
  return `${size} ${toHex(bytes)}`
}
