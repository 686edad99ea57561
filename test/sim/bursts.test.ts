// SPDX-License-Identifier: MIT
// Hundreds of operations that one node begins at once, as a proxy does for its clients.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { FIRST_UNDER_WAY, MOST_UNDER_WAY } from '../../src/core/net/node-queues.ts'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { text, textsOf } from '../support/dht-kit.ts'
import { MiniNetwork } from '../support/mini-network.ts'

const COUNT = 400

describe('hundreds of operations at once in a small network', () => {
  it('keep so many requests under way at a node, and all succeed', () => {
    const net = new MiniNetwork(1)
    const [first] = net.addMany(8)
    const asker = first!
    net.join(60_000)
    const keys = Array.from({ length: COUNT }, (_, i) => InfoHash.get(`key ${i}`))
    const underWay = new Map<string, number>()
    let most = 0
    net.onSend = (_bytes, from, to) => {
      const isQuestion = from === asker.address
      const peer = String(isQuestion ? to : from)
      const count = (underWay.get(peer) ?? 0) + (isQuestion ? 1 : -1)
      underWay.set(peer, count)
      most = Math.max(most, count)
    }
    const puts = keys.map((key, i) => asker.dht.startPut(key, text(`value ${i}`), {}, net.now))
    for (const { operation } of puts) assert.equal(net.finish(asker, operation), 'ok')
    const gets = keys.map((key) => asker.dht.startGet(key, QUERY_ALL, net.now))
    for (const [i, operation] of gets.entries()) {
      assert.equal(net.finish(asker, operation), 'ok')
      assert.deepEqual(textsOf(asker, operation), [`value ${i}`])
    }
    // What others ask meanwhile is counted, too, and they ask little.
    assert(most > FIRST_UNDER_WAY + 4, `${most} under way, though all answer in time`)
    assert(most <= MOST_UNDER_WAY + 4, `${most} under way`)
    const { queued, repeated } = asker.dht.stats(net.now).requests
    assert(queued > 0)
    assert.equal(repeated, 0)
  })
})
