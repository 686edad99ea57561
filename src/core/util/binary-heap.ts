// SPDX-License-Identifier: MIT
// Binary heap whose items know their place, so that any of them can be removed or moved in O(log
// n). A subclass says which of two items goes first: there are many small heaps, and a comparison
// function in each would be carried around for nothing.

export interface HeapItem {
  /** Place in the heap, -1 outside; owned by it. An item is in at most one heap at a time. */
  heapIndex: number
}

export abstract class BinaryHeap<T extends HeapItem> {
  #items: T[] = []

  /** Whether `a` has to leave before `b`. Must not change without `moved` for the changed item. */
  protected abstract isBefore(a: T, b: T): boolean

  get size(): number {
    return this.#items.length
  }

  /** The item that goes before all others. */
  get first(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    item.heapIndex = this.#items.length
    // A literal has room for one item, a push onto an empty array makes room for seventeen.
    if (item.heapIndex === 0) this.#items = [item]
    else this.#items.push(item)
    this.#rise(item)
  }

  remove(item: T): void {
    const index = item.heapIndex
    const last = this.#items.pop()!
    item.heapIndex = -1
    if (last === item) return
    this.#put(last, index)
    this.moved(last)
  }

  /** Restores the order after `item` changed. */
  moved(item: T): void {
    this.#rise(item)
    this.#sink(item)
  }

  #rise(item: T): void {
    for (let index = item.heapIndex; index > 0; ) {
      const above = (index - 1) >> 1
      const parent = this.#items[above]!
      if (!this.isBefore(item, parent)) return
      this.#put(parent, index)
      this.#put(item, above)
      index = above
    }
  }

  #sink(item: T): void {
    for (let index = item.heapIndex; ; ) {
      let below = 2 * index + 1
      let child = this.#items[below]
      if (child === undefined) return
      const other = this.#items[below + 1]
      if (other !== undefined && this.isBefore(other, child)) {
        child = other
        below++
      }
      if (!this.isBefore(child, item)) return
      this.#put(child, index)
      this.#put(item, below)
      index = below
    }
  }

  #put(item: T, index: number): void {
    this.#items[index] = item
    item.heapIndex = index
  }
}
