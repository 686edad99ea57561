// SPDX-License-Identifier: MIT
// When requests are repeated and given up: by the round trips of their nodes, in virtual time.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, outcomesOf, peerAddress } from '../../../support/dht-kit.ts'
import { FakePeer, type Received } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

/** A node that knows one peer, which takes `delayMs` for each direction. */
function pair(delayMs: number): { net: MiniNetwork; node: MiniNode; peer: FakePeer } {
  const net = new MiniNetwork(11)
  net.delayMs = delayMs
  const node = net.add()
  const peer = new FakePeer(net, idNear(KEY, 20), peerAddress(1))
  node.dht.insertNode(peer, net.now)
  net.run(4 * delayMs + 100)
  return { net, node, peer }
}

/** Pings `peer` that keeps silent; times between the sends, and the time until it was given up. */
function silence(world: ReturnType<typeof pair>): { waits: number[]; patienceMs: number } {
  const { net, node, peer } = world
  const before = peer.script
  peer.script = () => true
  peer.received.length = 0
  const startedAt = net.now
  const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
  assert(net.runUntil(() => outcomesOf(node, operation).length > 0, 60_000))
  peer.script = before
  const gets = peer.requests(Kind.Get)
  const tid = gets[0]!.message.tid
  const sends = gets.filter(({ message }) => message.tid === tid).map(({ at }) => at)
  const waits = sends.slice(1).map((at, n) => at - sends[n]!)
  return { waits, patienceMs: net.now - startedAt }
}

/** Lets the node talk to the peer, which lets the estimate settle. */
function talk({ net, node, peer }: ReturnType<typeof pair>, times: number): void {
  for (let n = 0; n < times; n++) {
    node.dht.startGet(KEY.withBit(150 - n, KEY.bit(150 - n) ? 0 : 1), QUERY_ALL, net.now)
    net.pump(node)
    net.run(4 * net.delayMs + 50)
  }
  assert(peer.requests(Kind.Get).length > 0)
}

describe('the first wait', () => {
  it('comes from the round trip of the node', () => {
    for (const [delayMs, least, most] of [
      [5, 100, 115],
      [50, 150, 175],
      [200, 450, 560],
    ] as const) {
      const world = pair(delayMs)
      talk(world, 12)
      const { waits } = silence(world)
      assert(waits[0]! >= least && waits[0]! <= most, `${waits[0]} ms at ${delayMs} ms`)
    }
  })

  it('is a third of a second before anybody answered', () => {
    const net = new MiniNetwork(11)
    const node = net.add()
    const peer = new FakePeer(net, KEY, peerAddress(1))
    peer.script = () => true
    node.dht.ping(peer.address, net.now)
    net.run(5000)
    const [first, second] = peer.requests(Kind.Ping)
    const wait = second!.at - first!.at
    assert(wait >= 333 && wait <= 380, `${wait} ms`)
  })

  it('follows the round trip when that changes', () => {
    const world = pair(20)
    talk(world, 10)
    world.net.delayMs = 60
    // Repetitions that were sent too soon make the next wait longer, until an answer is a sample.
    talk(world, 20)
    const { waits } = silence(world)
    assert(waits[0]! >= 170 && waits[0]! <= 300, `${waits[0]} ms`)
  })

  it('is as long as that of other nodes for one that has not answered yet', () => {
    const world = pair(50)
    talk(world, 12)
    const { net, node } = world
    const stranger = new FakePeer(net, idNear(KEY, 60), peerAddress(2))
    stranger.script = () => true
    world.peer.neighbours = [stranger]
    node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(3000)
    const [first, second] = stranger.requests(Kind.Get)
    const wait = second!.at - first!.at
    assert(wait >= 150 && wait <= 260, `${wait} ms`)
  })
})

describe('repetitions', () => {
  it('come after twice as long each, at most four of them', () => {
    const world = pair(50)
    talk(world, 12)
    const { waits } = silence(world)
    assert.equal(waits.length, 4)
    for (const [n, wait] of waits.slice(1).entries()) {
      const factor = wait / waits[n]!
      assert(factor > 1.7 && factor < 2.3, `${waits}`)
    }
  })

  it('leave a slow node no less time than a second, two and four', () => {
    for (const delayMs of [1, 50, 200, 700]) {
      const world = pair(delayMs)
      talk(world, 5)
      const { patienceMs } = silence(world)
      assert(patienceMs >= 7000, `${patienceMs} ms at ${delayMs} ms`)
    }
  })

  it('do not spoil the estimate with answers that may belong to either (Karn)', () => {
    const world = pair(50)
    talk(world, 12)
    const { peer } = world
    // Every first send is lost: the answers come a wait late, or look as if they came at once.
    let sends = 0
    const odd = (_: FakePeer, { message }: Received): boolean =>
      message.kind === Kind.Get && ++sends % 2 === 1
    peer.script = odd
    talk(world, 10)
    const { waits } = silence(world)
    assert(waits[0]! >= 150 && waits[0]! <= 175, `${waits[0]} ms`)
  })

  it('cease for a node that is slower than any wait was, once it is known', () => {
    // A round trip of 700 ms: the first request is repeated, later ones are not.
    const world = pair(350)
    talk(world, 6)
    const before = world.node.dht.stats(world.net.now).requests.repeated
    talk(world, 6)
    assert.equal(world.node.dht.stats(world.net.now).requests.repeated, before)
  })
})

describe('a node that answers some requests', () => {
  it('is not given up for one that it does not answer', () => {
    const world = pair(50)
    talk(world, 3)
    const { net, node, peer } = world
    peer.script = (_, { message }) => message.kind === Kind.Get && message.hash.equals(KEY)
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(2000)
    const other = node.dht.startGet(KEY.withBit(159, KEY.bit(159) ? 0 : 1), QUERY_ALL, net.now)
    net.run(8000)
    assert.deepEqual(outcomesOf(node, other), ['ok'])
    assert.equal(node.dht.stats(net.now).ipv4.good, 1)
    assert(outcomesOf(node, operation).length <= 1)
  })
})

describe('a node that expired', () => {
  it('gets another chance when others list it, less and less often', () => {
    const net = new MiniNetwork(11)
    const node = net.add()
    const dead = new FakePeer(net, idNear(KEY, 30), peerAddress(2))
    const peer = new FakePeer(net, idNear(KEY, 20), peerAddress(1))
    peer.neighbours = [dead]
    dead.script = () => true
    node.dht.insertNode(peer, net.now)
    net.run(1000)
    const asked = (ms: number): number => {
      dead.received.length = 0
      for (const end = net.now + ms; net.now < end; ) {
        node.dht.startGet(KEY, QUERY_ALL, net.now)
        net.run(5000)
      }
      return new Set(dead.requests(Kind.Get).map(({ message }) => message.tid)).size
    }
    const early = asked(2 * 60_000)
    const late = asked(30 * 60_000)
    assert(early >= 2 && early <= 6, `${early} times in two minutes`)
    assert(late >= 2 && late <= 8, `${late} times in half an hour`)
    dead.script = () => false
    net.run(10 * 60_000)
    node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(1000)
    assert.equal(dead.requests(Kind.Get).length > 0, true)
  })
})
