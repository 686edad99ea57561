// SPDX-License-Identifier: MIT
// NodeCache against a list in order of activity: who is forgotten when there are too many, who
// never is, and who is closest.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { Node } from '../../src/core/net/node.ts'
import { NodeCache } from '../../src/core/net/node-cache.ts'
import { peerAddress } from '../support/dht-kit.ts'

const LIMIT = 12
const NOW = 5_000_000

type Step = readonly [
  kind: 'learn' | 'create' | 'admit' | 'touch' | 'hold' | 'release' | 'expire',
  n: number,
  isClient: boolean,
]

const kind = fc.constantFrom(
  'learn',
  'create',
  'create',
  'admit',
  'touch',
  'hold',
  'release',
  'expire',
)
const step: fc.Arbitrary<Step> = fc.tuple(kind, fc.nat(40), fc.boolean()) as fc.Arbitrary<Step>
const steps = fc.array(step, { maxLength: 200, size: 'max' })

class Pair {
  readonly cache = new NodeCache(7, LIMIT)
  /** Least recently active first. */
  readonly model: Node[] = []
  readonly holds = new Map<Node, number>()
  readonly strangers = new Set<Node>()

  apply([what, n, isClient]: Step): void {
    const id = InfoHash.get(`node ${n}`)
    const known = this.model.find((node) => node.id.equals(id))
    assert.equal(this.cache.find(id), known)
    if (what === 'learn') this.#learn(id, n, known)
    else if (known === undefined) {
      if (what === 'create') this.#create(id, n, isClient)
    } else if (what === 'admit') {
      this.cache.admit(known)
      this.strangers.delete(known)
    } else if (what === 'touch') {
      this.cache.touch(known)
      this.#toEnd(known)
    } else if (what === 'hold') known.references++
    else if (what === 'release') known.references = Math.max(0, known.references - 1)
    else if (what === 'expire') known.isExpired = !known.isExpired
  }

  check(): void {
    assert.equal(this.cache.size, this.model.length)
    assert.deepEqual([...this.cache].map(text), this.model.map(text))
    assert.deepEqual([...this.cache.newest()].map(text), this.model.toReversed().map(text))
  }

  checkClosest(target: InfoHash, count: number): void {
    const all = this.model.filter((node) => !node.isExpired && !node.isClient)
    const usable = all.filter((node) => !this.strangers.has(node))
    const strangers = all.filter((node) => this.strangers.has(node)).reverse()
    assert.deepEqual(this.cache.strangers(count).map(text), strangers.slice(0, count).map(text))
    const sorted = usable.sort((a, b) => target.compareDistance(a.id, b.id))
    assert.deepEqual(this.cache.closest(target, count).map(text), sorted.slice(0, count).map(text))
  }

  #create(id: InfoHash, n: number, isClient: boolean): void {
    const room = this.#room()
    const node = this.cache.create(id, peerAddress(n), isClient, NOW)
    this.#created(room, node)
    this.strangers.add(node)
  }

  #learn(id: InfoHash, n: number, known: Node | undefined): void {
    const room = known === undefined ? this.#room() : undefined
    const node = this.cache.learn(id, peerAddress(n), NOW)
    if (known === undefined) this.#created(room, node)
    else assert.equal(node, known)
    this.strangers.delete(node)
  }

  /** Who has to go for a newcomer; held ones step aside and count as recent. */
  #room(): Node | undefined {
    if (this.model.length < LIMIT) return undefined
    for (let looked = this.model.length; looked > 0; looked--) {
      const oldest = this.model[0]!
      if (oldest.references === 0) return oldest
      this.#toEnd(oldest)
    }
    return undefined
  }

  #created(victim: Node | undefined, node: Node): void {
    if (victim !== undefined) this.model.splice(this.model.indexOf(victim), 1)
    this.model.push(node)
  }

  #toEnd(node: Node): void {
    this.model.splice(this.model.indexOf(node), 1)
    this.model.push(node)
  }
}

describe('NodeCache', () => {
  it('forgets the longest silent node that nobody holds', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const pair = new Pair()
        for (const one of all) {
          pair.apply(one)
          pair.check()
          const held = pair.model.filter(({ references }) => references > 0)
          for (const node of held) assert.equal(pair.cache.find(node.id), node)
        }
      }),
    )
  })

  it('finds the closest that can be asked, and hands out nodes by activity', () => {
    fc.assert(
      fc.property(steps, fc.nat(60), fc.constantFrom(1, 8, 50), (all, n, count) => {
        const pair = new Pair()
        for (const one of all) pair.apply(one)
        pair.check()
        pair.checkClosest(InfoHash.get(`node ${n}`), count)
      }),
    )
  })

  it('believes a listed address only of nodes that were silent for ten minutes', () => {
    const cache = new NodeCache(1)
    const id = InfoHash.get('somebody')
    const node = cache.create(id, peerAddress(1), false, NOW)
    node.heardOf(NOW)
    assert.equal(cache.learn(id, peerAddress(2), NOW + 600_000), node)
    assert(node.address.equals(peerAddress(1)))
    node.pendingRequests = 1
    cache.learn(id, peerAddress(2), NOW + 600_001)
    assert(node.address.equals(peerAddress(1)))
    node.pendingRequests = 0
    cache.learn(id, peerAddress(2), NOW + 600_001)
    assert(node.address.equals(peerAddress(2)))
  })
})

function text(node: Node): string {
  return node.id.toString()
}
