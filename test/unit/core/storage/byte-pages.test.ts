// SPDX-License-Identifier: MIT
// Pages give memory back as their items go, and never change bytes that somebody may hold.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BytePages, bytesOf, type PageItem } from '../../../../src/core/storage/byte-pages.ts'
import { PlainRandom } from '../../../support/storage-kit.ts'

function itemOf(length: number): PageItem {
  return { page: undefined, offset: 0, length }
}

function storeAll(pages: BytePages, count: number, length: number): PageItem[] {
  return Array.from({ length: count }, (_, index) => {
    const item = itemOf(length)
    pages.store(item, new Uint8Array(length).fill(index))
    return item
  })
}

describe('byte pages', () => {
  it('take no memory before the first item', () => {
    assert.equal(new BytePages().reservedBytes, 0)
  })

  it('waste little when they are full', () => {
    const pages = new BytePages()
    storeAll(pages, 1000, 140)
    assert.ok(pages.reservedBytes < 1.15 * 140_000, `${pages.reservedBytes} bytes`)
  })

  it('shrink with what is in use, whatever goes', () => {
    const pages = new BytePages()
    const items = storeAll(pages, 2000, 140)
    const random = new PlainRandom(3)
    while (items.length > 0) {
      const [item] = items.splice(random.uint32() % items.length, 1)
      pages.free(item!)
      const live = 140 * items.length
      assert.ok(pages.reservedBytes <= 2.1 * live + 2 * 16_384, `${pages.reservedBytes} of ${live}`)
    }
    assert.ok(pages.reservedBytes <= 16_384)
  })

  it('move items without changing what they hold', () => {
    const pages = new BytePages()
    const items = storeAll(pages, 500, 100)
    const pagesBefore = new Set(items.map(({ page }) => page))
    const view = bytesOf(items[0]!)
    for (const [index, item] of items.entries()) if (index % 4 !== 0) pages.free(item)
    const kept = items.filter((_, index) => index % 4 === 0)
    assert.ok(
      kept.some(({ page }) => !pagesBefore.has(page)),
      'some moved',
    )
    for (const [index, item] of kept.entries()) {
      assert.deepEqual(bytesOf(item), new Uint8Array(100).fill(4 * index))
    }
    storeAll(pages, 500, 100)
    assert.deepEqual(view, new Uint8Array(100))
  })

  it('give a large item a page of its own, of its size', () => {
    const pages = new BytePages()
    const item = itemOf(60_000)
    pages.store(item, new Uint8Array(65_536).fill(7))
    assert.equal(pages.reservedBytes, 60_000)
    assert.deepEqual(bytesOf(item), new Uint8Array(60_000).fill(7))
    pages.free(item)
    assert.equal(pages.reservedBytes, 0)
    assert.equal(bytesOf(item)[59_999], 7, 'still readable')
  })
})
