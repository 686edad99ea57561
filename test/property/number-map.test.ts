// SPDX-License-Identifier: MIT
// NumberMap does what a Map does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NumberMap } from '../../src/core/util/number-map.ts'

/** Few and close, so that they collide and are met again; and any word. */
const key = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
const step = fc.record({ key, isRemoved: fc.boolean(), item: fc.integer() })

test('a NumberMap holds what a Map holds after the same steps', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const map = new NumberMap<number>()
      const model = new Map<number, number>()
      for (const { key, isRemoved, item } of steps) {
        if (isRemoved) {
          assert.equal(map.delete(key), model.delete(key))
        } else {
          map.set(key, item)
          model.set(key, item)
        }
        assert.equal(map.size, model.size)
        assert.equal(map.has(key), model.has(key))
        assert.equal(map.get(key), model.get(key))
      }
      for (const [key, item] of model) assert.equal(map.get(key), item)
      assert.deepEqual([...map].sort(), [...model.values()].sort())
    }),
  )
})
