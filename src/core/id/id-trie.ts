// SPDX-License-Identifier: MIT
// Crit-bit tree over ids: visits items in order of XOR distance to any target in O(log n) steps.
// Used wherever "the closest" is asked: routing table, node cache, searches around an id.

import type { Identified } from './id-map.ts'
import type { InfoHash } from './info-hash.ts'

/** Inner node: all ids below agree on the bits before `bit` and differ in it. */
class Branch<T> {
  readonly bit: number
  zero: Branch<T> | T
  one: Branch<T> | T
  constructor(bit: number, zero: Branch<T> | T, one: Branch<T> | T) {
    this.bit = bit
    this.zero = zero
    this.one = one
  }
}

export class IdTrie<T extends Identified> {
  #root: Branch<T> | T | undefined
  #size = 0
  /** Sides that `closest` passed by on its way down, the nearest one last. */
  readonly #passed: (Branch<T> | T)[] = []

  get size(): number {
    return this.#size
  }

  /** False, and no change, when an item with this id is there already. */
  add(item: T): boolean {
    if (this.#root === undefined) {
      this.#root = item
      this.#size = 1
      return true
    }
    const bit = item.id.commonBits(this.#nearestLeaf(item.id).id)
    if (bit === 160) return false
    let parent: Branch<T> | undefined
    let below = this.#root
    while (below instanceof Branch && below.bit < bit) {
      parent = below
      below = item.id.bit(below.bit) === 0 ? below.zero : below.one
    }
    const branch =
      item.id.bit(bit) === 0 ? new Branch<T>(bit, item, below) : new Branch<T>(bit, below, item)
    this.#replace(parent, item.id, branch)
    this.#size++
    return true
  }

  delete(id: InfoHash): boolean {
    let grandparent: Branch<T> | undefined
    let parent: Branch<T> | undefined
    let below = this.#root
    while (below instanceof Branch) {
      grandparent = parent
      parent = below
      below = id.bit(below.bit) === 0 ? below.zero : below.one
    }
    if (below === undefined || !below.id.equals(id)) return false
    if (parent === undefined) this.#root = undefined
    else this.#replace(grandparent, id, id.bit(parent.bit) === 0 ? parent.one : parent.zero)
    this.#size--
    return true
  }

  /** Calls `visit` for items closest first, until it returns false. */
  visitClosest(target: InfoHash, visit: (item: T) => boolean): void {
    if (this.#root !== undefined) walk(this.#root, target, visit)
  }

  /**
   * The up to `limit` items closest to `target` that `accept` lets through, closest first. `accept`
   * does not use the tree.
   */
  closest(target: InfoHash, limit: number, accept?: (item: T) => boolean): T[] {
    const found: T[] = []
    if (this.#root === undefined) return found
    const passed = this.#passed
    passed[0] = this.#root
    for (let count = 1; count > 0 && found.length < limit; ) {
      let below = passed[--count]!
      while (below instanceof Branch) {
        const isZero = target.bit(below.bit) === 0
        passed[count++] = isZero ? below.one : below.zero
        below = isZero ? below.zero : below.one
      }
      if (accept === undefined || accept(below)) found.push(below)
    }
    return found
  }

  #nearestLeaf(id: InfoHash): T {
    let below = this.#root!
    while (below instanceof Branch) below = id.bit(below.bit) === 0 ? below.zero : below.one
    return below
  }

  #replace(parent: Branch<T> | undefined, id: InfoHash, child: Branch<T> | T): void {
    if (parent === undefined) this.#root = child
    else if (id.bit(parent.bit) === 0) parent.zero = child
    else parent.one = child
  }
}

/** Depth first, the target's side of every branch before the other: this is XOR order. */
function walk<T extends Identified>(
  below: Branch<T> | T,
  target: InfoHash,
  visit: (item: T) => boolean,
): boolean {
  if (!(below instanceof Branch)) return visit(below)
  const zeroFirst = target.bit(below.bit) === 0
  return (
    walk(zeroFirst ? below.zero : below.one, target, visit) &&
    walk(zeroFirst ? below.one : below.zero, target, visit)
  )
}
