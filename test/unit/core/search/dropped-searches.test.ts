// SPDX-License-Identifier: MIT
// Searches that were dropped while one of their requests was still on its way.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, peerAddress } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork } from '../../../support/mini-network.ts'

/** More than are kept. */
const MANY = 140
const NO_NODES = { nodes4: new Uint8Array(0), nodes6: new Uint8Array(0) }

it('a late answer to a search that was dropped does not take its successor away', () => {
  const net = new MiniNetwork(5)
  const node = net.add()
  const peers = [1, 2, 3].map((n) => new FakePeer(net, idNear(KEY, 8 + n, n), peerAddress(n)))
  for (const peer of peers) node.dht.insertNode(peer, net.now)
  net.run(1000)
  let answer: (() => void) | undefined
  peers[0]!.script = (peer, { message, from }) => {
    if (message.kind !== Kind.Get || !message.hash.equals(KEY)) return false
    const { tid } = message
    answer ??= () => peer.send(from, (e, w) => e.nodes(w, tid, from, NO_NODES, peer.token))
    return true
  }
  const first = node.dht.startGet(KEY, QUERY_ALL, net.now)
  net.run(20)
  node.dht.cancel(first, net.now)
  const searchOthers = (name: string): void => {
    for (let i = 0; i < MANY; i++) {
      const get = node.dht.startGet(InfoHash.get(`${name} ${i}`), QUERY_ALL, net.now)
      net.run(1)
      node.dht.cancel(get, net.now)
    }
  }
  const searches = (): number => node.dht.searches(4, net.now, KEY).length
  searchOthers('before')
  assert.equal(searches(), 0)
  node.dht.startListen(KEY, QUERY_ALL, net.now)
  net.run(50)
  answer!()
  net.run(50)
  searchOthers('after')
  assert.equal(searches(), 1)
})
