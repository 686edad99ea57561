// SPDX-License-Identifier: MIT
// close(): every operation hears of it once, and the node is deaf and mute from then on.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Field, QUERY_ALL, Query, Select } from '../../../src/core/value/query.ts'
import { KEY, outcomesOf, peerAddress, text } from '../../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../../support/mini-network.ts'
import { Traffic } from '../../support/traffic.ts'

function world(families: readonly (4 | 6)[] = [4, 6]): { net: MiniNetwork; node: MiniNode } {
  const net = new MiniNetwork()
  net.addMany(12, { families, maintainStorage: true })
  net.join(60_000)
  return { net, node: net.nodes[5]! }
}

const FIELDS = new Query(new Select([Field.Id]))

describe('close', () => {
  it('ends every kind of operation with `closed`, once', () => {
    const { net, node } = world()
    const { dht } = node
    const { now } = net
    const operations = {
      get: dht.startGet(KEY, QUERY_ALL, now),
      query: dht.startGet(KEY, FIELDS, now),
      listen: dht.startListen(KEY, QUERY_ALL, now),
      put: dht.startPut(KEY, text('a', 1n), {}, now).operation,
      joined: dht.startPut(KEY, text('a', 1n), {}, now).operation,
      permanent: dht.startPut(KEY, text('b', 2n), { permanent: true }, now).operation,
      ping: dht.ping(peerAddress(1), now),
    }
    dht.close()
    net.run(60_000)
    for (const [name, operation] of Object.entries(operations)) {
      assert.deepEqual(outcomesOf(node, operation), ['closed'], name)
    }
  })

  it('ends them while they wait for a connection', () => {
    const net = new MiniNetwork()
    const node = net.add({ families: [4, 6] })
    node.dht.bootstrap([peerAddress(1)], net.now)
    const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
    const put = node.dht.startPut(KEY, text('a', 1n), {}, net.now).operation
    node.dht.close()
    net.pump(node)
    assert.deepEqual([...outcomesOf(node, get), ...outcomesOf(node, put)], ['closed', 'closed'])
  })

  it('says nothing more of operations that ended before', () => {
    const { net, node } = world()
    const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
    const { operation } = node.dht.startPut(KEY, text('b', 2n), { permanent: true }, net.now)
    net.run(5000)
    const listen = node.dht.startListen(KEY, QUERY_ALL, net.now)
    node.dht.cancel(listen, net.now)
    node.dht.close()
    net.run(1000)
    assert.deepEqual(outcomesOf(node, get), ['ok'])
    assert.deepEqual(outcomesOf(node, operation), ['ok'])
    assert.deepEqual(outcomesOf(node, listen), [])
  })

  it('is final, and may be repeated', () => {
    const { net, node } = world()
    const { dht } = node
    dht.startListen(KEY, QUERY_ALL, net.now)
    dht.startPut(KEY, text('b', 2n), { permanent: true }, net.now)
    net.run(5000)
    dht.close()
    dht.close()
    net.run(10)
    const traffic = new Traffic(net)
    node.events.length = 0
    net.run(30 * 60_000)
    assert.equal(dht.nextWakeup(), undefined)
    for (const address of node.addresses) assert.equal(traffic.count({ from: address }), 0)
    assert.deepEqual(node.events, [])
  })

  it('leaves every method callable, without effect', () => {
    const { net, node } = world()
    const { dht } = node
    const state = net.nodes[1]!.dht.exportState(net.now)
    net.nodes[1]!.dht.startPut(KEY, text('x', 9n), {}, net.now)
    const values = net.nodes[1]!.dht.exportValues()
    dht.close()
    net.pump(node)
    node.events.length = 0
    const { now } = net
    const refused = [
      dht.startGet(KEY, QUERY_ALL, now),
      dht.startListen(KEY, QUERY_ALL, now),
      dht.startPut(KEY, text('c', 3n), {}, now).operation,
      dht.ping(peerAddress(1), now),
    ]
    dht.cancel(1, now)
    assert.equal(dht.cancelPut(KEY, 2n, now), false)
    dht.bootstrap([peerAddress(1)], now)
    dht.expectBootstrap(now)
    dht.insertNode({ id: KEY, address: peerAddress(1) }, now)
    dht.connectivityChanged(now)
    dht.sendFailed(peerAddress(1), now)
    dht.advance(now + 1000)
    dht.receive(new Uint8Array(10), peerAddress(1), now)
    assert.equal(dht.announceStorage(now), 0)
    dht.importState(state, now)
    dht.importValues(values, now)
    dht.exportState(now)
    dht.stats(now)
    assert.equal(dht.outbox.count, 0)
    net.pump(node)
    assert.deepEqual(
      refused.flatMap((operation) => outcomesOf(node, operation)),
      Array(4).fill('closed'),
    )
    assert.deepEqual(
      node.events.filter(({ kind }) => kind !== 'done'),
      [],
    )
  })
})
