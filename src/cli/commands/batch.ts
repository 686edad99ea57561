// SPDX-License-Identifier: MIT
// Groups what arrives together. The node hands out results one by one; a session shows those of one
// answer as one block.

export class Batch<T> {
  readonly #show: (items: readonly T[]) => void
  #items: T[] = []
  #timer: NodeJS.Immediate | undefined

  constructor(show: (items: readonly T[]) => void) {
    this.#show = show
  }

  add(item: T): void {
    this.#items.push(item)
    // Whatever is already queued has been taken before an immediate runs.
    this.#timer ??= setImmediate(() => this.flush())
  }

  /** Shows what has been collected, if anything. */
  flush(): void {
    clearImmediate(this.#timer)
    this.#timer = undefined
    const items = this.#items
    this.#items = []
    if (items.length > 0) this.#show(items)
  }
}
