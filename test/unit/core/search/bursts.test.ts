// SPDX-License-Identifier: MIT
// A node with many permanent puts that comes back into the network, or is started again: it brings
// them all, without flooding its peers.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { KEY, outcomesOf, text } from '../../../support/dht-kit.ts'
import { MiniNetwork } from '../../../support/mini-network.ts'

const MINUTE_MS = 60_000
const PUTS = 600
const MANY_PUTS = 1000

describe('a node with many permanent puts', () => {
  it('brings them back at a moderate pace after an outage, gets first', (t) => {
    const net = new MiniNetwork(101)
    net.addMany(30)
    net.join(MINUTE_MS)
    const node = net.nodes[17]!
    const keys = Array.from({ length: PUTS }, (_, n) => InfoHash.get(`key ${n}`))
    for (const [n, key] of keys.entries()) {
      node.dht.startPut(key, text('x', 1n), { permanent: true }, net.now)
      if (n % 20 === 0) net.run(100)
    }
    net.run(5 * MINUTE_MS)
    const isCut = (host: string): boolean => host === node.address.host
    net.carries = (from, to) => !isCut(from.host) && !isCut(to.host)
    net.run(30 * MINUTE_MS)
    net.carries = undefined
    let sent = 0
    net.onSend = (_, from) => {
      if (from.equals(node.address)) sent++
    }
    assert(net.runUntil(() => node.dht.status().ipv4 === 'connected', 10 * MINUTE_MS))
    const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
    let most = 0
    let total = 0
    for (let tenths = 0; tenths < 600; tenths++) {
      sent = 0
      net.run(100)
      most = Math.max(most, sent)
      total += sent
      if (tenths === 2) assert.deepEqual(outcomesOf(node, get), ['ok'])
    }
    t.diagnostic(`${total} datagrams in a minute, at most ${most} in 100 ms`)
    for (const key of keys) {
      const holders = net.nodes.filter(({ dht }) => dht.localValues(key).length > 0)
      assert(holders.length >= 9, `${holders.length - 1} others hold a value`)
    }
    assert(most <= 500)
    assert(total <= PUTS * 8 * 3)
  })

  it('brings them at a moderate pace when all are put at once, and others meanwhile', (t) => {
    const net = new MiniNetwork(102)
    net.addMany(8)
    net.join(MINUTE_MS)
    const node = net.nodes[3]!
    let sent = 0
    net.onSend = (_, from) => {
      if (from.equals(node.address)) sent++
    }
    const put = (name: string, permanent: boolean): number =>
      node.dht.startPut(InfoHash.get(name), text('x', 1n), { permanent }, net.now).operation
    const puts = Array.from({ length: MANY_PUTS }, (_, n) => put(`key ${n}`, true))
    const others = [node.dht.startGet(KEY, QUERY_ALL, net.now), put('for once', false)]
    net.run(200)
    for (const other of others) assert.deepEqual(outcomesOf(node, other), ['ok'])
    net.run(200)
    const single = put('later', true)
    net.run(200)
    assert.deepEqual(outcomesOf(node, single), ['ok'])
    net.run(400)
    t.diagnostic(`${sent} datagrams in the first second`)
    assert(sent <= 6000)
    net.run(4000)
    const outcomes = new Map<number, string>()
    for (const event of node.events) {
      if (event.kind === 'done') outcomes.set(event.operation, event.outcome)
    }
    for (const operation of puts) assert.equal(outcomes.get(operation), 'ok')
    for (const { dht } of net.nodes) assert.equal(dht.stats(net.now).dropped.rateLimited, 0)
  })
})
