// SPDX-License-Identifier: MIT
// What a get, query or listen found and its reader did not take yet. Both queues are bounded: a
// reader that cannot keep up gets ERR_DHT_LIMIT in the end, never a silent gap.

import { DhtError } from '../core/errors.ts'
import type { Value, ValueId } from '../core/value/value.ts'

/** Results that one operation keeps for its reader … */
export const MAX_QUEUED_RESULTS = 65_536
/** … and their bytes, counted like those of quotas. */
export const MAX_QUEUED_BYTES = 64 * 1024 * 1024

/** Taken results that may linger at the front of a queue. */
const COMPACT_AT = 1024

/** A change that a listener is told about. */
export interface ValueEvent {
  readonly value: Value
  /** False: the value is new or has a new revision. True: it expired or was withdrawn. */
  readonly expired: boolean
}

export interface ResultQueue<T> {
  /** The oldest result, which leaves the queue. */
  take(): T | undefined
  clear(): void
}

/** Results of a get or query in the order in which they came; the engine reports each once. */
export class FoundQueue<T> implements ResultQueue<T> {
  /** Results that were ever put in. */
  pushed = 0
  readonly #sizeOf: (item: T) => number
  #items: T[] = []
  #head = 0
  #bytes = 0

  constructor(sizeOf: (item: T) => number) {
    this.#sizeOf = sizeOf
  }

  /** Throws ERR_DHT_LIMIT when the reader is too far behind. */
  push(item: T): void {
    checkLimits(this.#items.length - this.#head + 1, this.#bytes + this.#sizeOf(item))
    this.#items.push(item)
    this.pushed++
    this.#bytes += this.#sizeOf(item)
  }

  take(): T | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head++]!
    this.#bytes -= this.#sizeOf(item)
    this.#forgetTaken()
    return item
  }

  clear(): void {
    this.#items = []
    this.#head = 0
    this.#bytes = 0
  }

  /** In large steps, so that taking stays cheap while the queue never becomes empty. */
  #forgetTaken(): void {
    if (this.#head === this.#items.length) this.#items.length = 0
    else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head)
    } else return
    this.#head = 0
  }
}

/**
 * Changes that a listen saw: per value id, the last one that the reader does not know yet. A newer
 * revision takes the place of an unread one, and a value that comes and goes unread leaves no
 * trace, so the queue is bounded by the values that exist. Every expiry that the reader sees
 * belongs to a value that it saw before.
 */
export class ChangeQueue implements ResultQueue<ValueEvent> {
  readonly #unread = new Map<ValueId, ValueEvent>()
  /** Values that exist as far as the reader knows: the engine tracks as many, and limits them. */
  readonly #known = new Set<ValueId>()
  #inOrder: Iterator<ValueEvent> | undefined
  #bytes = 0

  /** Throws ERR_DHT_LIMIT when the reader is too far behind. */
  push(value: Value, expired: boolean): void {
    const { id } = value
    this.#bytes -= this.#unread.get(id)?.value.size ?? 0
    if (expired && !this.#known.has(id)) {
      this.#unread.delete(id)
      return
    }
    this.#unread.set(id, { value, expired })
    this.#bytes += value.size
    checkLimits(this.#unread.size, this.#bytes)
  }

  take(): ValueEvent | undefined {
    // One iterator for as long as it lasts, since a new one skips all that was deleted before it.
    this.#inOrder ??= this.#unread.values()
    const { done, value: event } = this.#inOrder.next()
    if (done === true) {
      this.#inOrder = undefined
      return undefined
    }
    const { id, size } = event.value
    this.#unread.delete(id)
    this.#bytes -= size
    if (event.expired) this.#known.delete(id)
    else this.#known.add(id)
    return event
  }

  clear(): void {
    this.#unread.clear()
    this.#known.clear()
    this.#inOrder = undefined
    this.#bytes = 0
  }
}

function checkLimits(count: number, bytes: number): void {
  if (count <= MAX_QUEUED_RESULTS && bytes <= MAX_QUEUED_BYTES) return
  throw new DhtError(
    'ERR_DHT_LIMIT',
    `Cannot keep more results for a reader that does not take them: ${count} results of ${bytes} ` +
      `bytes wait, the limits are ${MAX_QUEUED_RESULTS} and ${MAX_QUEUED_BYTES}. Read faster, or ` +
      'narrow the query with `where`',
  )
}
