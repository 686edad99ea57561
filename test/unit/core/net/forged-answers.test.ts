// SPDX-License-Identifier: MIT
// Answers by somebody who was not asked: they change nothing, even when he knows the transaction.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import type { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { packedValue } from '../../../../src/core/value/pack-value.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { answerWithValues } from '../../../../src/core/wire/value-list.ts'
import { idNear, KEY, outcomesOf, peerAddress, text, textsOf } from '../../../support/dht-kit.ts'
import { FAKE_TOKEN, FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork } from '../../../support/mini-network.ts'

const PEER = peerAddress(1)
const NO_NODES = new Uint8Array(0)

/** What a node got whose only peer has one value; each get is answered by `forge` before. */
function getWith(forge: (peer: FakePeer, tid: number, to: SocketAddress) => void) {
  const net = new MiniNetwork(5)
  const node = net.add()
  const peer = new FakePeer(net, idNear(KEY, 30), PEER)
  peer.values = [text('true', 1n)]
  node.dht.bootstrap([PEER], net.now)
  net.run(5000)
  peer.script = (_, { message, from }) => {
    if (message.kind === Kind.Get) forge(peer, message.tid, from)
    return false
  }
  const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
  net.run(5000)
  assert.deepEqual(outcomesOf(node, get), ['ok'])
  return { texts: textsOf(node, get), dropped: node.dht.stats(net.now).dropped.unexpected }
}

/** An answer with the id of `as`, which takes the place of the true one if it is believed. */
function lie(as: FakePeer, tid: number, to: SocketAddress, from: SocketAddress): void {
  const values = answerWithValues([packedValue(text('forged', 1n))])
  const lists = { nodes4: NO_NODES, nodes6: NO_NODES }
  as.send(to, (e, w) => e.nodes(w, tid, to, lists, FAKE_TOKEN, values), from)
}

describe('an answer', () => {
  it('from the address that was asked is taken', () => {
    const { texts } = getWith((peer, tid, to) => lie(peer, tid, to, PEER))
    assert.deepEqual(texts, ['forged'])
  })

  it('from another address or port is not, though id and transaction are right', () => {
    for (const from of [peerAddress(2), PEER.withPort(4223)]) {
      const { texts, dropped } = getWith((peer, tid, to) => lie(peer, tid, to, from))
      assert.deepEqual(texts, ['true'])
      assert(dropped > 0)
    }
  })

  it('to another transaction is not', () => {
    const { texts, dropped } = getWith((peer, tid, to) => lie(peer, tid + 1, to, PEER))
    assert.deepEqual(texts, ['true'])
    assert(dropped > 0)
  })
})

describe('transaction ids', () => {
  it('do not tell the next one', () => {
    const net = new MiniNetwork(5)
    const node = net.add()
    const peer = new FakePeer(net, idNear(KEY, 30), PEER)
    node.dht.bootstrap([PEER], net.now)
    net.run(5000)
    for (let n = 0; n < 200; n++) {
      node.dht.startGet(InfoHash.get(`key ${n}`), QUERY_ALL, net.now)
      net.run(50)
    }
    const ids = peer.received.map(({ message }) => message.tid)
    assert(ids.length > 200)
    const near = ids.filter((id, i) => i > 0 && Math.abs(id - ids[i - 1]!) < 2 ** 20).length
    assert(near < 5, `${near} of ${ids.length} are close to the one before`)
    for (let bit = 0; bit < 32; bit++) {
      const ones = ids.filter((id) => (id >>> bit) & 1).length / ids.length
      assert(ones > 0.3 && ones < 0.7, `bit ${bit} is set in ${ones} of them`)
    }
  })
})
