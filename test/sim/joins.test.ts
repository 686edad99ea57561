// SPDX-License-Identifier: MIT
// Nodes that enter a network in which a fifth of all datagrams is lost: the one node that they know
// at first does not cost them a second per lost datagram.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { SimNetwork, type SimNode } from '../../src/sim/entry.ts'
import { itWithSeeds } from '../support/seeds.ts'

const NODES = 64
const GAP_MS = 20
const LIMIT_MS = 2500

describe('64 nodes that enter one after the other, with a fifth of all datagrams lost', () => {
  itWithSeeds(`know eight good ones within ${LIMIT_MS} ms each`, 4, async (seed) => {
    const network = new SimNetwork({ seed, link: { delayMs: 50, loss: 0.2 } })
    const nodes = network.addNodes(NODES, { overMs: NODES * GAP_MS })
    const isIn = (node: SimNode): boolean => node.dht.stats(node.clockMs).ipv4.good >= 8
    let slowestMs = 0
    let waiting = nodes
    while (waiting.length > 0 && slowestMs < LIMIT_MS) {
      await network.run(50)
      waiting = waiting.filter((node) => {
        if (!node.isUp || !isIn(node)) return true
        slowestMs = Math.max(slowestMs, network.now - node.index * GAP_MS)
        return false
      })
      assert.ok(network.now < NODES * GAP_MS + LIMIT_MS, `node ${waiting[0]?.index} is not in`)
    }
    assert.ok(slowestMs < LIMIT_MS, `${slowestMs} ms`)
    await network.close()
  })
})
