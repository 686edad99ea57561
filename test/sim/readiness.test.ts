// SPDX-License-Identifier: MIT
// Readiness of simulated nodes, which an application can watch as it would in production.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { SimNetwork } from '../../src/sim/entry.ts'
import { itWithSeeds } from '../support/seeds.ts'

const POLL_MS = 5000

describe('a node that is asked for its readiness', () => {
  itWithSeeds(
    'notices within 15 s that it is alone, and within a minute that not',
    3,
    async (seed) => {
      const network = new SimNetwork({ seed })
      const nodes = network.addNodes(30, { overMs: 1000 })
      await network.run(60_000)
      const node = nodes[11]!
      assert.equal(node.readiness().isReady, true)
      await network.run(POLL_MS)
      const fault = network.isolate([node])
      const cutAt = network.now
      while (node.readiness().isReady) {
        assert.ok(network.now - cutAt <= 15_000)
        await network.run(1000)
      }
      assert.notEqual(node.readiness().reason, undefined)
      fault.heal()
      const healedAt = network.now
      while (!node.readiness().isReady) {
        assert.ok(network.now - healedAt <= 60_000)
        await network.run(1000)
      }
    },
  )
})
