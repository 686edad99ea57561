// SPDX-License-Identifier: MIT
// Who is cut off from most of the network is told so: a get that finds nothing there does not say
// that there is nothing, nor does a put say that it succeeded when hardly anybody took it.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { DhtError } from '../../src/core/errors.ts'
import { SimNetwork, type SimNode } from '../../src/sim/entry.ts'
import { itWithSeeds } from '../support/seeds.ts'

const VALUES = 20

async function grown(seed: number): Promise<{ network: SimNetwork; nodes: SimNode[] }> {
  const network = new SimNetwork({ seed })
  const nodes = network.addNodes(60, { overMs: 1000 })
  await network.run(60_000)
  return { network, nodes }
}

/** How it ended: `ok` or the code of its error. */
async function outcomeOf(network: SimNetwork, operation: Promise<unknown>): Promise<string> {
  return await network.until(
    operation.then(
      () => 'ok',
      (error: DhtError) => error.code,
    ),
  )
}

describe('a node that is left with a few others', () => {
  itWithSeeds('is told when it cannot know whether there is a value', 3, async (seed) => {
    const { network, nodes } = await grown(seed)
    for (let i = 0; i < VALUES; i++) await network.until(nodes[i]!.put(`key ${i}`, 'value'))
    const left = nodes.slice(50)
    network.isolate(left)
    const outcomes = left.map(async (node, i) => {
      const values = await node.getAll(`key ${i}`)
      assert.notEqual(values.length, 0, `node ${node.index} heard that there is nothing`)
    })
    for (const code of await Promise.all(outcomes.map((one) => outcomeOf(network, one)))) {
      assert.ok(code === 'ok' || code === 'ERR_DHT_FAILED' || code === 'ERR_DHT_NO_NODES', code)
    }
  })

  itWithSeeds('is told when hardly anybody took its value', 3, async (seed) => {
    const { network, nodes } = await grown(seed)
    network.isolate(nodes.slice(57))
    const put = nodes[57]!.put('key', 'value')
    assert.match(await outcomeOf(network, put), /ERR_DHT_(FAILED|NO_NODES)/)
  })
})

describe('a node in a network without faults, or of which a fifth died', () => {
  itWithSeeds('hears that there is nothing where that is so', 3, async (seed) => {
    const { network, nodes } = await grown(seed)
    for (let i = 0; i < VALUES; i++) {
      assert.deepEqual(await network.until(nodes[i]!.getAll(`nothing ${i}`)), [])
    }
    for (const node of nodes.slice(48)) node.crash()
    const gets = nodes.slice(0, VALUES).map((node, i) => node.getAll(`nothing ${i}`))
    const codes = await Promise.all(gets.map((get) => outcomeOf(network, get)))
    const failed = codes.filter((code) => code !== 'ok').length
    assert.ok(failed <= 1, `${failed} of ${VALUES} gets failed`)
  })
})
