// SPDX-License-Identifier: MIT
// Whoever floods is not read any more, and nobody else pays for it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { FloodGuard } from '../../../../src/core/net/flood-guard.ts'
import { QUERY_ALL } from '../../../../src/core/value/query.ts'
import { Kind } from '../../../../src/core/wire/message.ts'
import { KEY, peerAddress } from '../../../support/dht-kit.ts'
import { FakePeer } from '../../../support/fake-peer.ts'
import { MiniNetwork, type MiniNode } from '../../../support/mini-network.ts'

const JUNK = new Uint8Array(100).fill(0xc1)

function world(): { net: MiniNetwork; node: MiniNode; honest: FakePeer } {
  const net = new MiniNetwork(31)
  const node = net.add()
  return { net, node, honest: new FakePeer(net, InfoHash.get('honest'), peerAddress(1)) }
}

/** `perMs` datagrams in each of `ms` milliseconds; `meanwhile` after every tenth. */
function flood(
  { net, node }: { net: MiniNetwork; node: MiniNode },
  { from, bytes, ms }: { from: SocketAddress; bytes: Uint8Array; ms: number },
  meanwhile: () => void = () => {},
): void {
  for (let i = 0; i < ms; i++) {
    for (let n = 0; n < 50; n++) node.dht.receive(bytes, from, net.now)
    net.pump(node)
    net.run(1)
    if (i % 10 === 0) meanwhile()
  }
}

describe('50,000 datagrams of junk per second from one address', () => {
  it('are not read, except for about a thousand per second', () => {
    const { net, node, honest } = world()
    let answers = 0
    let asked = 0
    flood({ net, node }, { from: peerAddress(9), bytes: JUNK, ms: 2000 }, () => {
      asked++
      answers += honest.ask(node.address, (e, w, tid) => e.ping(w, tid)).length
    })
    const { malformed, flooding } = node.dht.stats(net.now).dropped
    assert(malformed < (1.2 * 1024 * net.now) / 1000, `${malformed} were read`)
    assert.equal(malformed + flooding, 100_000)
    assert.equal(answers, asked)
  })

  it('are read again when it is over', () => {
    const { net, node } = world()
    const from = peerAddress(9)
    flood({ net, node }, { from, bytes: JUNK, ms: 500 })
    net.run(3000)
    const peer = new FakePeer(net, InfoHash.get('better'), from)
    assert.equal(peer.ask(node.address, (e, w, tid) => e.ping(w, tid)).length, 1)
  })

  it('in the name of a peer keep none of its answers away', () => {
    const { net, node, honest } = world()
    node.dht.insertNode(honest, net.now)
    net.run(100)
    let failed = 0
    let pings = 0
    flood({ net, node }, { from: honest.address, bytes: JUNK, ms: 2000 }, () => {
      pings++
      node.dht.ping(honest.address, net.now)
      net.pump(node)
      net.run(11)
    })
    for (const event of node.events) {
      if (event.kind === 'done' && event.outcome !== 'ok') failed++
    }
    assert.equal(failed, 0)
    assert.equal(node.events.filter(({ kind }) => kind === 'done').length, pings)
  })
})

describe('gets far beyond the limit', () => {
  it('are not read, while others are served', () => {
    const { net, node, honest } = world()
    const greedy = new FakePeer(net, InfoHash.get('greedy'), peerAddress(9))
    let get = new Uint8Array(0)
    net.onSend = (bytes, from) => {
      if (from.equals(greedy.address)) get = new Uint8Array(bytes)
    }
    greedy.send(node.address, (e, w) => e.get(w, 5, KEY, QUERY_ALL))
    net.onSend = undefined
    let answers = 0
    let asked = 0
    flood({ net, node }, { from: greedy.address, bytes: get, ms: 2000 }, () => {
      asked++
      answers += honest.ask(node.address, (e, w, tid) => e.get(w, tid, KEY, QUERY_ALL)).length
    })
    const { rateLimited, flooding } = node.dht.stats(net.now).dropped
    const most = (1.2 * 1024 * net.now) / 1000
    assert(flooding > 80_000 && rateLimited < most, `${rateLimited} were read in vain`)
    assert(greedy.requests(Kind.Reply).length <= most)
    assert.equal(answers, asked)
  })
})

describe('those who flood', () => {
  const useless = (guard: FloodGuard, count: number, of: (n: number) => SocketAddress): void => {
    for (let n = 0; n < count; n++) guard.useless(of(n), 5000)
  }

  it('are a source, or a prefix with many sources', () => {
    const guard = new FloodGuard(1)
    const one = peerAddress(1)
    useless(guard, 1023, () => one)
    assert(!guard.isFlooding(one, 5000))
    useless(guard, 1, () => one)
    assert(guard.isFlooding(one.withPort(9), 5000))
    assert(!guard.isFlooding(peerAddress(2), 5000))
    const botnet = new FloodGuard(1)
    const host = (n: number) => SocketAddress.v6(0x20010db8, n & 0xffff, n, n, 4222)
    useless(botnet, 4096, host)
    assert(botnet.isFlooding(host(77_777), 5000))
    assert(!botnet.isFlooding(SocketAddress.v6(0x20010db8, 0x10000, 0, 1, 4222), 5000))
  })
})
