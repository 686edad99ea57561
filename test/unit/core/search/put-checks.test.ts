// SPDX-License-Identifier: MIT
// `verifyPuts`: who acknowledged a value and does not keep it gets it again, then others do.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DhtConfig } from '../../../../src/core/config.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { readValues } from '../../../../src/core/wire/value-list.ts'
import { idNear, KEY, peerAddress, text } from '../../../support/dht-kit.ts'
import { FakePeer, type Script } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const PEERS = 16

/** Keeps what it takes. */
const keeps: Script = (peer, { message }) => {
  if (message.kind === Kind.Put) peer.values = [...peer.values, ...readValues(message)]
  return false
}

interface World {
  readonly net: MiniNetwork
  readonly node: MiniNode
  /** Closest to the key first. */
  readonly peers: readonly FakePeer[]
}

/** A settled node that knows sixteen peers; the first `liars` of them keep nothing. */
function world(liars: number, config: DhtConfig = { verifyPuts: true }): World {
  const net = new MiniNetwork(78)
  const node = net.add(config)
  const peers = Array.from({ length: PEERS }, (_, n) => {
    const peer = new FakePeer(net, idNear(KEY, 2 + PEERS - n, n), peerAddress(n + 1))
    if (n >= liars) peer.script = keeps
    return peer
  })
  // With so close neighbours of its own no distance is implausible.
  const own = Array.from(
    { length: 8 },
    (_, n) => new FakePeer(net, idNear(node.dht.id, 60, n), peerAddress(100 + n)),
  )
  for (const peer of [...peers, ...own]) {
    peer.neighbours = peers
    node.dht.insertNode(peer, net.now)
  }
  net.run(5 * MINUTE_MS)
  for (const peer of peers) peer.received.length = 0
  return { net, node, peers }
}

function put({ net, node }: World, options: { permanent?: boolean } = {}): void {
  const { operation } = node.dht.startPut(KEY, text('x', 1n), options, net.now)
  assert.equal(net.finish(node, operation), 'ok')
}

function count(peers: readonly FakePeer[], kind: Kind): number {
  return peers.reduce((sum, peer) => sum + peer.requests(kind).length, 0)
}

const holders = ({ peers }: World): number => peers.filter(({ values }) => values.length > 0).length

describe('a put that is verified', () => {
  for (const permanent of [false, true]) {
    it(`ends at nodes that keep it, permanent: ${permanent}`, () => {
      const all = world(6)
      put(all, { permanent })
      assert.equal(holders(all), 2)
      all.net.run(3 * MINUTE_MS)
      assert(holders(all) >= 8, `${holders(all)} holders`)
      const { kept, lost } = all.node.dht.stats(all.net.now).putChecks
      assert.deepEqual({ kept, lost }, { kept: 1, lost: 2 })
      if (!permanent) assert.equal(all.node.dht.stats(all.net.now).operations, 0)
    })
  }

  it('costs one question to each holder, 15 to 30 seconds later, where all of them keep it', () => {
    const all = world(0)
    put(all)
    all.net.run(14 * SECOND_MS)
    assert.equal(count(all.peers, Kind.Get), 0)
    all.net.run(17 * SECOND_MS)
    assert.equal(count(all.peers, Kind.Get), 8)
    all.net.run(5 * MINUTE_MS)
    assert.equal(count(all.peers, Kind.Get), 8)
    assert.equal(count(all.peers, Kind.Put), 8)
    assert.deepEqual(all.node.dht.stats(all.net.now).putChecks, { kept: 1, lost: 0 })
  })

  it('is put again a limited number of times when nobody keeps it', () => {
    const all = world(PEERS)
    put(all)
    all.net.run(5 * MINUTE_MS)
    assert.deepEqual(all.node.dht.stats(all.net.now).putChecks, { kept: 0, lost: 4 })
    const puts = count(all.peers, Kind.Put)
    assert(puts >= 24 && puts <= 64, `${puts} puts`)
    all.net.run(30 * MINUTE_MS)
    assert.equal(count(all.peers, Kind.Put), puts)
  })

  it('is left alone when it is cancelled', () => {
    const all = world(PEERS)
    put(all, { permanent: true })
    all.node.dht.cancelPut(KEY, 1n, all.net.now)
    all.net.run(MINUTE_MS)
    assert.equal(count(all.peers, Kind.Get), 0)
  })

  it('is so only when asked for', () => {
    const all = world(6, {})
    put(all)
    all.net.run(3 * MINUTE_MS)
    assert.equal(count(all.peers, Kind.Get), 0)
    assert.equal(holders(all), 2)
    const wrong = { verifyPuts: 'yes' as unknown as boolean }
    assert.throws(
      () => new MiniNetwork().add(wrong),
      /^TypeError: verifyPuts must be true or false/,
    )
  })
})
