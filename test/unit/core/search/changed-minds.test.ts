// SPDX-License-Identifier: MIT
// Nodes and listeners that change their minds: a node that becomes a client, listeners that leave
// one of several listens, conditions that nobody can satisfy.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Dht } from '../../../../src/core/dht.ts'
import { Field, QUERY_ALL, Query, Where } from '../../../../src/core/value/query.ts'
import { idNear, KEY, text } from '../../../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

test('a listen lingers a minute after its own last listener, whoever else leaves', () => {
  const net = new MiniNetwork(2)
  net.addMany(6)
  net.join()
  const node = net.nodes[2]!
  const all = node.dht.startListen(KEY, QUERY_ALL, net.now)
  net.run(2000)
  node.dht.cancel(all, net.now)
  const onlySeven = new Query(undefined, new Where([{ field: Field.Id, value: 7n }]))
  for (let round = 0; round < 3; round++) {
    net.run(30_000)
    const other = node.dht.startListen(KEY, onlySeven, net.now)
    net.run(1000)
    node.dht.cancel(other, net.now)
  }
  const search = node.dht.searches(4, net.now).find(({ key }) => key.equals(KEY))
  assert.deepEqual(search?.listens, [onlySeven.toString()])
})

test('a node that comes back as a client is not used for storage', () => {
  const net = new MiniNetwork(2)
  const nodes = net.addMany(12)
  const id = idNear(KEY, 30)
  const near = net.add({ id })
  net.join()
  const random = new SeededRandom(9)
  const client = new Dht({ id, families: [4], clientMode: true }, { random }, net.now)
  client.syncWallClock(1_700_000_000_000)
  ;(near as { -readonly [K in keyof MiniNode]: MiniNode[K] }).dht = client
  net.enter(near, nodes[0]!)
  net.run(30_000)
  const { operation } = nodes[5]!.dht.startPut(KEY, text('v', 1n), {}, net.now)
  net.pump(nodes[5]!)
  assert.equal(net.finish(nodes[5]!, operation), 'ok')
  assert.deepEqual(client.localValues(KEY), [])
})

test('conditions out of range are refused by name', () => {
  const where = (field: 1 | 2 | 4, value: unknown) => () => new Where([{ field, value } as never])
  assert.throws(where(Field.Id, -1n), /^RangeError: Condition on id must be .*got -1$/)
  assert.throws(where(Field.Id, 1n << 64n), /^RangeError: Condition on id/)
  assert.throws(where(Field.Type, 65_536), /^RangeError: Condition on type .*got 65536$/)
  assert.throws(where(Field.Seq, 1.5), /^RangeError: Condition on seq .*got 1.5$/)
})
