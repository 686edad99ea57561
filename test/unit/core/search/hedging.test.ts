// SPDX-License-Identifier: MIT
// Nodes that are late, lose datagrams or are dead: others are asked in their place at once, what
// they still answer counts, and operations end without them. Round trips of 100 ms.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, peerAddress, text, textsOf } from '../../../support/dht-kit.ts'
import { FakePeer, type Received } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

interface World {
  readonly net: MiniNetwork
  readonly node: MiniNode
  /** The closest to the key first. */
  readonly peers: FakePeer[]
}

/** A node that knows `count` peers around the key, and how long they take. */
function world(count: number): World {
  const net = new MiniNetwork(7)
  net.delayMs = 50
  const node = net.add()
  const peers = Array.from(
    { length: count },
    (_, n) => new FakePeer(net, idNear(KEY, 30 - n, n), peerAddress(n + 1)),
  )
  for (const peer of peers) {
    peer.neighbours = peers
    node.dht.insertNode(peer, net.now)
  }
  net.run(5 * 60_000)
  for (let n = 0; n < 6; n++) {
    for (const peer of peers) {
      const operation = node.dht.startGet(idNear(peer.id, 100 + n), QUERY_ALL, net.now)
      net.finish(node, operation)
    }
  }
  for (const peer of peers) peer.received.length = 0
  return { net, node, peers }
}

function about(peer: FakePeer, kind: Kind): Received[] {
  return peer
    .requests(kind)
    .filter(({ message }) => message.hash.equals(KEY) || message.target.equals(KEY))
}

/** Serves requests `ms` later than others. */
function delay({ net, node }: World, peer: FakePeer, ms: number): void {
  const clock = new FakePeer(net, InfoHash.get('clock'), peerAddress(99))
  peer.script = (_, request) => {
    if (!request.from.equals(node.address)) return false
    const { delayMs } = net
    net.delayMs = ms
    net.send(peer.address, clock.address, new Uint8Array(1))
    net.delayMs = delayMs
    net.attach(clock.address, () => peer.serve(request))
    return true
  }
}

function get({ net, node }: World): { operation: number; ms: number } {
  const startedAt = net.now
  const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
  assert.equal(net.finish(node, operation), 'ok')
  return { operation, ms: net.now - startedAt }
}

function put({ net, node }: World): number {
  const startedAt = net.now
  const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
  assert.equal(net.finish(node, operation), 'ok')
  return net.now - startedAt
}

