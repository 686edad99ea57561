// SPDX-License-Identifier: MIT
// How many requests each of many peers made within the last second: two counters per peer, in one
// typed array, nothing allocated per request. A peer is known by its seeded hash, which nobody can
// foresee; that also picks a set of eight slots. When all of a set are taken by peers of the last
// two seconds the table grows; at its limit the one that asked least goes, so that a flood of
// invented addresses cannot make us forget who asked most.

import { finish, mix } from '../util/hash-table.ts'

const WINDOW_MS = 1000
const SLOTS_PER_SET = 8
/** Most nodes are asked by few peers: a process may hold hundreds of them. */
const INITIAL_SLOTS = 8

// Layout of a slot, in words. The hash is 0 in a free slot. The start of the present window is cut
// to 32 bits: only differences count.
const HASH = 0
const START = 1
const CURRENT = 2
const PREVIOUS = 3
const WORDS = 4

export class RequestWindows {
  readonly #seed: number
  readonly #limit: number
  #data: Int32Array
  /** Peers forgotten while they still counted. */
  evicted = 0

  /** At most `limit` peers: a power of two, at least 8. */
  constructor(seed: number, limit: number) {
    this.#seed = seed | 0
    this.#limit = limit
    this.#data = new Int32Array(WORDS * Math.min(INITIAL_SLOTS, limit))
  }

  get capacity(): number {
    return this.#data.length / WORDS
  }

  /**
   * The slot of a peer, named by three words, with its window moved up to `now`. Valid until the
   * next `open`.
   */
  open(kind: number, high: number, low: number, now: number): number {
    const hash = finish(mix(mix(mix(this.#seed, kind), high), low))
    return this.#slotOf(hash === 0 ? 1 : hash, now)
  }

  #slotOf(hash: number, now: number): number {
    const data = this.#data
    const set = this.#setOf(hash)
    let unused = -1
    for (let slot = set; slot < set + WORDS * SLOTS_PER_SET; slot += WORDS) {
      if (data[slot + HASH] === hash) {
        this.#move(slot, now)
        return slot
      }
      if (unused < 0 && this.#isUnused(slot, now)) unused = slot
    }
    if (unused < 0 && this.capacity < this.#limit) {
      this.#grow(now)
      return this.#slotOf(hash, now)
    }
    const slot = unused < 0 ? this.#evict(set) : unused
    data[slot + HASH] = hash
    data[slot + START] = now
    data[slot + CURRENT] = 0
    data[slot + PREVIOUS] = 0
    return slot
  }

  /**
   * Requests counted within the last second. What lies in the window before the present one is
   * taken as spread evenly over it; within one window, which starts with a peer's first request,
   * the count is exact.
   */
  count(slot: number, now: number): number {
    const data = this.#data
    const elapsed = (now - data[slot + START]!) | 0
    return data[slot + CURRENT]! + data[slot + PREVIOUS]! * (1 - elapsed / WINDOW_MS)
  }

  add(slot: number): void {
    this.#data[slot + CURRENT]!++
  }

  #setOf(hash: number): number {
    const sets = this.capacity / SLOTS_PER_SET
    return (hash & (sets - 1)) * SLOTS_PER_SET * WORDS
  }

  #move(slot: number, now: number): void {
    const data = this.#data
    const elapsed = (now - data[slot + START]!) | 0
    if (elapsed >= 0 && elapsed < WINDOW_MS) return
    const isNext = elapsed >= 0 && elapsed < 2 * WINDOW_MS
    data[slot + PREVIOUS] = isNext ? data[slot + CURRENT]! : 0
    data[slot + START] = isNext ? data[slot + START]! + WINDOW_MS : now
    data[slot + CURRENT] = 0
  }

  /** Free, or of a peer whose requests do not count any more. */
  #isUnused(slot: number, now: number): boolean {
    if (this.#data[slot + HASH] === 0) return true
    const elapsed = (now - this.#data[slot + START]!) | 0
    return elapsed < 0 || elapsed >= 2 * WINDOW_MS
  }

  #evict(set: number): number {
    const data = this.#data
    let least = set
    for (let slot = set; slot < set + WORDS * SLOTS_PER_SET; slot += WORDS) {
      const requests = data[slot + CURRENT]! + data[slot + PREVIOUS]!
      if (requests < data[least + CURRENT]! + data[least + PREVIOUS]!) least = slot
    }
    this.evicted++
    return least
  }

  /** Each set splits into two, so neither can overflow. */
  #grow(now: number): void {
    const old = this.#data
    this.#data = new Int32Array(2 * old.length)
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from + HASH] === 0) continue
      const to = this.#slotOf(old[from + HASH]!, now)
      this.#data.set(old.subarray(from, from + WORDS), to)
    }
  }
}
