// SPDX-License-Identifier: MIT
// IdMap: replacement, deletion among colliding entries, growth and shrinking, and that nobody can
// choose ids that collide without knowing the seed.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IdMap } from '../../../../src/core/id/id-map.ts'
import { InfoHash, ZERO_HASH } from '../../../../src/core/id/info-hash.ts'

interface Item {
  readonly id: InfoHash
  readonly name: string
}

function item(number: number, name = `item ${number}`): Item {
  return { id: new InfoHash(0, 0, 0, 0, number), name }
}

function items(count: number): Item[] {
  return Array.from({ length: count }, (_, i) => item(i))
}

function filled(seed: number, contents: Iterable<Item>): IdMap<Item> {
  const map = new IdMap<Item>(seed)
  for (const one of contents) map.set(one)
  return map
}

describe('IdMap', () => {
  it('is empty at first', () => {
    const map = new IdMap<Item>(1)
    assert.equal(map.size, 0)
    assert.equal(map.get(ZERO_HASH), undefined)
    assert(!map.has(ZERO_HASH))
    assert(!map.delete(ZERO_HASH))
    assert.deepEqual([...map], [])
  })

  it('finds an item by an equal id that is another object', () => {
    const one = item(7)
    const map = filled(1, [one])
    assert.equal(map.get(one.id.clone()), one)
    assert(map.has(one.id.clone()))
    assert.equal(map.get(item(8).id), undefined)
  })

  it('holds the zero id like any other', () => {
    const zero = { id: ZERO_HASH, name: 'zero' }
    const map = filled(0, [zero])
    assert.equal(map.get(ZERO_HASH), zero)
    assert(map.delete(ZERO_HASH))
    assert(!map.has(ZERO_HASH))
  })

  it('replaces the item with the same id', () => {
    const map = filled(3, [item(1, 'old'), item(2)])
    map.set(item(1, 'new'))
    assert.equal(map.size, 2)
    assert.equal(map.get(item(1).id)?.name, 'new')
  })

  it('keeps everything while it grows and while it shrinks', () => {
    for (const seed of [0, 1, -1, 0x7fffffff, 0x9e3779b9]) {
      const all = items(2000)
      const map = filled(seed, all)
      assert.equal(map.size, 2000)
      for (const one of all) assert.equal(map.get(one.id), one)
      for (const [i, one] of all.entries()) {
        assert(map.delete(one.id))
        assert(!map.delete(one.id))
        assert.equal(map.size, 1999 - i)
        const next = all[i + 1]
        if (next !== undefined) assert.equal(map.get(next.id), next)
        if (i % 97 === 0) assert.equal([...map].length, map.size)
      }
      assert.deepEqual([...map], [])
      map.set(all[0]!)
      assert.equal(map.get(all[0]!.id), all[0])
    }
  })

  it('closes the gap that a deletion leaves among colliding entries', () => {
    // Four entries in eight slots: with this many seeds all patterns of collision occur, the one
    // that wraps around the end included.
    const all = items(4)
    for (let seed = 0; seed < 2000; seed++) {
      for (const gone of all) {
        const map = filled(seed, all)
        map.delete(gone.id)
        for (const one of all) assert.equal(map.get(one.id), one === gone ? undefined : one)
        assert.equal(new Set(map).size, 3)
      }
    }
  })

  it('yields every item once', () => {
    const all = items(100)
    const map = filled(5, all)
    assert.equal([...map].length, 100)
    assert.deepEqual(new Set(map), new Set(all))
  })

  it('gives nobody a choice of ids that collide under every seed', () => {
    // Two entries of a map of eight slots come out in order of insertion only if they share their
    // first slot, which chance allows for one seed in eight.
    const differences = [
      new InfoHash(0, 0, 0, 0, 0x80000000),
      new InfoHash(0, 0, 0, 0, 0xff000000),
      new InfoHash(0x80000000, 0x80000000, 0, 0, 0),
      new InfoHash(0x80000000, 0x80010000, 0, 0, 0),
      new InfoHash(0, 0x80000000, 0x80040000, 0, 0),
      new InfoHash(0, 0, 0x80000000, 0x80008000, 0),
      new InfoHash(0, 0, 0, 0x80000000, 0x80010000),
      new InfoHash(0, 0, 0, 0x80000000, 0x80040000),
    ]
    const first = { id: new InfoHash(1, 2, 3, 4, 5), name: 'first' }
    for (const difference of differences) {
      const second = { id: first.id.xor(difference), name: 'second' }
      let collisions = 0
      for (let i = 1; i <= 400; i++) {
        const seed = Math.imul(i, 0x9e3779b1)
        const forth = [...filled(seed, [first, second])]
        const back = [...filled(seed, [second, first])]
        if (forth[0] !== back[0]) collisions++
      }
      assert(collisions < 120, `${difference}: ${collisions} of 400 seeds`)
    }
  })
})
