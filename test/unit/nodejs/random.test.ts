// SPDX-License-Identifier: MIT
// The system's randomness behind the Random port.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SystemRandom } from '../../../src/nodejs/random.ts'

test('every bit of a word is set about half of the time', () => {
  const random = new SystemRandom()
  const draws = 4000
  const counts = new Array<number>(32).fill(0)
  for (let i = 0; i < draws; i++) {
    const word = random.uint32()
    assert.ok(Number.isInteger(word) && word >= 0 && word <= 0xffff_ffff)
    for (let bit = 0; bit < 32; bit++) counts[bit]! += (word >>> bit) & 1
  }
  // Ten standard deviations: never in practice, unless a bit is stuck.
  for (const count of counts) assert.ok(Math.abs(count - draws / 2) < 10 * Math.sqrt(draws / 4))
})

test('arrays of any length are filled to the end', () => {
  const random = new SystemRandom()
  for (const length of [0, 1, 20, 64, 65, 4096, 100_000]) {
    const bytes = new Uint8Array(length)
    const seen = new Uint8Array(length)
    for (let i = 0; i < 20; i++) {
      random.fill(bytes)
      for (let at = 0; at < length; at++) seen[at]! |= bytes[at]!
    }
    assert.ok(seen.every((byte) => byte !== 0))
  }
})

test('nothing is given out twice, across forks and refills of the pool', () => {
  const random = new SystemRandom()
  const fork = random.fork('component')
  const seen = new Set<string>()
  for (let i = 0; i < 2000; i++) {
    for (const source of [random, fork]) {
      const bytes = new Uint8Array(13)
      source.fill(bytes)
      seen.add(Buffer.from(bytes).toString('hex'))
    }
  }
  assert.equal(seen.size, 4000)
})
