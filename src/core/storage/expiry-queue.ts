// SPDX-License-Identifier: MIT
// Stored values in the order in which they expire: a heap of rows with four children per place,
// because a step down waits for memory. One entry in the timer wheel, for the earliest value, does
// for all of them.

import { Deadline, type TimerWheel } from '../util/timer-wheel.ts'
import { Column, NO_ROW, type ValueRows } from './value-rows.ts'

/** Where the values are, and who takes out those whose time has come. */
export interface ExpiryHost {
  readonly rows: ValueRows
  readonly wheel: TimerWheel
  /** Must remove the row from its queue. */
  expire(row: number, now: number): void
}

const CHILDREN = 4
/** Values that end in one millisecond: whoever lets them end together does not hold up others. */
const MAX_AT_A_TIME = 512

export class ExpiryQueue extends Deadline {
  readonly #host: ExpiryHost
  #heap: number[] = []

  constructor(host: ExpiryHost) {
    super()
    this.#host = host
  }

  get size(): number {
    return this.#heap.length
  }

  /** The row that expires first. */
  get first(): number {
    return this.#heap[0] ?? NO_ROW
  }

  add(row: number): void {
    // A literal has room for one row, a push onto an empty array makes room for seventeen.
    if (this.#heap.length === 0) this.#heap = [row]
    else this.#heap.push(row)
    this.#rise(row, this.#heap.length - 1)
    this.#wakeForFirst()
  }

  remove(row: number): void {
    const place = this.#host.rows.get(row, Column.Place)
    const last = this.#heap.pop()!
    if (last !== row) this.#settle(last, place)
    if (this.#heap.length === 0) this.#host.wheel.cancel(this)
  }

  /** The expiry of `row` changed. */
  moved(row: number): void {
    this.#settle(row, this.#host.rows.get(row, Column.Place))
    this.#wakeForFirst()
  }

  fire(now: number): void {
    const { rows, wheel } = this.#host
    const due = this.at
    for (let left = MAX_AT_A_TIME; this.size > 0; left--) {
      const at = rows.expiresAt(this.first)
      if (at > due) return wheel.schedule(this, at)
      if (left === 0) return wheel.schedule(this, now + 1)
      this.#host.expire(this.first, now)
    }
  }

  /** The wheel may wake us too early, after the first row went or moved, and never too late. */
  #wakeForFirst(): void {
    const { rows, wheel } = this.#host
    const at = rows.expiresAt(this.first)
    if (!this.isScheduled || at < this.at) wheel.schedule(this, at)
  }

  #settle(row: number, place: number): void {
    this.#rise(row, place)
    this.#sink(row, this.#host.rows.get(row, Column.Place))
  }

  /** Puts `row` at `from`, or as far above as it belongs. */
  #rise(row: number, from: number): void {
    const { rows } = this.#host
    const expiresAt = rows.expiresAt(row)
    let place = from
    while (place > 0) {
      const above = Math.floor((place - 1) / CHILDREN)
      const parent = this.#heap[above]!
      if (rows.expiresAt(parent) <= expiresAt) break
      this.#put(parent, place)
      place = above
    }
    this.#put(row, place)
  }

  /** Puts `row` at `from`, or as far below as it belongs. */
  #sink(row: number, from: number): void {
    const { rows } = this.#host
    const heap = this.#heap
    const expiresAt = rows.expiresAt(row)
    let place = from
    for (;;) {
      let best = NO_ROW
      let bestPlace = -1
      let bestAt = expiresAt
      const first = CHILDREN * place + 1
      const end = Math.min(first + CHILDREN, heap.length)
      for (let below = first; below < end; below++) {
        const at = rows.expiresAt(heap[below]!)
        if (at >= bestAt) continue
        best = heap[below]!
        bestPlace = below
        bestAt = at
      }
      if (best === NO_ROW) break
      this.#put(best, place)
      place = bestPlace
    }
    this.#put(row, place)
  }

  #put(row: number, place: number): void {
    this.#heap[place] = row
    this.#host.rows.set(row, Column.Place, place)
  }
}
