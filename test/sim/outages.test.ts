// SPDX-License-Identifier: MIT
// Networks that break and heal: nodes find back by themselves, each family for itself.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { SocketAddress } from '../../src/core/id/socket-address.ts'
import { QUERY_ALL } from '../../src/core/value/query.ts'
import { byDistance, KEY, text, textsOf } from '../support/dht-kit.ts'
import { MiniNetwork, type MiniNode } from '../support/mini-network.ts'
import { itWithSeeds } from '../support/seeds.ts'

const MINUTE_MS = 60_000

function settled(seed: number, size: number, families: readonly (4 | 6)[] = [4]): MiniNetwork {
  const net = new MiniNetwork(seed)
  net.addMany(size, { families })
  net.join(2 * MINUTE_MS)
  return net
}

function put(net: MiniNetwork, node: MiniNode, data: string): void {
  const { operation } = node.dht.startPut(KEY, text(data, 1n), { permanent: true }, net.now)
  assert.equal(net.finish(node, operation), 'ok')
}

function get(net: MiniNetwork, node: MiniNode): string[] {
  const operation = node.dht.startGet(KEY, QUERY_ALL, net.now)
  assert.equal(net.finish(node, operation), 'ok')
  return textsOf(node, operation)
}

function allAre(net: MiniNetwork, wanted: string, family: 'ipv4' | 'ipv6' = 'ipv4'): boolean {
  return net.nodes.every(({ dht }) => dht.status()[family] === wanted)
}

describe('a network in which nothing arrives for half an hour', () => {
  itWithSeeds('is whole again within minutes, with what was put permanently', 3, (seed) => {
    const net = settled(seed, 30)
    const writer = byDistance(net.nodes, KEY).at(-1)!
    put(net, writer, 'lasting')
    net.carries = () => false
    net.run(30 * MINUTE_MS)
    assert(allAre(net, 'disconnected') || !allAre(net, 'connected'))
    assert(net.nodes.every(({ dht }) => dht.status().ipv4 !== 'connected'))
    net.carries = undefined
    const healedAt = net.now
    assert(net.runUntil(() => allAre(net, 'connected'), 10 * MINUTE_MS))
    assert(net.now - healedAt <= 6 * MINUTE_MS)
    net.run(12 * MINUTE_MS)
    for (const node of net.nodes.slice(0, 5)) assert.deepEqual(get(net, node), ['lasting'])
  })

  itWithSeeds('is whole again after three hours, without being told an address', 2, (seed) => {
    const net = settled(seed, 30)
    net.carries = () => false
    net.run(180 * MINUTE_MS)
    net.carries = undefined
    assert(net.runUntil(() => allAre(net, 'connected'), 10 * MINUTE_MS))
  })
})

describe('a node that is cut off', () => {
  itWithSeeds('says so, and is back within minutes', 3, (seed) => {
    const net = settled(seed, 30)
    put(net, net.nodes[3]!, 'x')
    const node = net.nodes[7]!
    const { address } = node
    net.carries = (from, to) => !from.equals(address) && !to.equals(address)
    net.run(30 * MINUTE_MS)
    assert.notEqual(node.dht.status().ipv4, 'connected')
    net.carries = undefined
    assert(net.runUntil(() => node.dht.status().ipv4 === 'connected', 6 * MINUTE_MS))
    net.run(MINUTE_MS)
    assert.deepEqual(get(net, node), ['x'])
  })

  itWithSeeds('for a minute is back soon, though IPv6 never worked', 3, (seed) => {
    const net = settled(seed, 30)
    const node = net.add({ families: [4, 6] })
    net.enter(node, net.nodes[0]!)
    net.run(60 * MINUTE_MS)
    assert.deepEqual(node.dht.status(), { ipv4: 'connected', ipv6: 'disconnected' })
    const isOwn = (address: SocketAddress): boolean => address.equals(node.address)
    net.carries = (from, to) => !isOwn(from) && !isOwn(to)
    assert(net.runUntil(() => node.dht.status().ipv4 !== 'connected', 30 * MINUTE_MS))
    net.run(30_000)
    net.carries = undefined
    const healedAt = net.now
    assert(net.runUntil(() => node.dht.status().ipv4 === 'connected', 10 * MINUTE_MS))
    assert(net.now - healedAt < MINUTE_MS, `${(net.now - healedAt) / 1000} s`)
  })
})

describe('a dual-stack network', () => {
  itWithSeeds('shows newcomers IPv6 through IPv4', 3, (seed) => {
    const net = settled(seed, 20, [4, 6])
    const newcomers = net.addMany(10, { families: [4, 6] })
    for (const node of newcomers) node.dht.bootstrap([net.nodes[0]!.addresses[0]!], net.now)
    assert(net.runUntil(() => allAre(net, 'connected', 'ipv6'), MINUTE_MS))
    net.run(5 * MINUTE_MS)
    const good = newcomers.map(({ dht }) => dht.stats(net.now).ipv6.good)
    assert(Math.min(...good) >= 8, `${good}`)
  })

  itWithSeeds('goes on with IPv6 while IPv4 is dead, and heals', 3, (seed) => {
    const net = settled(seed, 30, [4, 6])
    assert(net.runUntil(() => allAre(net, 'connected', 'ipv6'), 5 * MINUTE_MS))
    put(net, net.nodes[4]!, 'before')
    net.carries = (from) => from.family === 6
    for (const node of net.nodes.slice(0, 10)) assert.deepEqual(get(net, node), ['before'])
    net.run(40 * MINUTE_MS)
    assert(net.nodes.every(({ dht }) => dht.status().ipv4 !== 'connected'))
    assert(allAre(net, 'connected', 'ipv6'))
    for (const node of net.nodes.slice(10, 20)) assert.deepEqual(get(net, node), ['before'])
    net.carries = undefined
    assert(net.runUntil(() => allAre(net, 'connected', 'ipv4'), 6 * MINUTE_MS))
  })

  itWithSeeds('does not keep a get waiting for the family that is dead', 2, (seed) => {
    const net = settled(seed, 30, [4])
    put(net, net.nodes[4]!, 'x')
    const node = net.add({ families: [4, 6] })
    const addresses = [net.nodes[0]!.address, node.addresses[1]!.withPort(9)]
    node.dht.bootstrap(addresses, net.now)
    const startedAt = net.now
    assert.deepEqual(get(net, node), ['x'])
    assert(net.now - startedAt < 1000, `${net.now - startedAt} ms`)
  })
})
