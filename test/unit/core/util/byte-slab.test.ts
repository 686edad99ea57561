// SPDX-License-Identifier: MIT
// Copies share memory with nobody else's, whatever their lengths are.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ByteSlab } from '../../../../src/core/util/byte-slab.ts'

describe('a slab', () => {
  it('gives copies that neither their sources nor later copies change', () => {
    const slab = new ByteSlab()
    const source = new Uint8Array(5000)
    const copies = Array.from({ length: 600 }, (_, n) => {
      source.fill(n)
      return slab.copy(source.subarray(0, (n * 37) % 2500))
    })
    source.fill(255)
    for (const [n, copy] of copies.entries()) {
      assert.deepEqual(copy, new Uint8Array((n * 37) % 2500).fill(n))
    }
  })

  it('puts short ones side by side, and long ones into arrays of their own', () => {
    const slab = new ByteSlab()
    const [a, b] = [slab.copy(new Uint8Array(100)), slab.copy(new Uint8Array(100))]
    assert.equal(a.buffer, b.buffer)
    assert.equal(slab.copy(new Uint8Array(3000)).buffer.byteLength, 3000)
  })

  it('never gives views of the host’s own byte arrays', () => {
    const host = Buffer.from('abc')
    const copy = new ByteSlab().copy(host)
    host.fill(0)
    assert.deepEqual([...copy], [97, 98, 99])
    assert.equal(copy.constructor, Uint8Array)
  })
})
