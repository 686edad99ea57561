// SPDX-License-Identifier: MIT
// Nodes with `maintainStorage` hand values over to closer nodes that joined later, also values that
// peers put (upstream forgets those), so that they are found until their life ends.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { InfoHash } from '../../src/core/id/info-hash.ts'
import { TypeId } from '../../src/core/value/default-types.ts'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { Value } from '../../src/core/value/value.ts'
import { byDistance, holdersOf, idNear, KEY, textsOf } from '../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../support/mini-network.ts'
import { itWithSeeds } from '../support/seeds.ts'

const MINUTE_MS = 60_000

/** Lives for a week, so that expiry does not get in the way. */
function lasting(): Value {
  return new Value({ id: 1n, type: TypeId.TrustRequest, data: new TextEncoder().encode('x') })
}

function network(seed: number, maintainStorage: boolean): { net: MiniNetwork; old: Set<MiniNode> } {
  const net = new MiniNetwork(seed)
  // No node shares the first bit of its id with the key: room for newcomers, spread like others,
  // since those that come too close for that to be chance would not count.
  for (let n = 0; n < 24; n++) {
    const id = idNear(KEY, 0, 100 * seed + n)
    net.add({ id, maintainStorage })
  }
  net.join(2 * MINUTE_MS)
  const writer = byDistance(net.nodes, KEY).at(-1)!
  const { operation } = writer.dht.startPut(KEY, lasting(), {}, net.now)
  assert.equal(net.finish(writer, operation), 'ok')
  // Its own copy would be found as well.
  writer.isDown = true
  return { net, old: new Set(holdersOf(net, KEY, 'x')) }
}

function hosts(nodes: Iterable<MiniNode>): string[] {
  return [...nodes].map(({ address }) => address.host).sort()
}

/** Newcomers that are closer to the key than all others, half of them at 1 bit, a fourth at 2… */
function crowd(net: MiniNetwork, key: InfoHash, maintainStorage: boolean): MiniNode[] {
  return [1, 1, 1, 1, 2, 2, 3, 4].map((bits, n) => {
    const node = net.add({ id: idNear(key, bits, n), maintainStorage })
    net.enter(node, net.nodes.find(({ isDown }) => !isDown)!)
    net.run(1000)
    return node
  })
}

describe('storage maintenance', () => {
  itWithSeeds('hands the values of others over to eight closer newcomers', 3, (seed) => {
    const { net, old } = network(seed, true)
    assert.equal(old.size, 8)
    const newcomers = crowd(net, KEY, true)
    net.run(25 * MINUTE_MS)
    const holders = new Set(holdersOf(net, KEY, 'x'))
    assert(new Set(newcomers).isSubsetOf(holders), hosts(holders).join())
    // Who does not know all of the newcomers keeps it for now.
    assert(holders.size <= 10, hosts(holders).join())
    for (const node of old) node.isDown = true
    net.run(MINUTE_MS)
    const reader = net.nodes.find((node) => !node.isDown && !newcomers.includes(node))!
    const operation = reader.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(reader, operation), 'ok')
    assert.deepEqual(textsOf(reader, operation), ['x'])
  })

  itWithSeeds('does nothing unless it is asked for', 1, (seed) => {
    const { net, old } = network(seed, false)
    crowd(net, KEY, false)
    net.run(25 * MINUTE_MS)
    assert.deepEqual(hosts(holdersOf(net, KEY, 'x')), hosts(old))
    assert.equal([...old][0]!.dht.announceStorage(net.now), 0)
  })

  itWithSeeds('announces everything when a node is about to leave', 2, (seed) => {
    const { net, old } = network(seed, true)
    const [leaving, ...rest] = byDistance([...old], KEY) as [MiniNode, ...MiniNode[]]
    for (const node of rest) node.isDown = true
    // Until all have noticed: who believes that closer ones live does not store.
    net.run(15 * MINUTE_MS)
    assert.equal(leaving.dht.announceStorage(net.now), 1)
    net.run(30_000)
    leaving.dht.close()
    leaving.isDown = true
    const count = holdersOf(net, KEY, 'x').length
    assert(count >= 8, `${count} hold it`)
  })
})
