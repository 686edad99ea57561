// SPDX-License-Identifier: MIT
// IdTrie against a list that is sorted by distance for every question.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { IdTrie } from '../../src/core/id/id-trie.ts'
import { InfoHash } from '../../src/core/id/info-hash.ts'

interface Item {
  readonly id: InfoHash
}

// Ids that share long prefixes, next to random ones.
const word = fc.oneof({ arbitrary: fc.constantFrom(0, 1, -1), weight: 3 }, fc.integer())
const anyId = fc.tuple(word, word, word, word, word).map((words) => new InfoHash(...words))
const fewIds = fc
  .tuple(fc.nat(159), fc.nat(159))
  .map(([i, j]) => new InfoHash().withBit(i, 1).withBit(j, 1))
const id = fc.oneof(anyId, fewIds)
const action = fc.constantFrom('add', 'add', 'add', 'delete')
const steps = fc.array(fc.tuple(action, id), { maxLength: 120, size: 'max' })
const limit = fc.constantFrom(1, 2, 8, 200)

function nearest(items: Iterable<Item>, target: InfoHash): Item[] {
  const distance = (item: Item): bigint => BigInt(`0x${item.id}`) ^ BigInt(`0x${target}`)
  return [...items].sort((a, b) => (distance(a) < distance(b) ? -1 : 1))
}

class Pair {
  readonly trie = new IdTrie<Item>()
  readonly model = new Map<string, Item>()

  apply([what, target]: [string, InfoHash]): void {
    const key = target.toString()
    if (what === 'add') {
      const item = { id: target.clone() }
      assert.equal(this.trie.add(item), !this.model.has(key))
      if (!this.model.has(key)) this.model.set(key, item)
    } else assert.equal(this.trie.delete(target), this.model.delete(key))
    assert.equal(this.trie.size, this.model.size)
  }
}

describe('IdTrie', () => {
  it('finds the closest as a sorted list does', () => {
    fc.assert(
      fc.property(
        steps,
        fc.array(id, { minLength: 1, maxLength: 5 }),
        limit,
        (all, asked, count) => {
          const { trie, model } = fill(all)
          for (const target of [
            ...asked,
            ...[...model.values()].slice(0, 3).map((item) => item.id),
          ]) {
            const expected = nearest(model.values(), target)
            const found = trie.closest(target, count)
            assert.deepEqual(found.map(text), expected.slice(0, count).map(text))
            for (const [i, item] of found.entries()) assert.equal(item, expected[i])
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('finds the closest of those that are acceptable', () => {
    fc.assert(
      fc.property(steps, id, limit, fc.nat(159), (all, target, count, bit) => {
        const { trie, model } = fill(all)
        const accept = (item: Item): boolean => item.id.bit(bit) === 1
        const expected = nearest(model.values(), target).filter(accept).slice(0, count)
        assert.deepEqual(trie.closest(target, count, accept).map(text), expected.map(text))
      }),
    )
  })

  it('visits everything once, and is empty after everything is deleted', () => {
    fc.assert(
      fc.property(steps, id, (all, target) => {
        const { trie, model } = fill(all)
        const visited: Item[] = []
        trie.visitClosest(target, (item) => visited.push(item) > 0)
        assert.deepEqual(visited.map(text), nearest(model.values(), target).map(text))
        for (const item of visited) assert(trie.delete(item.id))
        assert.equal(trie.size, 0)
        assert.deepEqual(trie.closest(target, 8), [])
      }),
    )
  })
})

function fill(all: [string, InfoHash][]): Pair {
  const pair = new Pair()
  for (const one of all) pair.apply(one)
  return pair
}

function text(item: Item): string {
  return item.id.toString()
}