describe('a get', () => {
  it('asks the next candidate when an answer is late, and ends without the dead', () => {
    const all = world(12)
    const { net, peers } = all
    peers[0]!.script = () => true
    const startedAt = net.now
    const { ms } = get(all)
    const [asked] = about(peers[8]!, Kind.Get)
    assert(asked!.at - startedAt <= 150 + 25 + 50, `asked after ${asked!.at - startedAt} ms`)
    assert(ms <= 300, `${ms} ms`)
    assert(about(peers[0]!, Kind.Get).length >= 2, 'the late one was asked again')
  })

  it('with four late ones, asks two more than take their places: these may be dead, too', () => {
    const all = world(14)
    const { peers } = all
    for (const n of [0, 1, 2, 3, 8, 9]) peers[n]!.script = () => true
    const { ms } = get(all)
    const [asked] = about(peers[8]!, Kind.Get)
    for (const n of [10, 11, 12, 13]) {
      const [{ at }] = about(peers[n]!, Kind.Get) as [Received]
      assert(at - asked!.at <= 25, `peer ${n} ${at - asked!.at} ms later`)
    }
    // One wait, and the round trip of those that stand in.
    assert(ms <= 450, `${ms} ms`)
  })

  it('with one late one, asks one more than takes its place', () => {
    const all = world(14)
    all.peers[0]!.script = () => true
    get(all)
    const asked = all.peers.filter((peer) => about(peer, Kind.Get).length > 0)
    assert.deepEqual(asked, all.peers.slice(0, 10))
  })

  it('with eight late ones, asks no more than take their places', () => {
    const all = world(20)
    for (const peer of all.peers.slice(0, 8)) peer.script = () => true
    get(all)
    const asked = all.peers.filter((peer) => about(peer, Kind.Get).length > 0)
    assert.deepEqual(asked, all.peers.slice(0, 16))
  })

  it('does not wait for the values of one that is asked beside others', () => {
    const all = world(14)
    for (const peer of all.peers.slice(1, 8)) peer.values = [text('x', 3n)]
    for (const n of [0, 9]) all.peers[n]!.script = () => true
    const { operation, ms } = get(all)
    assert.deepEqual(textsOf(all.node, operation), ['x'])
    assert(ms <= 400, `${ms} ms`)
  })

  it('takes the answer of a late node while it goes on', () => {
    const all = world(3)
    const { peers } = all
    peers[1]!.values = [text('only here', 9n)]
    delay(all, peers[1]!, 400)
    const { operation } = get(all)
    assert.deepEqual(textsOf(all.node, operation), ['only here'])
  })

  it('gives those whom nobody stands in for more than one chance', () => {
    const all = world(4)
    const { net, node, peers } = all
    peers[2]!.values = [text('only here', 9n)]
    // Two of its answers get lost.
    let lost = 0
    net.carries = (from, to) =>
      !(from.equals(peers[2]!.address) && to.equals(node.address) && lost++ < 2)
    const { operation, ms } = get(all)
    assert.deepEqual(textsOf(node, operation), ['only here'])
    assert(ms <= 700, `${ms} ms`)
  })

  it('without answer of a dead node in a small network ends after about a second', () => {
    const all = world(4)
    all.peers[1]!.script = () => true
    const { ms } = get(all)
    assert(ms >= 900 && ms <= 1300, `${ms} ms`)
  })

  it('brings a small value in one round trip, from one node only', () => {
    const all = world(12)
    for (const peer of all.peers) peer.values = [text('x', 3n)]
    const { operation, ms } = get(all)
    assert.deepEqual(textsOf(all.node, operation), ['x'])
    assert(ms <= 110, `${ms} ms`)
    const whole = all.peers.flatMap((peer) =>
      about(peer, Kind.Get).filter(({ message }) => message.query?.select.isEmpty ?? true),
    )
    assert.equal(whole.length, 1)
  })

  it('fetches a value from another node when the one asked for it is dead', () => {
    const all = world(12)
    for (const peer of all.peers) peer.values = [text('x', 3n)]
    all.peers[0]!.script = () => true
    const { operation, ms } = get(all)
    assert.deepEqual(textsOf(all.node, operation), ['x'])
    assert(ms <= 400, `${ms} ms`)
  })

  it('asks several nodes for values when answers get lost, so that one answers', () => {
    const all = world(12)
    const { net, node, peers } = all
    for (const peer of peers) peer.values = [text('x', 3n)]
    net.loss = 0.05
    for (let n = 0; n < 20; n++) {
      const other = node.dht.startGet(idNear(KEY, 90, n), QUERY_ALL, net.now)
      net.finish(node, other)
    }
    let slow = 0
    for (let n = 0; n < 50; n++) {
      const startedAt = net.now
      const operation = node.dht.startGet(idNear(KEY, 80, n), QUERY_ALL, net.now)
      net.runUntil(() => textsOf(node, operation).length > 0)
      if (net.now - startedAt > 110) slow++
      net.finish(node, operation)
    }
    assert(slow <= 1, `${slow} of 50`)
  })
})

describe('a put', () => {
  it('is done without a dead node, by way of the next one', () => {
    const all = world(12)
    all.peers[3]!.script = () => true
    const ms = put(all)
    assert(ms <= 450, `${ms} ms`)
    assert.equal(about(all.peers[8]!, Kind.Put).length, 1)
  })

  it('reaches a late node after it was reported', () => {
    const all = world(12)
    const { net, peers } = all
    let isDeaf = true
    peers[3]!.script = () => isDeaf
    put(all)
    isDeaf = false
    peers[3]!.received.length = 0
    net.run(3000)
    assert.equal(about(peers[3]!, Kind.Put).length, 1)
  })

  it('does not wait for the others before it goes to a node that is near', () => {
    const all = world(12)
    const { net, node, peers } = all
    peers[0]!.script = () => true
    const startedAt = net.now
    node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    net.run(1000)
    const [put] = about(peers[1]!, Kind.Put)
    assert(put!.at - startedAt <= 160, `${put!.at - startedAt} ms`)
  })
})

describe('a lookup', () => {
  it('asks four nodes at a time as long as it is far from its key', () => {
    const all = world(12)
    const { net, node, peers } = all
    // The peers are our neighbours now: for other keys they are far away.
    const far = KEY.withBit(0, KEY.bit(0) ? 0 : 1)
    const close = Array.from(
      { length: 9 },
      (_, n) => new FakePeer(net, idNear(node.dht.id, 60, n), peerAddress(40 + n)),
    )
    for (const peer of close) node.dht.insertNode(peer, net.now)
    net.run(2000)
    for (const peer of [...peers, ...close]) {
      peer.received.length = 0
      peer.script = () => true
    }
    node.dht.startGet(far, QUERY_ALL, net.now)
    net.run(60)
    const asked = [...peers, ...close].filter((peer) => peer.requests(Kind.Get).length > 0)
    assert.equal(asked.length, 4)
  })
})
