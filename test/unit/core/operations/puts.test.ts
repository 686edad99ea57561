// SPDX-License-Identifier: MIT
// Puts as the user sees them, and what they send to nodes that follow a script.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Kind } from '../../../../src/core/wire/message.ts'
import {
  byDistance,
  doneOf,
  holdersOf,
  idNear,
  KEY,
  outcomesOf,
  peerAddress,
  text,
  textOf,
} from '../../../support/dht-kit.ts'
import { FakePeer, type Received } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode, WALL_OFFSET_MS } from '../../../support/mini-network.ts'

const MINUTE_MS = 60_000

function joined(size: number): MiniNetwork {
  const net = new MiniNetwork(20)
  net.addMany(size)
  net.join(5 * MINUTE_MS)
  return net
}

/** A node among `count` scripted peers; the first is closest to the key. */
function scripted(count: number): { net: MiniNetwork; node: MiniNode; peers: FakePeer[] } {
  const net = new MiniNetwork(22)
  const node = net.add()
  const peers = Array.from(
    { length: count },
    (_, n) => new FakePeer(net, idNear(KEY, 30 - n, n), peerAddress(n + 1)),
  )
  for (const peer of peers) {
    peer.neighbours = peers.slice(0, 8)
    node.dht.insertNode(peer, net.now)
  }
  net.run(5 * MINUTE_MS)
  return { net, node, peers }
}

function kindsOf(peer: FakePeer): string[] {
  const isAboutKey = ({ message }: Received): boolean => message.hash.equals(KEY)
  const names = Object.entries(Kind)
  return peer.received
    .filter(isAboutKey)
    .map(({ message }) => names.find(([, kind]) => kind === message.kind)![0])
}

describe('a put', () => {
  it('is stored by the eight closest nodes and the own one', () => {
    const net = joined(40)
    const node = byDistance(net.nodes, KEY)[30]!
    const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    const closest = byDistance(net.nodes, KEY).slice(0, 8)
    assert.deepEqual(new Set(holdersOf(net, KEY, 'x')), new Set([...closest, node]))
    const named = doneOf(node, operation)!.nodes.map(({ id }) => id.toString())
    assert.deepEqual(new Set(named), new Set(closest.map(({ dht }) => dht.id.toString())))
    assert.deepEqual(node.dht.pendingPuts(KEY), [])
  })

  it('draws an id when the value has none', () => {
    const net = new MiniNetwork()
    const { value } = net.add().dht.startPut(KEY, text('x'), {}, net.now)
    assert.notEqual(value.id, 0n)
  })

  it('without nodes ends at once and is stored here', () => {
    const net = new MiniNetwork()
    const node = net.add()
    const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    net.pump(node)
    assert.deepEqual(outcomesOf(node, operation), ['no-nodes'])
    assert.deepEqual(node.dht.localValues(KEY).map(textOf), ['x'])
    assert.deepEqual(node.dht.pendingPuts(KEY), [])
  })

  it('joins one of the same content, and both hear of the end', () => {
    const { net, node, peers } = scripted(8)
    const first = node.dht.startPut(KEY, text('x', 1n), {}, net.now).operation
    const second = node.dht.startPut(KEY, text('x', 1n), {}, net.now).operation
    net.run(1000)
    assert.deepEqual(outcomesOf(node, first), ['ok'])
    assert.deepEqual(outcomesOf(node, second), ['ok'])
    assert.equal(peers[0]!.requests(Kind.Put).length, 1)
  })

  it('of other content under the same id replaces one that is under way', () => {
    const { net, node, peers } = scripted(8)
    const first = node.dht.startPut(KEY, text('x', 1n), {}, net.now).operation
    const second = node.dht.startPut(KEY, text('y', 1n), {}, net.now).operation
    net.run(1000)
    assert.deepEqual(outcomesOf(node, first), ['replaced'])
    assert.deepEqual(outcomesOf(node, second), ['ok'])
    assert.deepEqual(node.dht.localValues(KEY).map(textOf), ['y'])
    assert.equal(peers[0]!.requests(Kind.Put).length, 2)
  })

  it('that replaced another one can be cancelled', () => {
    const { net, node, peers } = scripted(8)
    node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    node.dht.startPut(KEY, text('y', 1n), { permanent: true }, net.now)
    net.run(1000)
    assert.deepEqual(node.dht.pendingPuts(KEY).map(textOf), ['y'])
    assert(node.dht.cancelPut(KEY, 1n, net.now))
    assert.deepEqual(node.dht.localValues(KEY), [])
    for (const peer of peers) peer.received.length = 0
    net.run(30 * MINUTE_MS)
    assert.deepEqual(kindsOf(peers[0]!), [])
  })

  it('carries its creation time, unless that is now or later', () => {
    const { net, node, peers } = scripted(8)
    const nowMs = net.now + WALL_OFFSET_MS
    const times = [undefined, nowMs - 90_000, nowMs + 90_000]
    for (const [n, createdMs] of times.entries()) {
      node.dht.startPut(KEY, text('x', BigInt(n + 1)), { createdMs }, net.now)
    }
    net.run(1000)
    const sent = peers[0]!.requests(Kind.Put).map(({ message }) => message.created)
    const second = Math.floor(nowMs / 1000)
    assert.deepEqual(sent, [undefined, second - 90, undefined])
  })
})

