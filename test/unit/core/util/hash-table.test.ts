// SPDX-License-Identifier: MIT
// Hash table and heap against what they replace: a map, and sorting.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BinaryHeap, type HeapItem } from '../../../../src/core/util/binary-heap.ts'
import { finish, HashTable, mix } from '../../../../src/core/util/hash-table.ts'
import { PlainRandom } from '../../../support/storage-kit.ts'

interface Item {
  readonly name: number
  readonly hash: number
}

function find(table: HashTable<Item>, name: number, hash: number): Item | undefined {
  for (let slot = table.probe(hash); slot >= 0; slot = table.probe(hash, slot)) {
    if (table.at(slot).name === name) return table.at(slot)
  }
  return undefined
}

describe('a hash table', () => {
  /** Few different hashes, so that items share them and collide. */
  for (const hashes of [3, 50, 1 << 30]) {
    it(`finds what was added and not deleted, with ${hashes} different hashes`, () => {
      const random = new PlainRandom(hashes)
      const table = new HashTable<Item>(1)
      const present = new Map<number, Item>()
      const all: Item[] = Array.from({ length: 300 }, (_, name) => ({
        name,
        hash: (random.uint32() % hashes) - (hashes >> 1),
      }))
      for (let step = 0; step < 3000; step++) {
        const item = all[random.uint32() % (step < 1500 ? 300 : 40)]!
        if (present.delete(item.name)) assert.equal(table.delete(item.hash, item), true)
        else {
          table.add(item.hash, item)
          present.set(item.name, item)
        }
        assert.equal(table.size, present.size)
        const other = all[random.uint32() % 300]!
        assert.equal(find(table, other.name, other.hash), present.get(other.name))
      }
      const absent = all.find(({ name }) => !present.has(name))!
      assert.equal(table.delete(absent.hash, absent), false)
    })
  }

  it('without items has nothing, gives nothing away, and shares nothing with others', () => {
    const [table, other] = [new HashTable<Item>(1), new HashTable<Item>(1)]
    const item = { name: 1, hash: 0 }
    assert.deepEqual([table.size, [...table], table.probe(0)], [0, [], -1])
    assert.equal(table.delete(0, item), false)
    table.add(0, item)
    assert.deepEqual([[...table], [...other], other.probe(0)], [[item], [], -1])
    assert.equal(table.delete(0, item), true)
    assert.deepEqual([table.size, [...table], table.probe(0)], [0, [], -1])
  })

  it('spreads neighbours over its slots', () => {
    const slots = new Set<number>()
    for (let word = 0; word < 4096; word++) slots.add(finish(mix(5, word << 12)) & 4095)
    assert.ok(slots.size > 2400, `${slots.size} of 4096 slots used; 2589 expected of chance`)
  })
})

class Numbered implements HeapItem {
  heapIndex = -1
  key: number
  constructor(key: number) {
    this.key = key
  }
}

class NumberHeap extends BinaryHeap<Numbered> {
  protected override isBefore(a: Numbered, b: Numbered): boolean {
    return a.key < b.key
  }
}

describe('a binary heap', () => {
  it('always knows its first item, whatever was added, removed and moved', () => {
    const random = new PlainRandom(9)
    const heap = new NumberHeap()
    const items: Numbered[] = []
    for (let step = 0; step < 3000; step++) {
      const at = random.uint32() % (items.length + 1)
      const known = items[at]
      const kind = random.uint32() % 3
      if (known === undefined || kind === 0) {
        const item = new Numbered(random.uint32() % 50)
        heap.add(item)
        items.push(item)
      } else if (kind === 1) {
        known.key = random.uint32() % 50
        heap.moved(known)
      } else {
        heap.remove(known)
        items.splice(at, 1)
        assert.equal(known.heapIndex, -1)
      }
      assert.equal(heap.size, items.length)
      assert.equal(heap.first?.key, items.length === 0 ? undefined : least(items))
    }
    for (let last = -1; heap.first !== undefined; heap.remove(heap.first)) {
      assert.ok(heap.first.key >= last)
      last = heap.first.key
    }
  })
})

function least(items: Numbered[]): number {
  return Math.min(...items.map(({ key }) => key))
}
