// SPDX-License-Identifier: MIT
// Whom a node believes where somebody lives: its own address, those of others, and answers.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import type { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { QUERY_ALL } from '../../../src/core/value/query.ts'
import { Kind } from '../../../src/core/wire/message.ts'
import { KEY, outcomesOf, peerAddress } from '../../support/dht-kit.ts'
import { FakePeer } from '../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../support/mini-network.ts'

const MINUTE_MS = 60_000
const OLD = peerAddress(1)
const NEW = peerAddress(2)

/** A node that knows a peer at `OLD`. */
function acquainted(): { net: MiniNetwork; node: MiniNode; peer: FakePeer } {
  const net = new MiniNetwork()
  const node = net.add()
  const peer = new FakePeer(net, InfoHash.get('peer'), OLD)
  node.dht.insertNode(peer, net.now)
  net.run(10_000)
  return { net, node, peer }
}

function addressOf({ dht }: MiniNode, net: MiniNetwork, peer: FakePeer): string | undefined {
  const known = dht.exportNodes(net.now).find(({ id }) => id.equals(peer.id))
  return known?.address.toString()
}

function ping(node: MiniNode, peer: FakePeer, from: SocketAddress): void {
  peer.send(node.address, (encoder, writer) => encoder.ping(writer, 7), from)
}

describe('the address of a living node', () => {
  it('stays when somebody else uses its id and does not answer', () => {
    const { net, node, peer } = acquainted()
    for (let i = 0; i < 5; i++) {
      ping(node, peer, NEW)
      net.run(5000)
      assert.equal(addressOf(node, net, peer), `${OLD}`)
    }
  })

  it('costs the claimed address no more than one datagram per claim', () => {
    const { net, node, peer } = acquainted()
    let asked = 0
    net.attach(NEW, () => asked++)
    ping(node, peer, NEW)
    net.run(30_000)
    assert(asked <= 2, 'the answer to the ping, and one question')
  })

  it('changes when the new one answers under the same id', () => {
    const { net, node, peer } = acquainted()
    const moved = new FakePeer(net, peer.id, NEW)
    peer.script = () => true
    ping(node, moved, NEW)
    net.run(1000)
    assert.equal(addressOf(node, net, peer), `${NEW}`)
  })

  it('stays when somebody answers there under another id', () => {
    const { net, node, peer } = acquainted()
    new FakePeer(net, InfoHash.get('other'), NEW)
    ping(node, peer, NEW)
    net.run(10_000)
    assert.equal(addressOf(node, net, peer), `${OLD}`)
  })

  it('stays when others list it elsewhere', () => {
    const { net, node, peer } = acquainted()
    const liar = new FakePeer(net, InfoHash.get('liar'), peerAddress(3))
    liar.neighbours = [{ id: peer.id, address: NEW }]
    node.dht.insertNode(liar, net.now)
    node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(10_000)
    assert(liar.requests(Kind.Get).length > 0)
    assert.equal(addressOf(node, net, peer), `${OLD}`)
  })
})

describe('an answer', () => {
  it('from an address that was not asked is not believed', () => {
    const net = new MiniNetwork()
    const node = net.add()
    const peer = new FakePeer(net, InfoHash.get('peer'), OLD)
    peer.script = (_, { message, from }) => {
      peer.send(from, (e, w) => e.acknowledge(w, message.tid, from), OLD.withPort(1))
      return true
    }
    const operation = node.dht.ping(OLD, net.now)
    net.run(12_000)
    assert.deepEqual(outcomesOf(node, operation), ['failed'])
    assert(node.dht.stats(net.now).dropped.unexpected >= 3)
    assert.equal(node.dht.stats(net.now).ipv4.good, 0)
  })

  it('under another id than the one that was asked ends the belief in that node', () => {
    const { net, node, peer } = acquainted()
    const other = new FakePeer(net, InfoHash.get('other'), OLD)
    net.attach(OLD, () => {})
    peer.script = (_, { message, from }) => {
      other.send(from, (e, w) => e.acknowledge(w, message.tid, from))
      return true
    }
    new FakePeer(net, other.id, OLD)
    node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(1000)
    assert.equal(addressOf(node, net, peer), undefined)
  })

  it('without token has its sender ignored for an hour', () => {
    const { net, node, peer } = acquainted()
    peer.token = new Uint8Array(0)
    const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
    net.run(1000)
    assert.equal(outcomesOf(node, operation).length, 1)
    assert.equal(node.dht.stats(net.now).ipv4.good, 0)
    assert.deepEqual(
      peer.ask(node.address, (e, w, tid) => e.ping(w, tid)),
      [],
    )
    net.run(61 * MINUTE_MS)
    assert.equal(peer.ask(node.address, (e, w, tid) => e.ping(w, tid)).length, 1)
  })
})

describe('the public address', () => {
  const A = peerAddress(100, 0)
  const B = peerAddress(101, 0)

  /** Peers report where they see the node. */
  function report(
    world: { net: MiniNetwork; node: MiniNode },
    from: SocketAddress,
    seen: SocketAddress,
  ) {
    const peer = new FakePeer(world.net, InfoHash.get(`${from}`), from)
    peer.script = (_, { message, from: asker }) => {
      if (message.kind !== Kind.Ping) return true
      peer.send(asker, (e, w) => e.acknowledge(w, message.tid, seen))
      return true
    }
    world.node.dht.ping(from, world.net.now)
    world.net.run(100)
  }

  function world(): { net: MiniNetwork; node: MiniNode } {
    const net = new MiniNetwork()
    return { net, node: net.add() }
  }

  const hosts = (node: MiniNode): string[] => node.dht.publicAddresses(4).map(({ host }) => host)

  it('is what peers of most prefixes say, however many peers one prefix has', () => {
    const own = world()
    for (let n = 1; n <= 20; n++) report(own, peerAddress(1).withPort(n), B)
    assert.deepEqual(hosts(own.node), [B.host])
    report(own, peerAddress(2), A)
    report(own, peerAddress(3), A)
    assert.deepEqual(hosts(own.node), [A.host, B.host])
    assert.equal(own.node.dht.publicAddresses()[0]?.port, 0)
  })

  it('is told when it changes, and only then', () => {
    const own = world()
    const told = (): string[] =>
      own.node.events.flatMap((event) =>
        event.kind === 'public-address' ? event.addresses.map(({ host }) => host) : [],
      )
    report(own, peerAddress(1), B)
    report(own, peerAddress(2), B)
    assert.deepEqual(told(), [B.host])
    for (let n = 3; n < 6; n++) report(own, peerAddress(n), A)
    assert.deepEqual(told(), [B.host, A.host])
  })

  it('changes when those who see the node see it elsewhere', () => {
    const own = world()
    for (let n = 0; n < 100; n++) report(own, peerAddress(n), A)
    assert.deepEqual(hosts(own.node), [A.host])
    for (let n = 0; n < 60; n++) report(own, peerAddress(n), B)
    assert.deepEqual(hosts(own.node)[0], B.host)
  })

  it('is not flooded by the inventions of one prefix', () => {
    const own = world()
    for (let n = 0; n < 60; n++) report(own, peerAddress(1).withPort(n + 1), peerAddress(n, 0))
    report(own, peerAddress(2), A)
    report(own, peerAddress(3), A)
    assert.deepEqual(hosts(own.node)[0], A.host)
    assert(hosts(own.node).length <= 32)
  })
})
