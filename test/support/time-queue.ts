// SPDX-License-Identifier: MIT
// What is to happen at which virtual time, earliest first; entries of one time in the order in
// which they were added. For the in-memory networks of the tests.

interface Entry<T> {
  readonly at: number
  readonly order: number
  readonly item: T
}

export class TimeQueue<T> {
  readonly #heap: Entry<T>[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  /** Time of the first entry; Infinity when there is none. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  add(at: number, item: T): void {
    const heap = this.#heap
    const entry = { at, order: this.#order++, item }
    let index = heap.push(entry) - 1
    while (index > 0) {
      const above = (index - 1) >> 1
      if (!isBefore(entry, heap[above]!)) break
      heap[index] = heap[above]!
      index = above
    }
    heap[index] = entry
  }

  /** Takes the first entry out if its time is not after `until`. */
  takeDue(until: number): T | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > until) return undefined
    const last = this.#heap.pop()!
    if (last !== first) this.#sink(last)
    return first.item
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, entry)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = entry
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
