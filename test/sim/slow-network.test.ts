// SPDX-License-Identifier: MIT
// A network that suddenly takes ten or thirty times as long, as one whose hosts or lines are
// overloaded does: nodes notice, and do not make it worse by asking again and again.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { MiniNetwork } from '../support/mini-network.ts'

const GETS = 50

/** Datagrams of all nodes per get. */
function costOfGets(net: MiniNetwork, salt: string): number {
  let sent = 0
  net.onSend = () => sent++
  for (let n = 0; n < GETS; n++) {
    const node = net.nodes[(n % 10) * 5]!
    const operation = node.dht.startGet(InfoHash.get(`${salt} ${n}`), QUERY_ALL, net.now)
    assert.equal(net.finish(node, operation), 'ok')
  }
  return sent / GETS
}

describe('a network that becomes slow', () => {
  for (const delayMs of [500, 1500]) {
    it(`is not flooded when a datagram takes ${delayMs} ms instead of 50`, (t) => {
      const net = new MiniNetwork(1)
      net.delayMs = 50
      net.addMany(64)
      net.join(60_000)
      const before = costOfGets(net, 'before')
      net.delayMs = delayMs
      const costs = ['first', 'second', 'third', 'last'].map((name) => costOfGets(net, name))
      t.diagnostic(`${before} datagrams per get before, then ${costs}`)
      const [first, ...others] = costs
      assert(first! < 20 * before, `${first} datagrams per get`)
      for (const cost of others) assert(cost < 6 * before, `${cost} datagrams per get`)
      const spurious = net.nodes.map(({ dht }) => dht.stats(net.now).requests.spurious)
      assert(Math.max(...spurious) > 0)
    })
  }
})