describe('a put to a node that', () => {
  it('refuses the token gets a new one and puts again', () => {
    const { net, node, peers } = scripted(8)
    let refusals = 0
    // Not one of the closest, which are asked whatever their tokens are.
    peers[5]!.script = (peer, request) => {
      if (request.message.kind !== Kind.Put || refusals++ > 0) return false
      peer.token = Uint8Array.of(9, 9, 9)
      peer.refuse(request, 401)
      return true
    }
    const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    const puts = peers[5]!.requests(Kind.Put)
    assert.equal(puts.length, 2)
    assert.deepEqual([...puts[1]!.message.token], [9, 9, 9])
    assert(net.now < 5 * MINUTE_MS + 3000)
  })

  it('always refuses the token ends with the others', () => {
    const { net, node, peers } = scripted(9)
    peers[0]!.script = (peer, request) => {
      if (request.message.kind !== Kind.Put) return false
      peer.refuse(request, 401)
      return true
    }
    const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    assert.equal(peers[8]!.requests(Kind.Put).length, 1)
    assert(peers[0]!.requests(Kind.Put).length <= 4)
  })

  for (const code of [203, 404, 999]) {
    it(`answers every put with ${code} is not asked without end`, () => {
      const { net, node, peers } = scripted(9)
      peers[0]!.script = (peer, request) => {
        if (request.message.kind !== Kind.Put) return false
        peer.refuse(request, code)
        return true
      }
      const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
      assert.equal(net.finish(node, operation), 'ok')
      net.run(10_000)
      assert(peers[0]!.requests(Kind.Put).length <= 4)
    })
  }
})

describe('a permanent put', () => {
  it('asks what a node has, and refreshes or puts accordingly', () => {
    const { net, node, peers } = scripted(8)
    const [keeps, lost, forgot] = peers as [FakePeer, FakePeer, FakePeer]
    keeps.values = [text('x', 1n)]
    forgot.values = [text('x', 1n)]
    forgot.script = (peer, request) => {
      if (request.message.kind !== Kind.Refresh) return false
      peer.refuse(request, 404)
      return true
    }
    const { operation } = node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    for (const peer of peers) peer.received.length = 0
    net.run(9.9 * MINUTE_MS)
    assert.deepEqual(kindsOf(keeps), ['Get', 'Refresh'])
    assert.deepEqual(kindsOf(lost), ['Get', 'Put'])
    assert.deepEqual(kindsOf(forgot), ['Get', 'Refresh', 'Put'])
    const [put] = lost.requests(Kind.Put)
    assert.equal(put?.message.created, undefined, 'its life begins anew')
  })

  it('is renewed for ever, is listed as pending, and reports its end once', () => {
    const { net, node, peers } = scripted(8)
    for (const peer of peers) peer.values = [text('x', 1n)]
    const { operation } = node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    net.run(180 * MINUTE_MS)
    assert.deepEqual(outcomesOf(node, operation), ['ok'])
    assert.deepEqual(node.dht.pendingPuts(KEY).map(textOf), ['x'])
    for (const peer of peers) {
      const refreshes = peer.requests(Kind.Refresh).map(({ at }) => at)
      assert(refreshes.length >= 18)
      for (const [i, at] of refreshes.entries()) {
        if (i > 0) assert(at - refreshes[i - 1]! < 10 * MINUTE_MS, 'in time')
      }
    }
  })

  it('is silent after it was cancelled', () => {
    const { net, node, peers } = scripted(8)
    node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    net.run(1000)
    assert(node.dht.cancelPut(KEY, 1n, net.now))
    assert.equal(node.dht.cancelPut(KEY, 1n, net.now), false)
    assert.deepEqual(node.dht.localValues(KEY), [])
    for (const peer of peers) peer.received.length = 0
    net.run(60 * MINUTE_MS)
    for (const peer of peers) assert.deepEqual(kindsOf(peer), [])
  })

  it('cancelled before its end reports that once', () => {
    const { net, node } = scripted(8)
    const { operation } = node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now)
    node.dht.cancelPut(KEY, 1n, net.now)
    net.run(1000)
    assert.equal(outcomesOf(node, operation).length, 1)
  })

  it('without nodes fails, and is tried anew when it is put again', () => {
    const net = new MiniNetwork()
    const node = net.add()
    const put = (): number =>
      node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now).operation
    assert.equal(net.finish(node, put()), 'no-nodes')
    const peer = new FakePeer(net, idNear(KEY, 9), peerAddress(1))
    node.dht.insertNode(peer, net.now)
    net.run(1000)
    assert.equal(peer.requests(Kind.Put).length, 1, 'goes on by itself')
    assert.equal(net.finish(node, put()), 'ok')
    assert.equal(net.finish(node, put()), 'ok')
    assert.equal(peer.requests(Kind.Put).length, 2)
  })

  it('takes over from one-time put of the same content', () => {
    const { net, node, peers } = scripted(8)
    const once = node.dht.startPut(KEY, text('x', 1n), {}, net.now).operation
    const lasting = node.dht.startPut(KEY, text('x', 1n), { permanent: true }, net.now).operation
    net.run(21 * MINUTE_MS)
    assert.deepEqual([...outcomesOf(node, once), ...outcomesOf(node, lasting)], ['replaced', 'ok'])
    assert.equal(peers[0]!.requests(Kind.Put).length, 4, 'at once and after each lifetime')
  })
})
