// SPDX-License-Identifier: MIT
// Looks at a few of many things at a time, and at all of them in the end.

export class Rounds {
  readonly #perTurn: number
  #next = 0

  constructor(perTurn: number) {
    this.#perTurn = perTurn
  }

  next<T>(items: readonly T[]): T[] {
    const count = Math.min(this.#perTurn, items.length)
    const turn = Array.from({ length: count }, (_, i) => items[(this.#next + i) % items.length]!)
    this.#next = items.length === 0 ? 0 : (this.#next + count) % items.length
    return turn
  }
}
