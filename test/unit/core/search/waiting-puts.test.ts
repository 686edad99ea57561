// SPDX-License-Identifier: MIT
// Copies of large values that wait for their turn because the line is slow: those that nobody needs
// any more are not sent, so that they do not hold up the others.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, peerAddress } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

const OTHER_KEY = InfoHash.get('another key')

function large(id: bigint): Value {
  return new Value({ id, data: new Uint8Array(40_000).fill(7) })
}

/** Peers that share at least `bits` bits with `key`. */
function around(
  net: MiniNetwork,
  key: InfoHash,
  bits: number,
  first: number,
  length = 8,
): FakePeer[] {
  return Array.from(
    { length },
    (_, n) => new FakePeer(net, idNear(key, bits + length - n, n), peerAddress(first + n)),
  )
}

interface World {
  readonly net: MiniNetwork
  readonly node: MiniNode
  readonly peers: FakePeer[]
  /** Those whom the first put is for. */
  readonly others: FakePeer[]
  /** From now on large values arrive. */
  readonly mend: () => void
}

/**
 * A node whose line has just lost all copies of a put, so that it sends one at a time, and eight
 * copies of a value for `KEY` that wait behind those.
 */
function world(): World {
  const net = new MiniNetwork(7)
  const node = net.add()
  const peers = around(net, KEY, 12, 1)
  const others = around(net, OTHER_KEY, 12, 11)
  let isBroken = true
  for (const group of [peers, others]) {
    for (const peer of group) {
      peer.neighbours = group
      peer.script = (_, { message }) => isBroken && message.kind === Kind.Put
      node.dht.insertNode(peer, net.now)
    }
  }
  net.run(15 * 60_000)
  node.dht.startPut(OTHER_KEY, large(1n), {}, net.now)
  net.run(900)
  node.dht.startPut(KEY, large(2n), {}, net.now)
  net.run(100)
  assert.equal(putsAt(peers), 0, 'they wait')
  const mend = (): void => {
    isBroken = false
  }
  return { net, node, peers, others, mend }
}

/** How many of `peers` were sent the value for `KEY`. */
function putsAt(peers: readonly FakePeer[]): number {
  const isAsked = ({ message }: { message: { hash: InfoHash } }) => message.hash.equals(KEY)
  return peers.filter((peer) => peer.requests(Kind.Put).some(isAsked)).length
}

describe('copies of a large value that wait for their turn', () => {
  it('are sent one after the other', () => {
    const { net, peers, mend } = world()
    mend()
    net.run(60_000)
    assert.equal(putsAt(peers), 8)
  })

  it('are sent when the node cannot be reached whose answer they wait for', () => {
    const { net, node, peers, others, mend } = world()
    const lastPut = (peer: FakePeer): number => peer.requests(Kind.Put).at(-1)?.at ?? 0
    const lost = [...peers, ...others].toSorted((a, b) => lastPut(b) - lastPut(a))[0]!
    node.dht.sendFailed(lost.address, net.now)
    mend()
    net.run(20_000)
    const left = peers.filter((peer) => peer !== lost)
    assert.equal(putsAt(left), left.length)
  })

  it('are not sent when the put is cancelled', () => {
    const { net, node, peers, mend } = world()
    node.dht.cancelPut(KEY, 2n, net.now)
    mend()
    net.run(60_000)
    assert.equal(putsAt(peers), 0)
  })

  it('are not sent to nodes that are not among the closest any more', () => {
    const { net, node, peers, mend } = world()
    // Eight for each of the two paths that lead there.
    const closer = around(net, KEY, 40, 21, 16)
    for (const peer of [...closer, ...peers]) peer.neighbours = closer
    node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(100)
    mend()
    net.run(60_000)
    assert.equal(putsAt(closer), 16)
    assert.equal(putsAt(peers), 0)
  })
})
