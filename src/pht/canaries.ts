// SPDX-License-Identifier: MIT
// Keeps the path to an entry alive: puts canaries at the nodes of the trie that need one.
//
// C++ nodes renew the leaf, and each node above with half the probability of the one below, so
// that inner nodes with few keys below them expire while these still live. Here an inner node gets
// a canary when it has few, and whoever has put one there renews it with every later insert.
// C++ nodes also mark a node beside each one, which a rotated bit index makes the wrong one (spec
// PHT, section 3.1). We mark none: those who search would take the right one for a leaf.

import type { InfoHash } from '../core/id/info-hash.ts'
import { LruMap } from '../core/util/lru-map.ts'
import { Value, type ValueId } from '../core/value/value.ts'
import type { PhtClock } from './clock.ts'
import type { Prefix } from './prefix.ts'
import type { PhtCounters } from './stats.ts'
import type { PhtDht, TrieNode } from './trie-reader.ts'

/** An inner node with fewer canaries gets one more. */
const ENOUGH_CANARIES = 8
/** What is older is renewed, so that canaries live about as long as the entries below. */
const FRESH_MS = 30_000
const MAX_KNOWN = 16_384
const NEVER = Number.NEGATIVE_INFINITY

interface Known {
  /** Of the own canary; 0 before the first put has ended. */
  id: ValueId
  putAt: number
  /** When there were enough canaries of others. */
  seenAt: number
}

export interface CanariesInit {
  readonly dht: PhtDht
  readonly userType: string
  readonly clock: PhtClock
  readonly counters: PhtCounters
}

export class Canaries {
  readonly #init: CanariesInit
  /** By key. Ids are used again, so that nodes keep one value instead of many. */
  readonly #known = new LruMap<string, Known>(MAX_KNOWN)

  constructor(init: CanariesInit) {
    this.#init = init
  }

  /** Puts a canary, unless there is a fresh one from here. Rejects as a put does. */
  async put({ key }: Prefix, signal: AbortSignal | undefined): Promise<void> {
    const { dht, userType, clock, counters } = this.#init
    const known = this.#get(key)
    if (clock.now - known.putAt < FRESH_MS) return
    known.putAt = clock.now
    counters.canariesPut++
    try {
      const { value } = await dht.put(key, new Value({ id: known.id, userType }), { signal })
      known.id = value.id
    } catch (error) {
      known.putAt = NEVER
      throw error
    }
  }

  /** Whether an inner node that was just read is to get a canary from here. */
  isWanted({ prefix, canaries }: TrieNode): boolean {
    const known = this.#get(prefix.key)
    if (canaries >= ENOUGH_CANARIES) known.seenAt = this.#init.clock.now
    return canaries < ENOUGH_CANARIES || known.putAt !== NEVER
  }

  /** Whether a node needs no canary now, as far as is known without looking. */
  isFresh({ key }: Prefix): boolean {
    const { putAt, seenAt } = this.#get(key)
    return this.#init.clock.now - Math.max(putAt, seenAt) < FRESH_MS
  }

  #get(key: InfoHash): Known {
    const name = key.toString()
    const known = this.#known.get(name) ?? { id: 0n, putAt: NEVER, seenAt: NEVER }
    this.#known.set(name, known)
    return known
  }
}
