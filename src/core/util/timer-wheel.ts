// SPDX-License-Identifier: MIT
// Hierarchical timing wheel: all deadlines of one engine, insert and cancel in constant time.
// Six levels of 64 slots, one millisecond at the bottom, so about two years at the top. Deadlines
// never fire early; those of one millisecond fire in the order in which they were scheduled, unless
// one of them was scheduled from beyond the horizon.

import { assert } from './assert.ts'

const LEVELS = 6
const SLOTS = 64
/** Width of one slot of each level in milliseconds. */
const SPAN = [1, 64, 4096, 262_144, 16_777_216, 1_073_741_824, 68_719_476_736]
/** Farther deadlines wait in the last slot within it and are looked at again at its time. */
const HORIZON_MS = SPAN[LEVELS]! - SPAN[LEVELS - 1]!

/** Something that happens at a point in time. Subclasses carry the data and say what happens. */
export abstract class Deadline {
  /** Milliseconds on the engine's clock; meaningful while scheduled. */
  at = 0
  /** Links and list of the wheel; owned by it. */
  prev: Deadline | undefined = undefined
  next: Deadline | undefined = undefined
  slot = -1

  get isScheduled(): boolean {
    return this.slot >= 0
  }

  abstract fire(now: number): void
}

/** A deadline that calls a function: for the few periodic jobs of an engine. */
export class Job extends Deadline {
  readonly #run: (now: number) => void
  constructor(run: (now: number) => void) {
    super()
    this.#run = run
  }
  fire(now: number): void {
    this.#run(now)
  }
}

export class TimerWheel {
  /** First of each slot; its deadlines form a ring. */
  readonly #heads: (Deadline | undefined)[] = new Array(LEVELS * SLOTS).fill(undefined)
  /** One bit per non-empty slot: two words per level. */
  readonly #occupied = new Int32Array(2 * LEVELS)
  #now: number
  #size = 0

  constructor(now: number) {
    assert(now >= 0, 'the clock of an engine starts at zero or later')
    this.#now = Math.floor(now)
  }

  get size(): number {
    return this.#size
  }

  /** Schedules or moves `deadline`. A time that has passed means the next millisecond. */
  schedule(deadline: Deadline, at: number): void {
    assert(!Number.isNaN(at), 'a deadline has a time')
    this.cancel(deadline)
    deadline.at = Math.max(Math.ceil(at), this.#now + 1)
    this.#insert(deadline)
    this.#size++
  }

  cancel(deadline: Deadline): void {
    if (deadline.slot < 0) return
    this.#unlink(deadline)
    this.#size--
  }

  /** Fires everything due at or before `now`, in order of time. */
  advance(now: number): void {
    const until = Math.floor(now)
    for (;;) {
      const slot = this.#nextSlot()
      if (slot < 0) break
      const start = this.#slotStart(slot)
      if (start > until) break
      this.#now = start
      if (slot < SLOTS) this.#fire(slot, until)
      else this.#spread(slot)
    }
    this.#now = Math.max(this.#now, until)
  }

  /**
   * When `advance` has to be called next; undefined when nothing is scheduled. May be earlier than
   * the first deadline (a far slot is only resolved when its time comes), never later.
   */
  nextWakeup(): number | undefined {
    const slot = this.#nextSlot()
    return slot < 0 ? undefined : this.#slotStart(slot)
  }

  #insert(deadline: Deadline): void {
    const at = Math.min(deadline.at, this.#now + HORIZON_MS)
    let level = 0
    while (
      level < LEVELS - 1 &&
      Math.floor(at / SPAN[level + 1]!) !== Math.floor(this.#now / SPAN[level + 1]!)
    ) {
      level++
    }
    this.#append(deadline, level * SLOTS + (Math.floor(at / SPAN[level]!) % SLOTS))
  }

  /** Fires a slot of the finest level. Nothing can join it meanwhile: `schedule` starts later. */
  #fire(slot: number, now: number): void {
    for (let first = this.#heads[slot]; first !== undefined; first = this.#heads[slot]) {
      this.cancel(first)
      first.fire(now)
    }
  }

  /** Moves the deadlines of a coarse slot whose time has come to finer levels. */
  #spread(slot: number): void {
    for (let first = this.#heads[slot]; first !== undefined; first = this.#heads[slot]) {
      this.#unlink(first)
      this.#insert(first)
    }
  }

  /** First non-empty slot in time order, -1 when there is none. */
  #nextSlot(): number {
    for (let level = 0; level < LEVELS; level++) {
      const low = this.#occupied[2 * level]!
      const high = this.#occupied[2 * level + 1]!
      if ((low | high) === 0) continue
      // Slots of a level lie in the current slot of the next one, so in order; the top level has
      // no next one and wraps around.
      const current = level === LEVELS - 1 ? Math.floor(this.#now / SPAN[level]!) % SLOTS : 0
      const ahead = lowestBit(low & maskFrom(current), high & maskFrom(current - 32))
      return level * SLOTS + (ahead >= 0 ? ahead : lowestBit(low, high))
    }
    return -1
  }

  #slotStart(slot: number): number {
    const level = Math.floor(slot / SLOTS)
    const rotation = SPAN[level + 1]!
    const start = Math.floor(this.#now / rotation) * rotation + (slot % SLOTS) * SPAN[level]!
    return start >= this.#now ? start : start + rotation
  }

  #append(deadline: Deadline, slot: number): void {
    const head = this.#heads[slot]
    deadline.slot = slot
    if (head === undefined) {
      deadline.prev = deadline
      deadline.next = deadline
      this.#heads[slot] = deadline
      this.#occupied[slot >> 5]! |= 1 << (slot & 31)
      return
    }
    const tail = head.prev!
    tail.next = deadline
    deadline.prev = tail
    deadline.next = head
    head.prev = deadline
  }

  #unlink(deadline: Deadline): void {
    const { slot } = deadline
    const next = deadline.next!
    if (next === deadline) {
      this.#heads[slot] = undefined
      this.#occupied[slot >> 5]! &= ~(1 << (slot & 31))
    } else {
      next.prev = deadline.prev
      deadline.prev!.next = next
      if (this.#heads[slot] === deadline) this.#heads[slot] = next
    }
    deadline.prev = undefined
    deadline.next = undefined
    deadline.slot = -1
  }
}

/** Index of the lowest set bit of a 64-bit map, -1 for none. */
function lowestBit(low: number, high: number): number {
  if (low !== 0) return 31 - Math.clz32(low & -low)
  if (high !== 0) return 63 - Math.clz32(high & -high)
  return -1
}

/** The bits of a word at or above `from`; all of them below 0, none from 32 on. */
function maskFrom(from: number): number {
  if (from <= 0) return -1
  return from >= 32 ? 0 : -1 << from
}
