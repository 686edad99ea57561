// SPDX-License-Identifier: MIT
// Who takes part: clients use the network without serving it, and other networks stay apart.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QUERY_ALL } from '../../../src/core/value/query.ts'
import { byDistance, holdersOf, idNear, KEY, text, textsOf } from '../../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../../support/mini-network.ts'

const MINUTE_MS = 60_000

function put(net: MiniNetwork, node: MiniNode, data: string): void {
  const { operation } = node.dht.startPut(KEY, text(data, 1n), {}, net.now)
  assert.equal(net.finish(node, operation), 'ok')
}

function get(net: MiniNetwork, node: MiniNode): string[] {
  const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
  net.finish(node, operation)
  return textsOf(node, operation)
}

describe('clients', () => {
  it('put, get and listen, but are neither known to others nor stored on', () => {
    const net = new MiniNetwork()
    net.addMany(16)
    net.join()
    const clients = Array.from({ length: 3 }, (_, n) => {
      const client = net.add({ clientMode: true, id: idNear(KEY, 30 + n, n) })
      net.enter(client, net.nodes[n]!)
      return client
    })
    net.run(5 * MINUTE_MS)
    const [first, second, third] = clients as [MiniNode, MiniNode, MiniNode]
    const listen = second.dht.startListen(KEY, QUERY_ALL, net.now)
    net.run(1000)
    put(net, first, 'x')
    net.run(1000)
    assert.deepEqual(textsOf(second, listen), ['x'])
    assert.deepEqual(get(net, third), ['x'])
    const holders = new Set(holdersOf(net, KEY, 'x'))
    assert.deepEqual(
      holders,
      new Set([first, ...byDistance(net.nodes.slice(0, 16), KEY).slice(0, 8)]),
    )
    for (const { dht } of net.nodes) {
      const known = dht.exportNodes(net.now).map(({ id }) => id.toString())
      for (const client of clients) assert(!known.includes(client.dht.id.toString()))
    }
  })
})

describe('networks', () => {
  it('with other ids do not mix, though they share addresses', () => {
    const net = new MiniNetwork()
    const groups = [0, 1, 0xffffffff].map((network) => net.addMany(10, { network }))
    for (const node of net.nodes.slice(1)) {
      for (const group of groups) net.enter(node, group[0]!)
    }
    net.run(5 * MINUTE_MS)
    for (const [n, group] of groups.entries()) put(net, group[3]!, `network ${n}`)
    for (const [n, group] of groups.entries()) {
      assert.deepEqual(get(net, group[7]!), [`network ${n}`])
      for (const { dht } of group) {
        const known = dht.exportNodes(net.now)
        assert(known.length > 0)
        for (const { address } of known) assert(group.some((node) => node.address.equals(address)))
      }
    }
  })
})
