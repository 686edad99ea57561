// SPDX-License-Identifier: MIT
// `lookupPaths`: liars of many networks that list each other mislead one path, and no other.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { idNear, KEY, peerAddress, text, textsOf } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

const MINUTE_MS = 60_000
const KNOWN = 14
const NEAR = 12
const LIARS = 40

interface World {
  readonly net: MiniNetwork
  readonly node: MiniNode
  /** Known to the node, and far from the key. */
  readonly known: readonly FakePeer[]
  /** Closest to the key first; those that the nodes list that `known` list. */
  readonly near: readonly FakePeer[]
  /** Closer than these; one that the node knows lists them, and so do they. */
  readonly liars: readonly FakePeer[]
}

function world(lookupPaths: number, { liars: count = LIARS } = {}): World {
  const net = new MiniNetwork(79)
  const node = net.add({ lookupPaths })
  const peer = (id: InfoHash, n: number) => new FakePeer(net, id, peerAddress(n))
  const known = Array.from({ length: KNOWN }, (_, n) => peer(idNear(KEY, n, n), n))
  const between = Array.from({ length: 8 }, (_, n) => peer(idNear(KEY, 20, n), 30 + n))
  const near = Array.from({ length: NEAR }, (_, n) => peer(idNear(KEY, 40 - n, n), 50 + n))
  const liars = Array.from({ length: count }, (_, n) => peer(idNear(KEY, 100 - n, n), 100 + n))
  // With so close neighbours of its own no distance is implausible.
  const own = Array.from({ length: 8 }, (_, n) => peer(idNear(node.dht.id, 60, n), 80 + n))
  for (const each of [...known, ...own]) node.dht.insertNode(each, net.now)
  net.run(5 * MINUTE_MS)
  for (const each of [...known, ...own]) each.neighbours = between
  for (const each of [...between, ...near]) each.neighbours = near.slice(0, 8)
  for (const [n, liar] of liars.entries()) liar.neighbours = liars.slice(Math.max(0, n - 7), n + 1)
  if (liars.length > 0) known[KNOWN - 1]!.neighbours = liars.slice(-8)
  return { net, node, known, near, liars }
}

function count(peers: readonly FakePeer[], kind: Kind): number {
  return peers.filter((peer) => peer.requests(kind).length > 0).length
}

/** What a get finds that only one of the eight closest of the honest nodes has. */
function found({ net, node, near }: World): string[] {
  near[7]!.values = [text('x', 1n)]
  const get = node.dht.startGet(KEY, QUERY_ALL, net.now)
  net.finish(node, get)
  return textsOf(node, get)
}

describe('a lookup over several paths', () => {
  it('finds what liars hide from a single one', () => {
    assert.deepEqual(found(world(1)), [])
    assert.deepEqual(found(world(2)), ['x'])
    assert.deepEqual(found(world(4)), ['x'])
  })

  it('brings puts and listens to honest nodes, too', () => {
    const all = world(2)
    const { net, node, near, liars } = all
    node.dht.startListen(KEY, QUERY_ALL, net.now)
    const { operation } = node.dht.startPut(KEY, text('x', 1n), {}, net.now)
    assert.equal(net.finish(node, operation), 'ok')
    net.run(1000)
    assert.equal(count(near.slice(0, 8), Kind.Put), 8)
    assert.equal(count(near.slice(0, 4), Kind.Listen), 4)
    assert(count(liars, Kind.Put) >= 8)
  })

  it('asks no more nodes than with one path where nobody lies', () => {
    const asked = [1, 3].map((lookupPaths) => {
      const all = world(lookupPaths, { liars: 0 })
      assert.deepEqual(found(all), ['x'])
      const { operation } = all.node.dht.startPut(KEY, text('y', 2n), {}, all.net.now)
      assert.equal(all.net.finish(all.node, operation), 'ok')
      assert.equal(count([...all.known, ...all.near], Kind.Put), 8)
      return count(all.near, Kind.Get)
    })
    assert.deepEqual(asked, [8, 8])
  })

  it('takes one to eight paths', () => {
    for (const lookupPaths of [0, 9, 1.5, Number.NaN]) {
      assert.throws(
        () => new MiniNetwork().add({ lookupPaths }),
        /^RangeError: lookupPaths must be a whole number of 1 to 8: got /,
      )
    }
  })
})
