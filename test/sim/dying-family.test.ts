// SPDX-License-Identifier: MIT
// Nodes with both families, of which one dies without a word: operations that succeed in the other
// one do not wait until its nodes are given up.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { SimNetwork } from '../../src/sim/entry.ts'
import { itWithSeeds } from '../support/seeds.ts'

describe('a network with two families', () => {
  for (const lost of [4, 6] as const) {
    itWithSeeds(`goes on as before when IPv${lost} dies`, 2, async (seed) => {
      const network = new SimNetwork({ seed, link: { delayMs: 50 } })
      const nodes = network.addNodes(30, { overMs: 1000, families: [4, 6] })
      await network.run(60_000)
      network.cut('all', 'all', { families: [lost] })
      for (let i = 0; i < 6; i++) {
        let began = network.now
        await network.until(nodes[3 * i]!.put(`key ${i}`, 'value'))
        assert.ok(network.now - began <= 2000, `a put took ${network.now - began} ms`)
        began = network.now
        const values = await network.until(nodes[3 * i + 1]!.getAll(`key ${i}`))
        assert.equal(values.length, 1)
        assert.ok(network.now - began <= 2000, `a get took ${network.now - began} ms`)
      }
    })
  }

  itWithSeeds('waits for the slower family as long as that says anything', 2, async (seed) => {
    const network = new SimNetwork({ seed, link: { delayMs: 20 } })
    const nodes = network.addNodes(20, { overMs: 1000, families: [4, 6] })
    const only6 = network.addNodes(20, { overMs: 1000, families: [6] })
    await network.run(60_000)
    network.setDefaultLink({ delayMs: 400, loss: 0.1 })
    await network.until(only6[3]!.put('key', 'value'))
    const found = await network.until(nodes[7]!.getAll('key'))
    assert.equal(found.length, 1)
  })
})
