// SPDX-License-Identifier: MIT
// Somebody sends requests and never answers any: nobody waits for him. Anybody can do that, under
// ids as close to any key as he likes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { NodeCache } from '../../../../src/core/net/node-cache.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, peerAddress, text } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

/** Longer than all that honest nodes need, shorter than any wait for an answer. */
const SOON_MS = 200

/** A node among `count`, and a stranger close to the key that answers nothing. */
function start(count: number): { net: MiniNetwork; node: MiniNode; stranger: FakePeer } {
  const net = new MiniNetwork(3)
  const [node] = net.addMany(count)
  net.join()
  const stranger = new FakePeer(net, idNear(KEY, 60), peerAddress(77))
  stranger.script = () => true
  return { net, node: node!, stranger }
}

function askOften(net: MiniNetwork, stranger: FakePeer, node: MiniNode): void {
  for (let i = 0; i < 100; i++) {
    stranger.send(node.address, (e, w) => e.get(w, i, KEY, QUERY_ALL))
    net.run(50)
  }
}

function questions(stranger: FakePeer): number {
  return stranger.requests(Kind.Get).length + stranger.requests(Kind.Find).length
}

describe('a stranger that never answers', () => {
  it('delays neither puts nor gets of those whom it floods', () => {
    const { net, node, stranger } = start(8)
    askOften(net, stranger, node)
    const value = text('of an honest node', 5n)
    const { operation: put } = node.dht.startPut(KEY, value, {}, net.now)
    assert.equal(net.finish(node, put, SOON_MS), 'ok')
    const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
    assert.equal(net.finish(node, get, SOON_MS), 'ok')
    assert.equal(questions(stranger), 0)
  })

  it('is better than nobody', () => {
    const { net, node, stranger } = start(1)
    stranger.script = (_, { message }) => message.kind === Kind.Ping
    stranger.send(node.address, (e, w) => e.get(w, 1, KEY, QUERY_ALL))
    net.run(SOON_MS)
    node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(SOON_MS)
    assert(questions(stranger) > 0)
  })

  it('is one no longer when it has answered a ping', () => {
    const { net, node, stranger } = start(8)
    stranger.script = () => false
    stranger.send(node.address, (e, w) => e.get(w, 1, KEY, QUERY_ALL))
    net.run(SOON_MS)
    node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(SOON_MS)
    assert(questions(stranger) > 0)
  })
})

describe('strangers that the table has no place for', () => {
  it('are pinged 32 at once, and then again after a while', () => {
    const net = new MiniNetwork(3)
    const node = net.add({ id: idNear(KEY, 0), maxPeerRequestsPerSecond: -1 })
    for (let n = 1; n <= 16; n++) {
      const peer = new FakePeer(net, idNear(KEY, n > 8 ? 20 : 0, n), peerAddress(n))
      node.dht.insertNode(peer, net.now)
      net.run(100)
    }
    net.run(2000)
    const strangers = Array.from({ length: 200 }, (_, n) => {
      const stranger = new FakePeer(net, idNear(KEY, 20, 100 + n), peerAddress(100 + n))
      stranger.script = () => true
      return stranger
    })
    const pings = () => strangers.reduce((sum, it) => sum + it.requests(Kind.Ping).length, 0)
    const askAll = () => {
      for (const each of strangers) each.send(node.address, (e, w) => e.ping(w, 1))
      net.run(20)
    }
    askAll()
    askAll()
    assert.equal(pings(), 32)
    net.run(10_000)
    askAll()
    assert.equal(pings(), 64)
  })
})

describe('the known nodes', () => {
  it('are found by distance when they answered or are listed', () => {
    const cache = new NodeCache(1)
    const id = InfoHash.get('somebody')
    const closest = () => cache.closest(KEY, 8).length
    const node = cache.create(id, peerAddress(1), false, 0)
    assert.deepEqual([closest(), cache.strangers(8)], [0, [node]])
    cache.learn(id, peerAddress(1), 0)
    assert.deepEqual([closest(), cache.strangers(8)], [1, []])
  })

  it('do not include strangers, however many there are', () => {
    const cache = new NodeCache(1, 20)
    const known = cache.learn(idNear(KEY, 0), peerAddress(1), 0)
    known.references++
    for (let n = 0; n < 100; n++) cache.create(idNear(KEY, 60, n), peerAddress(n), false, 0)
    assert.equal(cache.size, 20)
    assert.deepEqual(cache.closest(KEY, 8), [known])
    assert.equal(cache.strangers(8).length, 8)
  })
})
