// SPDX-License-Identifier: MIT
// The index by keys against a map, while it grows and shrinks; and that no step of it is long.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { KeyIndex } from '../../../../src/core/storage/key-index.ts'
import { NO_ROW, ValueRows } from '../../../../src/core/storage/value-rows.ts'
import { PlainRandom } from '../../../support/storage-kit.ts'

class Kit {
  readonly rows = new ValueRows()
  readonly index: KeyIndex
  readonly random: PlainRandom
  readonly held: { readonly key: InfoHash; readonly row: number }[] = []

  constructor(seed: number) {
    this.random = new PlainRandom(seed)
    this.index = new KeyIndex(this.rows, seed)
  }

  add(key = InfoHash.random(this.random)): number {
    const row = this.rows.add()
    this.rows.setKey(row, key)
    this.index.add(key, row)
    this.held.push({ key, row })
    return row
  }

  deleteAny(): InfoHash {
    const [it] = this.held.splice(this.random.uint32() % this.held.length, 1)
    this.index.delete(it!.key, it!.row)
    this.rows.release(it!.row)
    return it!.key
  }
}

describe('the index of rows by key', () => {
  it('finds nothing when it is empty', () => {
    const { index } = new Kit(1)
    assert.equal(index.find(InfoHash.get('a')), NO_ROW)
    assert.deepEqual([...index], [])
  })

  it('finds each row, and only those, at every size on the way up and down', () => {
    for (const seed of [1, 2, 3]) {
      const kit = new Kit(seed)
      const step = (change: () => void): void => {
        change()
        assert.equal(kit.index.size, kit.held.length)
        assert.deepEqual(new Set(kit.index), new Set(kit.held.map(({ row }) => row)))
        for (const { key, row } of kit.held) assert.equal(kit.index.find(key), row)
      }
      while (kit.held.length < 140) step(() => kit.add())
      while (kit.held.length > 0) {
        step(() => {
          const gone = kit.deleteAny()
          assert.equal(kit.index.find(gone), NO_ROW)
        })
      }
      step(() => kit.add())
    }
  })

  it('tells keys apart that differ in any one bit', () => {
    const kit = new Kit(4)
    const words = [1, 2, 3, 4, 5]
    const keys = Array.from({ length: 160 }, (_, bit) => {
      const changed = words.map((word, at) => (at === bit >> 5 ? word ^ (1 << (bit & 31)) : word))
      return new InfoHash(...changed)
    })
    const rows = keys.map((key) => kit.add(key))
    assert.deepEqual(
      keys.map((key) => kit.index.find(key)),
      rows,
    )
    assert.equal(kit.index.find(new InfoHash(...words)), NO_ROW)
  })

  it('grows and shrinks in small steps, with what is in it', () => {
    const kit = new Kit(5)
    const { index } = kit
    let before = index.reservedBytes
    assert.ok(before <= 128, `${before} bytes for none`)
    const step = (change: () => void): void => {
      change()
      const bytes = index.reservedBytes
      assert.ok(Math.abs(bytes - before) <= 4096, `${before} bytes, then ${bytes}`)
      before = bytes
    }
    for (let i = 0; i < 8000; i++) step(() => kit.add())
    assert.ok(before < 25 * 8000, `${before} bytes for 8000`)
    for (let i = 0; i < 8000; i++) step(() => kit.deleteAny())
    assert.ok(before <= 2048, `${before} bytes are left`)
  })
})
