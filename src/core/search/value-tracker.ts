// SPDX-License-Identifier: MIT
// Who holds which value: turns the reports of several holders into news. A value is news when it
// first appears, when a newer revision does, and once more when its last holder dropped it.

import { InfoHash } from '../id/info-hash.ts'
import { packedValue } from '../value/pack-value.ts'
import type { Value, ValueId } from '../value/value.ts'

/** Distinct ids that one tracker follows; reports of further ones are counted and ignored. */
const MAX_TRACKED_VALUES = 65_536
/** Bytes of the current values; those that do not fit are counted and ignored, too. */
const MAX_TRACKED_BYTES = 64 * 1024 * 1024
/** Contents under one id that are remembered, so that none of them is reported twice. */
const MAX_REVISIONS = 16

class Tracked<H> {
  current: Value
  /** Digests of what was reported before. */
  readonly earlier: InfoHash[] = []
  readonly holders = new Set<H>()
  constructor(value: Value) {
    this.current = value
  }
}

export class ValueTracker<H> {
  readonly #values = new Map<ValueId, Tracked<H>>()
  #bytes = 0
  /** Reports that were ignored because too much is followed. */
  ignored = 0

  get size(): number {
    return this.#values.size
  }

  *values(): IterableIterator<Value> {
    for (const tracked of this.#values.values()) yield tracked.current
  }

  find(id: ValueId): Value | undefined {
    return this.#values.get(id)?.current
  }

  /** `holder` has `value`. True when that is news. */
  add(holder: H, value: Value): boolean {
    const tracked = this.#values.get(value.id)
    if (tracked === undefined) return this.#start(holder, value)
    tracked.holders.add(holder)
    if (!isNewer(tracked, value)) return false
    const growth = value.size - tracked.current.size
    if (this.#bytes + growth > MAX_TRACKED_BYTES) {
      this.ignored++
      return false
    }
    this.#bytes += growth
    if (tracked.earlier.length >= MAX_REVISIONS) tracked.earlier.shift()
    tracked.earlier.push(digest(tracked.current))
    tracked.current = value
    return true
  }

  /** `holder` dropped the value. Returns it when nobody holds it any more. */
  remove(holder: H, id: ValueId): Value | undefined {
    const tracked = this.#values.get(id)
    if (tracked === undefined || !tracked.holders.delete(holder)) return undefined
    if (tracked.holders.size > 0) return undefined
    this.#values.delete(id)
    this.#bytes -= tracked.current.size
    return tracked.current
  }

  #start(holder: H, value: Value): boolean {
    if (this.#values.size >= MAX_TRACKED_VALUES || this.#bytes + value.size > MAX_TRACKED_BYTES) {
      this.ignored++
      return false
    }
    const tracked = new Tracked<H>(value)
    tracked.holders.add(holder)
    this.#values.set(value.id, tracked)
    this.#bytes += value.size
    return true
  }
}

/**
 * Revisions of one owner are ordered by their sequence number. Contents without such an order
 * (plain and encrypted values of several authors under one id) count as new the first time each is
 * seen.
 */
function isNewer<H>(tracked: Tracked<H>, value: Value): boolean {
  const { current, earlier } = tracked
  if (current.contentEquals(value)) return false
  if (earlier.length > 0) {
    const wanted = digest(value)
    if (earlier.some((known) => known.equals(wanted))) return false
  }
  const sameOwner = current.isSigned && value.isSigned && equalOwners(current, value)
  return !sameOwner || value.seq > current.seq
}

/** Of the content, whatever the id. */
function digest(value: Value): InfoHash {
  return InfoHash.get(packedValue(value.withId(1n)))
}

function equalOwners(a: Value, b: Value): boolean {
  return a.ownerId?.equals(b.ownerId!) ?? false
}
