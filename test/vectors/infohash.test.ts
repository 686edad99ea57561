// SPDX-License-Identifier: MIT
// Hashes, hexadecimal forms and distances as the C++ implementation computes them.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash, ZERO_HASH } from '../../src/core/id/info-hash.ts'
import { fromHex, loadVectors } from '../support/vectors.ts'

interface InfoHashVectors {
  infohash_of_string: { input_hex: string; infohash: string }[]
  infohash_of_infohash: { input: string; infohash: string }[]
  parse_hex: { input: string; infohash: string }[]
  distance: {
    target: string
    a: string
    b: string
    xor_cmp: number
    common_bits_ab: number
    lowbit_a: number
  }[]
}

suite('InfoHash', () => {
  const vectors = loadVectors<InfoHashVectors>('core/infohash')

  test('get() hashes bytes and text', () => {
    for (const { input_hex, infohash } of vectors.infohash_of_string) {
      const bytes = fromHex(input_hex)
      assert.equal(InfoHash.get(bytes).toString(), infohash)
      assert.equal(InfoHash.get(new TextDecoder().decode(bytes)).toString(), infohash)
    }
  })

  test('get() hashes another hash', () => {
    for (const { input, infohash } of vectors.infohash_of_infohash) {
      assert.equal(InfoHash.get(InfoHash.fromHex(input)!).toString(), infohash)
    }
  })

  test('fromHex() reads what the others read, and refuses what they read as zero', () => {
    for (const { input, infohash } of vectors.parse_hex) {
      const hash = InfoHash.fromHex(input)
      assert.equal((hash ?? ZERO_HASH).toString(), infohash)
      assert.equal(hash === undefined, /^0+$/.test(infohash))
    }
  })

  test('distances, common bits and lowest bits agree', () => {
    for (const vector of vectors.distance) {
      const [target, a, b] = [vector.target, vector.a, vector.b].map(
        (hex) => InfoHash.fromHex(hex)!,
      )
      assert.equal(Math.sign(target!.compareDistance(a!, b!)), vector.xor_cmp)
      assert.equal(Math.sign(target!.compareDistance(b!, a!)), -vector.xor_cmp)
      assert.equal(target!.compareDistance(a!, a!), 0)
      assert.equal(a!.commonBits(b!), vector.common_bits_ab)
      assert.equal(a!.lowbit, vector.lowbit_a)
    }
  })
})
