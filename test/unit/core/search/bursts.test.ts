// SPDX-License-Identifier: MIT
// A node with many permanent puts that comes back into the network: it brings them all back,
// without flooding its peers.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { KEY, outcomesOf, text } from '../../../support/dht-kit.ts'
import { MiniNetwork } from '../../../support/mini-network.ts'

const MINUTE_MS = 60_000
const PUTS = 600

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
})
