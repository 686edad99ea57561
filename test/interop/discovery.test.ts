// SPDX-License-Identifier: MIT
// Peer discovery with real C++ programs on hosts that are network namespaces: nodes find each other
// without being told of anybody, and services of applications are found in both directions.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cppAvailable, cppSecureAvailable } from '../support/cpp-available.ts'
import { CppDiscovery } from '../support/cpp-discovery.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import type { HostFamily } from '../support/host-peer.ts'
import { netnsAvailable, type VirtualHost, VirtualNetwork } from '../support/netns.ts'
import { OurDiscovery } from '../support/our-discovery.ts'
import { poll } from '../support/watch.ts'

const OURS = [process.execPath, fileURLToPath(new URL('../../src/cli/dhtnode.ts', import.meta.url))]
const CPP = ['dhtnode']
const FAMILIES = ['ipv4', 'ipv6'] as const
const PATIENCE_MS = 60_000

const skip = cppAvailable() || netnsAvailable()

describe('nodes on the local network', { skip, concurrency: true }, () => {
  for (const family of FAMILIES) {
    test(`one of ours finds a C++ node over ${family}`, () => testPair(CPP, OURS, family))
    test(`a C++ node finds one of ours over ${family}`, () => testPair(OURS, CPP, family))
    test(`ours find each other over ${family}`, () => testPair(OURS, OURS, family))
  }
  test('ours find each other by link-local addresses', testLinkLocal)
  test('nodes on one host find each other', testOneHost)
  test('nodes of another network are left alone', testOtherNetwork)
})

describe('services of applications', { skip: skip || cppSecureAvailable() }, () => {
  for (const family of FAMILIES) {
    test(`ours are found by C++ and theirs by us over ${family}`, () => testServices(family))
  }
})

async function testPair(first: string[], second: string[], family: HostFamily): Promise<void> {
  using network = new VirtualNetwork()
  const { hosts } = network.addSwitch(2, { families: family })
  if (family === 'ipv4') for (const host of hosts) host.disableIPv6()
  await using a = await startNode(hosts[0]!, first)
  await using b = await startNode(hosts[1]!, second)
  await untilFriends(a, b, family)
  assert.ok((await a.put('from-a', 'apple')).ok)
  assert.ok((await b.put('from-b', 'berry')).ok)
  assert.match((await b.get('from-a')).lines.join(), /apple/)
  assert.match((await a.get('from-b')).lines.join(), /berry/)
}

/** As at home, behind a router without IPv6. */
async function testLinkLocal(): Promise<void> {
  using network = new VirtualNetwork()
  const { hosts } = network.addSwitch(2)
  for (const host of hosts) for (const family of FAMILIES) host.setFamily(family, false)
  // These addresses are checked for duplicates, which takes a second or two.
  const isReady = () => hosts.every((host) => !/tentative/.test(host.run(['ip', 'a']).stdout))
  await poll(isReady, PATIENCE_MS, 'link-local addresses', 200)
  await using a = await startNode(hosts[0]!, OURS)
  await using b = await startNode(hosts[1]!, OURS)
  await untilFriends(a, b, 'ipv6')
}

/** They share the port of the group. */
async function testOneHost(): Promise<void> {
  using network = new VirtualNetwork()
  const { hosts } = network.addSwitch(1)
  const [host] = hosts as [VirtualHost]
  await using cpp = await startNode(host, CPP, 4222)
  await using ours = await startNode(host, OURS, 4223)
  await untilFriends(cpp, ours, 'ipv4')
  await using other = await startNode(host, OURS, 4224)
  await poll(
    async () => (await other.stats()).ipv4.good === 2,
    PATIENCE_MS,
    'a third node finds both',
    500,
  )
}

async function testOtherNetwork(): Promise<void> {
  using network = new VirtualNetwork()
  const { hosts } = network.addSwitch(3)
  const [first, second, third] = hosts as [VirtualHost, VirtualHost, VirtualHost]
  await using cpp = await startNode(first, CPP)
  await using other = await startNode(second, OURS, 4222, 80)
  await using ours = await startNode(third, OURS)
  await untilFriends(cpp, ours, 'ipv4')
  const { ipv4, ipv6 } = await other.stats()
  assert.deepEqual([ipv4.good, ipv6.good], [0, 0])
}

async function testServices(family: HostFamily): Promise<void> {
  using network = new VirtualNetwork()
  const { hosts } = network.addSwitch(2, { families: family })
  const [theirs, own] = hosts as [VirtualHost, VirtualHost]
  for (const host of hosts) if (family === 'ipv4') host.disableIPv6()
  await using cpp = await CppDiscovery.start({ prefix: theirs.prefix })
  cpp.publish('lamp', ['hall', 3, true])
  cpp.publish('clock', { zone: 'UTC', drift: -0.5, steps: [-1, -300, -70_000, 2 ** 40] })
  cpp.discover('door')
  cpp.discover('window')
  const publish = { door: { open: false, name: 'front' }, window: [1, -2, 'blue', null, 0.25] }
  await using ours = new OurDiscovery(own, { publish, discover: ['lamp', 'clock'] })
  const isFrom = (host: VirtualHost) => (it: { from: string }) => it.from.includes(host[family])
  for (const [name, payload] of Object.entries(publish)) {
    const fromOurs = isFrom(own)
    const found = await cpp.until((it) => it.service === name && fromOurs(it))
    assert.deepEqual(found.payload, payload)
  }
  const fromTheirs = isFrom(theirs)
  const lamp = await ours.until((it) => it.service === 'lamp' && fromTheirs(it))
  assert.deepEqual(lamp.payload, ['hall', 3, true])
  const clock = await ours.until((it) => it.service === 'clock' && fromTheirs(it))
  const steps = [-1, -300, -70_000, 2 ** 40]
  assert.deepEqual(clock.payload, { zone: 'UTC', drift: -0.5, steps })
  // Later news reach both sides, too.
  const before = cpp.found.length
  cpp.connectivityChanged()
  await cpp.until((it) => cpp.found.indexOf(it) >= before && it.service === 'door')
}

async function startNode(
  { prefix }: VirtualHost,
  command: readonly string[],
  port = 4222,
  network = 79,
): Promise<DhtnodeProcess> {
  return DhtnodeProcess.start({
    prefix,
    command,
    args: ['-D', '-n', `${network}`, '-p', `${port}`],
  })
}

async function untilFriends(
  a: DhtnodeProcess,
  b: DhtnodeProcess,
  family: HostFamily,
): Promise<void> {
  for (const node of [a, b]) {
    const isFriend = async () => (await node.stats())[family].good > 0
    await poll(isFriend, PATIENCE_MS, `a good node over ${family}`, 300)
  }
}
