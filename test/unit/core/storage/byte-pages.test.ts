// SPDX-License-Identifier: MIT
// Pages give memory back as their values go, and never change bytes that somebody may hold.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BytePages } from '../../../../src/core/storage/byte-pages.ts'
import { Column, ValueRows } from '../../../../src/core/storage/value-rows.ts'
import { PlainRandom } from '../../../support/storage-kit.ts'

interface Kit {
  readonly rows: ValueRows
  readonly pages: BytePages
}

function setUp(): Kit {
  const rows = new ValueRows()
  return { rows, pages: new BytePages(rows) }
}

function storeAll({ rows, pages }: Kit, count: number, length: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const row = rows.add()
    pages.store(row, new Uint8Array(length).fill(index))
    return row
  })
}

describe('byte pages', () => {
  it('take no memory before the first value', () => {
    assert.equal(setUp().pages.reservedBytes, 0)
  })

  it('take little for few values', () => {
    const kit = setUp()
    storeAll(kit, 8, 140)
    assert.ok(kit.pages.reservedBytes <= 2048, `${kit.pages.reservedBytes} bytes`)
  })

  it('waste little when they are full', () => {
    const kit = setUp()
    storeAll(kit, 1000, 140)
    const { reservedBytes } = kit.pages
    assert.ok(reservedBytes < 1.2 * 140_000, `${reservedBytes} bytes`)
  })

  it('shrink with what is in use, whatever goes', () => {
    const kit = setUp()
    const { pages } = kit
    const rows = storeAll(kit, 2000, 140)
    const random = new PlainRandom(3)
    while (rows.length > 0) {
      const [row] = rows.splice(random.uint32() % rows.length, 1)
      pages.free(row!)
      const live = 148 * rows.length
      assert.ok(pages.reservedBytes <= 2.1 * live + 2 * 16_384, `${pages.reservedBytes} of ${live}`)
    }
    assert.ok(pages.reservedBytes <= 16_384)
  })

  it('move values without changing what they hold', () => {
    const kit = setUp()
    const { rows, pages } = kit
    const all = storeAll(kit, 500, 100)
    const places = all.map((row) => rows.get(row, Column.Page))
    const view = pages.bytesOf(all[0]!)
    for (const [index, row] of all.entries()) if (index % 4 !== 0) pages.free(row)
    const kept = all.filter((_, index) => index % 4 === 0)
    assert.ok(
      kept.some((row, index) => rows.get(row, Column.Page) !== places[4 * index]),
      'some moved',
    )
    for (const [index, row] of kept.entries()) {
      assert.deepEqual(pages.bytesOf(row), new Uint8Array(100).fill(4 * index))
    }
    storeAll(kit, 500, 100)
    assert.deepEqual(view, new Uint8Array(100))
  })

  it('do not take the bytes of a row that is used again for those of the value before', () => {
    const kit = setUp()
    const { rows, pages } = kit
    const all = storeAll(kit, 400, 100)
    for (const row of all.slice(0, 100)) {
      pages.free(row)
      rows.release(row)
    }
    const again = storeAll(kit, 100, 60)
    for (const row of all.slice(100, 350)) pages.free(row)
    for (const [index, row] of again.entries()) {
      assert.deepEqual(pages.bytesOf(row), new Uint8Array(60).fill(index))
    }
  })

  it('have room for a value though what is left of a full page comes first', () => {
    const kit = setUp()
    const [gone] = storeAll(kit, 1, 1020)
    const [kept] = storeAll(kit, 1, 1012)
    kit.pages.free(gone!)
    const [row] = storeAll(kit, 1, 1024)
    assert.equal(kit.pages.bytesOf(kept!).length, 1012)
    assert.equal(kit.pages.bytesOf(row!).length, 1024)
    assert.equal(kit.pages.reservedBytes, 2 * 2048)
  })

  it('bring every value back while they are few, of any length', () => {
    const random = new PlainRandom(5)
    for (let run = 0; run < 200; run++) {
      const kit = setUp()
      const values = new Map<number, Uint8Array>()
      for (let step = 0; step < 12; step++) {
        const row = kit.rows.add()
        const bytes = new Uint8Array(1005 + (random.uint32() % 20)).fill(step)
        kit.pages.store(row, bytes)
        values.set(row, bytes)
        if (values.size < 2) continue
        const [gone] = [...values.keys()].splice(random.uint32() % values.size, 1)
        kit.pages.free(gone!)
        kit.rows.release(gone!)
        values.delete(gone!)
        for (const [other, own] of values) assert.deepEqual(kit.pages.bytesOf(other), own)
      }
    }
  })

  it('give a large value a page of its own, of its size', () => {
    const { rows, pages } = setUp()
    const row = rows.add()
    pages.store(row, new Uint8Array(60_000).fill(7))
    assert.ok(pages.reservedBytes < 60_100)
    const view = pages.bytesOf(row)
    assert.deepEqual(view, new Uint8Array(60_000).fill(7))
    pages.free(row)
    assert.equal(pages.reservedBytes, 0)
    assert.equal(view[59_999], 7, 'still readable')
  })
})
