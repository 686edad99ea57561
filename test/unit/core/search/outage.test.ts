// SPDX-License-Identifier: MIT
// What searches do when the network is gone: they notice in a time that does not depend on how many
// nodes were known, and go on by themselves when it is back.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { KEY, outcomesOf, peerAddress, text } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

/** A node that knows `count` peers, none of which answers from now on. */
function stranded(count: number): { net: MiniNetwork; node: MiniNode } {
  const net = new MiniNetwork(3)
  const node = net.add()
  const peers = Array.from(
    { length: count },
    (_, n) => new FakePeer(net, InfoHash.get(`peer ${n}`), peerAddress(n)),
  )
  for (const [n, peer] of peers.entries()) {
    peer.neighbours = Array.from({ length: 8 }, (_, i) => peers[(n * 7 + i) % count]!)
    node.dht.insertNode(peer, net.now)
  }
  net.run(10_000)
  assert.equal(node.dht.status().ipv4, 'connected')
  net.carries = () => false
  return { net, node }
}

describe('a search without a network', () => {
  it('fails a get within a minute, however many nodes are known', () => {
    const { net, node } = stranded(1000)
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    const outcome = net.finish(node, operation)
    assert(outcome === 'no-nodes' || outcome === 'failed', `${outcome}`)
  })

  it('fails a put within a minute, and keeps a permanent one for later', () => {
    const { net, node } = stranded(300)
    const once = node.dht.startPut(KEY, text('once', 1n), {}, net.now).operation
    const lasting = node.dht.startPut(KEY, text('x', 2n), { permanent: true }, net.now).operation
    for (const operation of [once, lasting]) {
      const outcome = net.finish(node, operation)
      assert(outcome === 'no-nodes' || outcome === 'failed', `${outcome}`)
    }
    net.run(60_000)
    net.carries = undefined
    net.run(10 * 60_000)
    assert.equal(outcomesOf(node, lasting).length, 1)
    const stored = node.dht.searches(4, net.now).find(({ key }) => key.equals(KEY))
    const closest = stored?.nodes.filter(({ isExpired }) => !isExpired).slice(0, 8) ?? []
    assert.deepEqual(
      closest.map(({ isAnnounced }) => isAnnounced),
      Array(8).fill(true),
    )
  })
})
