// SPDX-License-Identifier: MIT
// Whether a node is ready, and the reason when it is not.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Readiness } from '../../../src/core/readiness.ts'
import { peerAddress } from '../../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../../support/mini-network.ts'
import { Traffic } from '../../support/traffic.ts'

const MINUTE_MS = 60_000

function ask(net: MiniNetwork, node: MiniNode): Readiness {
  const readiness = node.dht.readiness(net.now)
  // What the engine planned meanwhile is noticed.
  net.run(0)
  return readiness
}

/** Asks every second until the reason is another one; how long that took. */
function timeUntil(net: MiniNetwork, node: MiniNode, isWanted: (it: Readiness) => boolean): number {
  const start = net.now
  while (!isWanted(ask(net, node))) {
    assert.ok(net.now - start < 10 * MINUTE_MS, `still ${ask(net, node).reason}`)
    net.run(1000)
  }
  return net.now - start
}

function settled(size: number): MiniNetwork {
  const net = new MiniNetwork(5)
  net.addMany(size)
  net.join(MINUTE_MS)
  return net
}

describe('a node that is not in the network yet', () => {
  it('has nobody to ask without addresses', () => {
    const net = new MiniNetwork()
    const node = net.add()
    net.run(1000)
    const { isReady, reason, ipv4, ipv6 } = ask(net, node)
    assert.deepEqual([isReady, reason, ipv4.reason], [false, 'no-bootstrap', 'no-bootstrap'])
    assert.equal(ipv6.reason, 'no-socket')
  })

  it('is starting while its names are resolved or its first pings are out', () => {
    const net = new MiniNetwork()
    const node = net.add()
    node.dht.expectBootstrap(net.now)
    assert.equal(ask(net, node).reason, 'starting')
    node.dht.bootstrap([peerAddress(1)], net.now)
    assert.equal(ask(net, node).reason, 'starting')
  })

  it('says that nobody could be reached when the pings came to nothing', () => {
    const net = new MiniNetwork()
    const node = net.add()
    node.dht.bootstrap([peerAddress(1)], net.now)
    net.run(20_000)
    assert.equal(ask(net, node).reason, 'unreachable')
  })

  it('says that the system cannot send when it said so', () => {
    const net = new MiniNetwork()
    const node = net.add()
    node.dht.bootstrap([peerAddress(1)], net.now)
    node.dht.sendFailed(peerAddress(1), net.now)
    net.run(20_000)
    assert.equal(ask(net, node).reason, 'network-down')
  })
})

describe('a node in the network', () => {
  it('is ready as a whole when one of its families is', () => {
    const net = new MiniNetwork(3)
    net.addMany(4)
    net.add({ families: [4, 6] })
    net.join(MINUTE_MS)
    const { isReady, reason, ipv4, ipv6 } = ask(net, net.nodes.at(-1)!)
    assert.deepEqual([isReady, reason, ipv4.isReady], [true, undefined, true])
    assert.deepEqual([ipv6.isReady, ipv6.reason], [false, 'no-bootstrap'])
  })

  it('stays ready while nothing happens, though it is asked all the time', () => {
    const net = settled(3)
    for (let i = 0; i < 300; i++) {
      net.run(1000)
      assert.equal(ask(net, net.nodes[1]!).reason, undefined)
    }
  })

  it('stays ready with a fifth of all datagrams lost', () => {
    const net = settled(8)
    net.loss = 0.2
    for (let i = 0; i < 300; i++) {
      net.run(1000)
      assert.equal(ask(net, net.nodes[1]!).reason, undefined)
    }
  })

  it('knows within 15 s that it is cut off, and soon that it is back', () => {
    const net = settled(8)
    const node = net.nodes[1]!
    const { address } = node
    ask(net, node)
    net.run(10_000)
    net.carries = (from, to) => !from.equals(address) && !to.equals(address)
    assert.ok(timeUntil(net, node, ({ isReady }) => !isReady) <= 15_000)
    assert.ok(['silent', 'empty-table', 'connecting'].includes(ask(net, node).reason!))
    net.carries = undefined
    assert.ok(timeUntil(net, node, ({ isReady }) => isReady) <= 30_000)
  })

  it('does nothing for it when nobody asks', () => {
    const net = settled(3)
    const node = net.nodes[1]!
    ask(net, node)
    net.run(2 * MINUTE_MS)
    const traffic = new Traffic(net)
    net.run(2 * MINUTE_MS)
    const unasked = traffic.packets.length
    for (let i = 0; i < 120; i++) {
      ask(net, node)
      net.run(1000)
    }
    assert.ok(traffic.packets.length - unasked > unasked + 20)
  })

  it('is closed when it was closed', () => {
    const net = settled(3)
    const node = net.nodes[1]!
    node.dht.close()
    assert.deepEqual([ask(net, node).reason, ask(net, node).ipv4.reason], ['closed', 'closed'])
  })
})
