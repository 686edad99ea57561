// SPDX-License-Identifier: MIT
// Nodes whose first answers took seconds, because all hosts were busy starting: what they learned
// of each other then must not make them wait for lost datagrams later.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { SimNetwork } from '../../src/sim/entry.ts'
import { itWithSeeds } from '../support/seeds.ts'

const LINK = { delayMs: 50, loss: 0.2 }
const GETS = 60

describe('a network that was slow while it was started', () => {
  itWithSeeds('does not wait long for lost datagrams afterwards', 3, async (seed) => {
    const network = new SimNetwork({ seed, link: { ...LINK, jitterMs: 1200 } })
    const nodes = network.addNodes(40, { overMs: 1000 })
    await network.run(15_000)
    network.setDefaultLink({ ...LINK, jitterMs: 1 })
    await network.run(3000)
    for (const [i, node] of nodes.entries()) await network.until(node.put(`${i}`, 'value'))
    const times: number[] = []
    for (let i = 0; i < GETS; i++) {
      const begin = network.now
      const key = `${i % nodes.length}`
      const values = await network.until(nodes[(i * 7 + 1) % nodes.length]!.getAll(key))
      assert.equal(values.length, 1)
      times.push(network.now - begin)
    }
    times.sort((a, b) => a - b)
    assert.ok(times[GETS * 0.9]! < 1000, `a tenth takes more than ${times[GETS * 0.9]} ms`)
  })
})
