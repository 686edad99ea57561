// SPDX-License-Identifier: MIT
// IdMap against a Map with text keys, under random sequences of operations.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { IdMap } from '../../src/core/id/id-map.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'

interface Item {
  readonly id: InfoHash
}

type Step = ['set' | 'delete' | 'get', InfoHash] | ['clear']

// Ids from a small pool, so that operations meet; most of them alike except for one word.
const pooled = fc.tuple(fc.nat(4), fc.nat(30)).map(([index, number]) => {
  const words: [number, number, number, number, number] = [7, 7, 7, 7, 7]
  words[index] = number << 26
  return new InfoHash(...words)
})
const word = fc.integer()
const random = fc.tuple(word, word, word, word, word).map((words) => new InfoHash(...words))
const id = fc.oneof({ arbitrary: pooled, weight: 4 }, random)
const manyIds = fc.uniqueArray(random, {
  minLength: 50,
  maxLength: 500,
  size: 'max',
  selector: (hash) => hash.toString(),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.tuple(fc.constant('set' as const), id), weight: 50 },
  { arbitrary: fc.tuple(fc.constant('delete' as const), id), weight: 40 },
  { arbitrary: fc.tuple(fc.constant('get' as const), id), weight: 20 },
  { arbitrary: fc.constant<Step>(['clear']), weight: 1 },
)

class Pair {
  readonly map: IdMap<Item>
  readonly model = new Map<string, Item>()
  constructor(seed: number) {
    this.map = new IdMap(seed)
  }

  apply([action, target]: Step): void {
    if (action === 'clear') for (const item of [...this.map]) this.#delete(item.id)
    else if (action === 'delete') this.#delete(target!)
    else if (action === 'set') this.#set({ id: target! })
    else assert.equal(this.map.get(target!), this.model.get(String(target)))
    assert.equal(this.map.size, this.model.size)
  }

  check(): void {
    const listed = [...this.map]
    assert.equal(listed.length, this.model.size)
    assert.deepEqual(new Set(listed), new Set(this.model.values()))
    for (const item of this.model.values()) assert.equal(this.map.get(item.id.clone()), item)
  }

  #set(item: Item): void {
    this.map.set(item)
    this.model.set(String(item.id), item)
    assert.equal(this.map.get(item.id), item)
  }

  #delete(target: InfoHash): void {
    assert.equal(this.map.has(target), this.model.has(String(target)))
    assert.equal(this.map.delete(target), this.model.delete(String(target)))
    assert.equal(this.map.get(target), undefined)
  }
}

describe('IdMap', () => {
  it('does what a Map with text keys does', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 300, size: 'max' }), (seed, steps) => {
        const pair = new Pair(seed)
        for (const one of steps) {
          pair.apply(one)
          if (pair.model.size < 8) pair.check()
        }
        pair.check()
      }),
      { numRuns: 300 },
    )
  })

  it('grows and shrinks without loss', () => {
    fc.assert(
      fc.property(fc.integer(), manyIds, (seed, ids) => {
        const pair = new Pair(seed)
        for (const one of ids) pair.apply(['set', one])
        pair.check()
        for (const [i, one] of ids.entries()) if (i % 16 !== 0) pair.apply(['delete', one])
        pair.check()
        for (const one of ids) pair.apply(['set', one])
        pair.check()
        pair.apply(['clear'])
        pair.check()
      }),
      { numRuns: 30 },
    )
  })
})
