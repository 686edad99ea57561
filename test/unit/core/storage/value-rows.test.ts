// SPDX-License-Identifier: MIT
// Rows keep what is written into them until they are released, and take memory in step with their
// number.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { Column, ValueRows } from '../../../../src/core/storage/value-rows.ts'
import { PlainRandom } from '../../../support/storage-kit.ts'

const WORDS = Object.values(Column).filter((column) => column > Column.Key)

function write(rows: ValueRows, row: number, seed: number): void {
  const random = new PlainRandom(seed)
  for (const column of WORDS) rows.set(row, column, random.uint32() | 0)
  rows.setKey(row, InfoHash.random(random))
  rows.setCreatedAt(row, -random.uint32() * 1024)
  rows.setExpiresAt(row, random.uint32() * 1024)
}

function check(rows: ValueRows, row: number, seed: number): void {
  const random = new PlainRandom(seed)
  for (const column of WORDS) assert.equal(rows.get(row, column), random.uint32() | 0)
  const key = InfoHash.random(random)
  assert.ok(rows.hasKey(row, key))
  assert.ok(rows.keyOf(row).equals(key))
  for (let bit = 0; bit < 160; bit += 31) {
    const words = [key.w0, key.w1, key.w2, key.w3, key.w4]
    words[bit >> 5]! ^= 1 << (bit & 31)
    assert.equal(rows.hasKey(row, new InfoHash(...words)), false)
  }
  assert.equal(rows.createdAt(row), -random.uint32() * 1024)
  assert.equal(rows.expiresAt(row), random.uint32() * 1024)
}

describe('rows of values', () => {
  it('keep their fields while others come and go', () => {
    const rows = new ValueRows()
    const random = new PlainRandom(5)
    const held = new Map<number, number>()
    for (let seed = 1; seed < 6000; seed++) {
      // In waves, so that blocks empty as well.
      const isRising = seed % 1500 < 1000
      if (held.size === 0 || (random.uint32() & 7) < (isRising ? 6 : 1)) {
        const row = rows.add()
        assert.equal(held.has(row), false)
        held.set(row, seed)
        write(rows, row, seed)
      } else {
        const row = [...held.keys()][random.uint32() % held.size]!
        check(rows, row, held.get(row)!)
        rows.release(row)
        held.delete(row)
      }
      assert.equal(rows.size, held.size)
    }
    for (const [row, seed] of held) check(rows, row, seed)
  })

  it('hold times that never end', () => {
    const rows = new ValueRows()
    const row = rows.add()
    rows.setExpiresAt(row, Number.POSITIVE_INFINITY)
    assert.equal(rows.expiresAt(row), Number.POSITIVE_INFINITY)
  })

  it('take no memory before the first, little beyond the words, and give it back', () => {
    const rows = new ValueRows()
    assert.equal(rows.reservedBytes, 0)
    const all = Array.from({ length: 10_000 }, () => rows.add())
    assert.ok(rows.reservedBytes < 74 * all.length, `${rows.reservedBytes} bytes`)
    for (const row of all) rows.release(row)
    assert.ok(rows.reservedBytes <= 72 * 128, `${rows.reservedBytes} bytes are left`)
    for (let i = 0; i < all.length; i++) rows.add()
    assert.ok(rows.reservedBytes < 74 * all.length, 'numbers of blocks are used again')
  })

  it('use the same memory for one that comes and goes', () => {
    const rows = new ValueRows()
    const first = rows.add()
    rows.release(first)
    assert.equal(rows.add(), first)
  })
})
