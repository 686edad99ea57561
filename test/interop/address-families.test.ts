// SPDX-License-Identifier: MIT
// Hosts with IPv4, with IPv6 and with both, each a network namespace on one switch: they join, find
// what the others put, and go on with one family when they lose the other.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cppAvailable } from '../support/cpp-available.ts'
import {
  type HostFamilies,
  type HostFamily,
  type HostPeer,
  type StartPeer,
  startCpp,
  startOurs,
} from '../support/host-peer.ts'
import { netnsAvailable, type VirtualHost, VirtualNetwork } from '../support/netns.ts'
import { poll } from '../support/watch.ts'

const FAMILIES = ['ipv4', 'ipv6'] as const
const PATIENCE_MS = 60_000

describe('address families', {
  skip: cppAvailable() || netnsAvailable(),
  concurrency: true,
}, () => {
  test('hosts with IPv4, IPv6 and both are one network', testHosts)
  for (const lost of FAMILIES) {
    test(`a host goes on without addresses of ${lost}`, () => testLoss(lost, noAddresses))
    test(`a host goes on without answers over ${lost}`, () => testLoss(lost, noAnswers))
  }
})

async function testHosts(): Promise<void> {
  using network = new VirtualNetwork()
  const { hosts } = network.addSwitch(6)
  const kinds: readonly [HostFamilies, StartPeer][] = [
    ['both', startCpp],
    ['both', startOurs],
    ['ipv4', startOurs],
    ['ipv6', startOurs],
    ['ipv4', startCpp],
    ['ipv6', startCpp],
  ]
  await using peers = new Peers()
  for (const [i, [families, start]] of kinds.entries()) {
    // A host with both families is told of one, and has to find the other through it.
    const entry = { host: hosts[0]!, families: families === 'both' ? 'ipv4' : families } as const
    await peers.add(start(hosts[i]!, families, i > 0 ? entry : undefined))
  }
  await assertAllFindAll(peers.list, 'key')
  for (const [i, [families]] of kinds.entries()) {
    const peer = peers.list[i]!
    for (const family of FAMILIES) {
      if (families === 'both' || families === family) await untilGood(peer, family, 1)
      else assert.equal(await peer.good(family), 0)
    }
  }
}

/** A way for a host to lose a family, and to get it back. */
interface CutOff {
  cut(host: VirtualHost, others: readonly VirtualHost[], lost: HostFamily): void
  mend(host: VirtualHost, others: readonly VirtualHost[], lost: HostFamily): void
}

/** Sending fails at once. */
const noAddresses: CutOff = {
  cut: (host, _others, lost) => host.setFamily(lost, false),
  mend: (host, _others, lost) => host.setFamily(lost, true),
}

/** Whatever is sent seems to get lost. */
const noAnswers: CutOff = {
  cut: (host, others, lost) => {
    for (const other of others) other.setRoute(host, lost, false)
  },
  mend: (host, others, lost) => {
    for (const other of others) other.setRoute(host, lost, true)
  },
}

async function testLoss(lost: HostFamily, cutOff: CutOff): Promise<void> {
  using network = new VirtualNetwork()
  const { hosts } = network.addSwitch(3)
  const [first, second, third] = hosts as [VirtualHost, VirtualHost, VirtualHost]
  const others = [first, third]
  await using peers = new Peers()
  const entry = { host: first, families: 'both' } as const
  await peers.add(startCpp(first, 'both'))
  const victim = await peers.add(startOurs(second, 'both', entry))
  await peers.add(startCpp(third, 'both', entry))
  await assertAllFindAll(peers.list, 'before')
  for (const family of FAMILIES) await untilGood(victim, family, 2)
  cutOff.cut(second, others, lost)
  await assertAllFindAll(peers.list, 'during')
  await poll(async () => (await victim.good(lost)) === 0, PATIENCE_MS, `no ${lost} nodes are left`)
  cutOff.mend(second, others, lost)
  await untilGood(victim, lost, 1)
  await assertAllFindAll(peers.list, 'after')
}

async function assertAllFindAll(peers: readonly HostPeer[], key: string): Promise<void> {
  for (const peer of peers) await peer.put(`${key}-${peer.name}`, key)
  for (const peer of peers) {
    for (const { name } of peers) {
      assert.deepEqual(await peer.get(`${key}-${name}`), [key], `${name} found by ${peer.name}`)
    }
  }
}

function untilGood(peer: HostPeer, family: HostFamily, count: number): Promise<void> {
  const isGood = async () => (await peer.good(family)) >= count
  return poll(isGood, PATIENCE_MS, `${count} good ${family} nodes of ${peer.name}`, 200)
}

/** Ends all nodes that were started, also when one of them could not be. */
class Peers implements AsyncDisposable {
  readonly list: HostPeer[] = []

  async add(started: Promise<HostPeer>): Promise<HostPeer> {
    const peer = await started
    this.list.push(peer)
    return peer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.list.map((peer) => peer[Symbol.asyncDispose]()))
  }
}
