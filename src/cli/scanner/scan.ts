// SPDX-License-Identifier: MIT
// Finds all nodes of a network. A lookup of a key finds the nodes closest to it. Where many of them
// lie in the region that was asked for, there may be more: both halves of it are looked up next.
// Where only a few do, and the others lie outside, these few are all; or those that were asked did
// not know of more, as in a network that is forming. So all regions are gone over again, from what
// is known by then, until that brings nobody new.

import type { Inspector } from '../../api/inspector.ts'
import { InfoHash } from '../../core/id/info-hash.ts'
import type { Family, SocketAddress } from '../../core/id/socket-address.ts'
import type { NodeSnapshot } from '../../core/snapshots.ts'

/** What the scan needs of its node. */
export interface ScanNode {
  get(key: InfoHash, options: { signal: AbortSignal }): AsyncIterable<unknown>
  readonly inspector: Pick<Inspector, 'searches'>
}

export interface ScannedNode {
  readonly id: InfoHash
  /** One per family. */
  readonly addresses: readonly SocketAddress[]
}

export interface ScanState {
  /** That answered. */
  readonly nodes: number
  readonly lookupsDone: number
  readonly lookupsLeft: number
}

export interface ScanResult {
  /** That answered, sorted by id. */
  readonly nodes: readonly ScannedNode[]
  /** Nodes that others know and that did not answer. */
  readonly silent: number
  readonly lookups: number
  /** Every region was looked at. */
  readonly isComplete: boolean
}

/** All ids that share the first `depth` bits with `key`, which lies within. */
interface Region {
  readonly key: InfoHash
  readonly depth: number
  readonly attempt: number
}

/** A region that was not split. */
type Leaf = Pick<Region, 'key' | 'depth'>

interface ScannedAddresses {
  readonly id: InfoHash
  readonly addresses: Map<Family, SocketAddress>
}

const MAX_PARALLEL = 16
/** A lookup finds eight for sure; with so many in its region there may be one that it missed. */
const SPLIT_AT = 5
const MAX_ATTEMPTS = 2
/** A network whose nodes make up ids as they are asked ends here. */
const MAX_LOOKUPS = 20_000
const MAX_DEPTH = 64
/** Over all regions; nodes that come and go would keep the scan from ever ending. */
const MAX_PASSES = 4
/** Bits of an id; the last ones tell the keys apart that one region is looked up with. */
const ID_BITS = 160
const FAMILIES: readonly Family[] = [4, 6]
const FIRST_KEY = new InfoHash(0, 0, 0, 0, 1)

export class Scan {
  readonly #node: ScanNode
  readonly #signal: AbortSignal
  readonly #regions: Region[] = [{ key: FIRST_KEY, depth: 0, attempt: 1 }]
  readonly #leaves: Leaf[] = []
  readonly #found = new Map<string, ScannedAddresses>()
  readonly #heardOf = new Map<string, InfoHash>()
  #lookups = 0
  #running = 0
  #isComplete = true

  constructor(node: ScanNode, signal: AbortSignal) {
    this.#node = node
    this.#signal = signal
  }

  get state(): ScanState {
    const left = this.#regions.length + this.#running
    return { nodes: this.#found.size, lookupsDone: this.#lookups, lookupsLeft: left }
  }

  /** Never rejects: a failure of a lookup makes the result incomplete, and so does the signal. */
  async run(onProgress: (state: ScanState) => void): Promise<ScanResult> {
    await this.#visitAll(onProgress)
    await this.#visitSilent(onProgress)
    for (let pass = 2; pass <= MAX_PASSES; pass++) {
      const before = this.#found.size
      for (const { key, depth } of this.#leaves.splice(0)) {
        this.#regions.push({ key: key.withBit(ID_BITS - pass, 1), depth, attempt: 1 })
      }
      await this.#visitAll(onProgress)
      await this.#visitSilent(onProgress)
      if (this.#found.size === before) break
    }
    return this.#result()
  }

  /** A lookup ends when enough nodes answered: those that were late are asked for themselves. */
  async #visitSilent(onProgress: (state: ScanState) => void): Promise<void> {
    for (const key of this.#silent()) {
      this.#regions.push({ key, depth: MAX_DEPTH, attempt: MAX_ATTEMPTS })
    }
    await this.#visitAll(onProgress)
  }

  async #visitAll(onProgress: (state: ScanState) => void): Promise<void> {
    const running = new Set<Promise<void>>()
    while (this.#regions.length > 0 || running.size > 0) {
      if (this.#signal.aborted || this.#lookups >= MAX_LOOKUPS) {
        this.#isComplete &&= this.#regions.length === 0
        this.#regions.length = 0
      }
      const region = running.size < MAX_PARALLEL ? this.#regions.shift() : undefined
      if (region === undefined) {
        // Nothing runs when the rest was given up just now.
        if (running.size > 0) await Promise.race(running)
        onProgress(this.state)
        continue
      }
      this.#lookups++
      this.#running++
      const lookup: Promise<void> = this.#visit(region).finally(() => {
        running.delete(lookup)
        this.#running--
      })
      running.add(lookup)
    }
  }

  async #visit(region: Region): Promise<void> {
    const { key, depth, attempt } = region
    const isAnswered = await this.#lookUp(key)
    const inside = FAMILIES.map((family) => this.#collect(region, family))
    if (!isAnswered) {
      if (attempt < MAX_ATTEMPTS && !this.#signal.aborted) {
        this.#regions.push({ ...region, attempt: attempt + 1 })
      } else {
        this.#isComplete = false
      }
      return
    }
    if (depth >= MAX_DEPTH) return
    if (Math.max(...inside) < SPLIT_AT) {
      this.#leaves.push({ key, depth })
      return
    }
    for (const bit of [0, 1] as const) {
      this.#regions.push({ key: key.withBit(depth, bit), depth: depth + 1, attempt: 1 })
    }
  }

  async #lookUp(key: InfoHash): Promise<boolean> {
    try {
      for await (const _value of this.#node.get(key, { signal: this.#signal })) {
        // Only the way there matters.
      }
      return true
    } catch {
      return false
    }
  }

  /** Takes the nodes of a lookup; returns how many of them lie in the region. */
  #collect({ key, depth }: Region, family: Family): number {
    const nodes = this.#node.inspector.searches(family, key).flatMap((search) => search.nodes)
    for (const node of nodes) this.#note(node, family)
    return nodes.filter(({ id, isExpired }) => !isExpired && id.commonBits(key) >= depth).length
  }

  #note({ id, address, lastReplyAgoMs }: NodeSnapshot, family: Family): void {
    const name = id.toString()
    if (!Number.isFinite(lastReplyAgoMs)) {
      this.#heardOf.set(name, id)
      return
    }
    const found = this.#found.get(name) ?? { id, addresses: new Map() }
    found.addresses.set(family, address)
    this.#found.set(name, found)
  }

  /** Nodes that others know and that did not answer yet. */
  #silent(): InfoHash[] {
    return [...this.#heardOf].filter(([name]) => !this.#found.has(name)).map(([, id]) => id)
  }

  #result(): ScanResult {
    const nodes = [...this.#found.values()]
      .map(({ id, addresses }) => ({ id, addresses: [...addresses.values()] }))
      .sort((a, b) => a.id.compare(b.id))
    return {
      nodes,
      silent: this.#silent().length,
      lookups: this.#lookups,
      isComplete: this.#isComplete,
    }
  }
}
