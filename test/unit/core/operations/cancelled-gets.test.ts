// SPDX-License-Identifier: MIT
// Gets that nobody waits for any more leave nothing behind.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { KEY } from '../../../support/dht-kit.ts'
import { MiniNetwork } from '../../../support/mini-network.ts'

for (const isCancelled of [false, true]) {
  const end = isCancelled ? 'was cancelled' : 'ended'
  it(`a node with both families sleeps after a get that ${end}`, () => {
    const net = new MiniNetwork(7)
    const [first, second] = [net.add({ families: [4, 6] }), net.add({ families: [4, 6] })]
    first.dht.bootstrap(second.addresses, net.now)
    net.run(60_000)
    const get = first.dht.startGet(KEY, QUERY_ALL, net.now)
    if (isCancelled) first.dht.cancel(get, net.now)
    net.run(600_000)
    let wakeups = 0
    const advance = first.dht.advance.bind(first.dht)
    first.dht.advance = (now) => {
      wakeups++
      advance(now)
    }
    net.run(10_000)
    assert(wakeups < 20, `${wakeups} times in ten seconds`)
  })
}
