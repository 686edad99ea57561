// SPDX-License-Identifier: MIT
// When a search looks for more nodes among those that are known: while the network is forming, and
// when it has too few. Not after every answer: with less than eight others there are no more.

import type { Closest, ClosestSet } from './closest-set.ts'

/** Others may have been heard of after this time. */
const REFILL_MS = 100

export class Refills {
  readonly #nodes: ClosestSet
  #lastAt = Number.NEGATIVE_INFINITY
  /** What there was afterwards. */
  #size = 0
  #aside = 0

  constructor(nodes: ClosestSet) {
    this.#nodes = nodes
  }

  done(now: number): void {
    this.#lastAt = now
    this.#size = this.#nodes.size
    this.#aside = this.#nodes.asideCount
  }

  /** `isForming`: nodes turn up all the time. */
  isDue({ isShort }: Closest, isForming: boolean, now: number): boolean {
    const isLongAgo = now >= this.#lastAt + REFILL_MS
    return isShort ? isLongAgo || this.#hasChanged : isForming && isLongAgo
  }

  /** Nodes came, left or were put aside. */
  get #hasChanged(): boolean {
    const { size, asideCount } = this.#nodes
    return size === 0 || size !== this.#size || asideCount !== this.#aside
  }
}
