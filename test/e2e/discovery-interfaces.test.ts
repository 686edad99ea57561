// SPDX-License-Identifier: MIT
// Peer discovery on hosts whose network comes and goes while it runs: network namespaces.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { netnsAvailable, type VirtualHost, VirtualNetwork } from '../support/netns.ts'
import { type Found, OurDiscovery } from '../support/our-discovery.ts'

describe('interfaces', { skip: netnsAvailable(), concurrency: true }, () => {
  test('that come later are used, and those that take their place', testCables)
  test('are all used, whichever way the neighbours are', testTwoNetworks)
})

async function testCables(): Promise<void> {
  using network = new VirtualNetwork()
  const [a, b] = [network.addHost(), network.addHost()]
  await using _ = new OurDiscovery(a, { publish: { lamp: 'on' } })
  await using finder = new OurDiscovery(b, { discover: ['lamp'] })
  // There is no way between them but this one.
  network.connect(a, b)
  const [first] = a.attachments
  for (const host of [first!.ipv4, first!.ipv6]) await finder.until(isFrom(host))
  a.run(['ip', 'link', 'del', first!.interface])
  network.connect(a, b)
  const [, second] = a.attachments
  for (const host of [second!.ipv4, second!.ipv6]) await finder.until(isFrom(host))
  assert.ok(finder.found.every(({ payload }) => payload === 'on'))
}

async function testTwoNetworks(): Promise<void> {
  using network = new VirtualNetwork()
  const middle = network.addHost()
  const sides = [network.addHost(), network.addHost()]
  for (const side of sides) network.connect(middle, side)
  await using lamps = new AsyncDisposableStack()
  for (const [i, side] of sides.entries()) {
    lamps.use(new OurDiscovery(side, { publish: { lamp: i }, discover: ['switch'] }))
  }
  const plan = { publish: { switch: 'here' }, discover: ['lamp'] }
  await using finder = new OurDiscovery(middle, plan)
  for (const { ipv4, ipv6 } of sides as VirtualHost[]) {
    await finder.until(isFrom(ipv4))
    await finder.until(isFrom(ipv6))
  }
  const seen = new Set(finder.found.map(({ from, payload }) => `${from} ${payload}`))
  for (const [i, { ipv4 }] of sides.entries()) assert.ok(seen.has(`${ipv4} ${i}`))
}

function isFrom(host: string): (found: Found) => boolean {
  return ({ from }) => from === host
}
