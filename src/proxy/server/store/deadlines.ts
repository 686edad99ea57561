// SPDX-License-Identifier: MIT
// One timer for any number of deadlines, each with the id of what it is for.

import { BinaryHeap, type HeapItem } from '../../../core/util/binary-heap.ts'
import type { Clock } from './clock.ts'

interface Deadline extends HeapItem {
  readonly id: string
  at: number
}

class EarliestFirst extends BinaryHeap<Deadline> {
  protected override isBefore(a: Deadline, b: Deadline): boolean {
    return a.at < b.at
  }
}

/** Deadlines are wall time: the clock may be set, so no timer is trusted for longer than this. */
const LONGEST_TIMER_MS = 60_000

export class Deadlines {
  readonly #clock: Clock
  readonly #onDue: (id: string) => void
  readonly #heap = new EarliestFirst()
  readonly #byId = new Map<string, Deadline>()
  #disarm: (() => void) | undefined
  #armedFor = Number.POSITIVE_INFINITY

  /** `onDue` is called once per deadline, which is forgotten then. */
  constructor(clock: Clock, onDue: (id: string) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** Sets or moves the deadline of `id`, in ms since the epoch. */
  set(id: string, at: number): void {
    const known = this.#byId.get(id)
    if (known === undefined) {
      const deadline = { id, at, heapIndex: -1 }
      this.#byId.set(id, deadline)
      this.#heap.add(deadline)
    } else {
      known.at = at
      this.#heap.moved(known)
    }
    this.#arm()
  }

  delete(id: string): void {
    const deadline = this.#byId.get(id)
    if (deadline === undefined) return
    this.#byId.delete(id)
    this.#heap.remove(deadline)
    this.#arm()
  }

  close(): void {
    this.#disarm?.()
    this.#byId.clear()
    while (this.#heap.first !== undefined) this.#heap.remove(this.#heap.first)
  }

  #arm(): void {
    const { first } = this.#heap
    const at = first?.at ?? Number.POSITIVE_INFINITY
    // A timer that comes too early finds nothing due and is set again.
    if (at >= this.#armedFor) return
    this.#disarm?.()
    const now = this.#clock.now()
    const wait = Math.min(Math.max(at - now, 0), LONGEST_TIMER_MS)
    this.#armedFor = now + wait
    this.#disarm = this.#clock.after(wait, () => this.#fire())
  }

  #fire(): void {
    this.#armedFor = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    for (let due = this.#heap.first; due !== undefined && due.at <= now; due = this.#heap.first) {
      this.#heap.remove(due)
      this.#byId.delete(due.id)
      this.#onDue(due.id)
    }
    this.#arm()
  }
}
