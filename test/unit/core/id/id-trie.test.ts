// SPDX-License-Identifier: MIT
// IdTrie: adding, deleting and visiting in order of distance, on small hand-made trees.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IdTrie } from '../../../../src/core/id/id-trie.ts'
import { InfoHash, ZERO_HASH } from '../../../../src/core/id/info-hash.ts'

interface Item {
  readonly id: InfoHash
}

function item(lastByte: number): Item {
  return { id: new InfoHash(0, 0, 0, 0, lastByte) }
}

function trie(...numbers: number[]): IdTrie<Item> {
  const made = new IdTrie<Item>()
  for (const number of numbers) assert(made.add(item(number)))
  return made
}

function closest(from: IdTrie<Item>, target: number, limit: number): number[] {
  return from.closest(item(target).id, limit).map((found) => found.id.w4)
}

describe('IdTrie', () => {
  it('finds nothing when it is empty', () => {
    const empty = trie()
    assert.equal(empty.size, 0)
    assert.deepEqual(empty.closest(ZERO_HASH, 8), [])
    assert(!empty.delete(ZERO_HASH))
    empty.visitClosest(ZERO_HASH, () => assert.fail('nothing to visit'))
  })

  it('holds a single item, the zero id included', () => {
    const one = trie(0)
    assert.equal(one.size, 1)
    assert.deepEqual(closest(one, 255, 8), [0])
    assert(one.delete(ZERO_HASH))
    assert.equal(one.size, 0)
    assert.deepEqual(closest(one, 255, 8), [])
  })

  it('refuses a second item with the same id and keeps the first', () => {
    const first = item(5)
    const made = new IdTrie<Item>()
    assert(made.add(first))
    assert(!made.add(item(5)))
    assert.equal(made.size, 1)
    assert.equal(made.closest(first.id, 1)[0], first)
  })

  it('visits in order of distance, not of number', () => {
    const made = trie(1, 2, 3, 8, 9, 12)
    assert.deepEqual(closest(made, 0, 8), [1, 2, 3, 8, 9, 12])
    assert.deepEqual(closest(made, 3, 8), [3, 2, 1, 9, 8, 12])
    assert.deepEqual(closest(made, 12, 8), [12, 8, 9, 1, 2, 3])
  })

  it('does not depend on the order of insertion', () => {
    assert.deepEqual(closest(trie(12, 9, 8, 3, 2, 1), 3, 8), closest(trie(1, 2, 3, 8, 9, 12), 3, 8))
  })

  it('stops at the limit', () => {
    const made = trie(1, 2, 3, 8)
    assert.deepEqual(closest(made, 0, 2), [1, 2])
    let visited = 0
    made.visitClosest(ZERO_HASH, () => ++visited < 3)
    assert.equal(visited, 3)
  })

  it('passes over items that are not acceptable', () => {
    const made = trie(1, 2, 3, 8, 9)
    const odd = made.closest(ZERO_HASH, 2, (found) => found.id.bit(159) === 1)
    assert.deepEqual(
      odd.map((found) => found.id.w4),
      [1, 3],
    )
    assert.deepEqual(
      made.closest(ZERO_HASH, 2, () => false),
      [],
    )
  })

  it('deletes what it holds and nothing else', () => {
    const made = trie(1, 2, 3, 8)
    assert(!made.delete(item(9).id))
    assert(!made.delete(item(0).id))
    assert.equal(made.size, 4)
    assert(made.delete(item(2).id))
    assert(!made.delete(item(2).id))
    assert.deepEqual(closest(made, 0, 8), [1, 3, 8])
    for (const number of [8, 1, 3]) assert(made.delete(item(number).id))
    assert.equal(made.size, 0)
    assert(made.add(item(4)))
    assert.deepEqual(closest(made, 0, 8), [4])
  })

  it('tells ids apart by any of the 160 bits', () => {
    const made = new IdTrie<Item>()
    for (let bit = 159; bit >= 0; bit--) made.add({ id: ZERO_HASH.withBit(bit, 1) })
    assert.equal(made.size, 160)
    assert.deepEqual(
      made.closest(ZERO_HASH, 200).map((found) => found.id.lowbit),
      Array.from({ length: 160 }, (_, i) => 159 - i),
    )
    for (let bit = 0; bit < 160; bit += 2) assert(made.delete(ZERO_HASH.withBit(bit, 1)))
    assert.equal(made.closest(ZERO_HASH, 200).length, 80)
  })
})
