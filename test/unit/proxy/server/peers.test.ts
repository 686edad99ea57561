// SPDX-License-Identifier: MIT
// Limits per client address.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLimits } from '../../../../src/proxy/server/limits.ts'
import { Peers } from '../../../../src/proxy/server/peers.ts'

test('the rate of an address is spent at once or over time, and comes back', () => {
  const peers = new Peers(checkLimits({ maxRequestsPerSecond: 10 }))
  const peer = peers.connect('192.0.2.1', 0)!
  const taken = (now: number, tries: number): number =>
    Array.from({ length: tries }, () => peers.takeRequest(peer, now)).filter(Boolean).length
  assert.equal(taken(0, 20), 10)
  assert.equal(taken(100, 5), 1)
  assert.equal(taken(600, 20), 5)
  assert.equal(taken(60_000, 20), 10)
})

test('no limit is no limit', () => {
  const peers = new Peers(checkLimits({ maxRequestsPerSecond: -1, maxConnectionsPerAddress: -1 }))
  const peer = peers.connect('192.0.2.1', 0)!
  for (let i = 0; i < 10_000; i++) assert.ok(peers.takeRequest(peer, 0))
})

test('a new connection does not bring a new rate', () => {
  const peers = new Peers(checkLimits({ maxRequestsPerSecond: 1 }))
  const peer = peers.connect('192.0.2.1', 0)!
  assert.ok(peers.takeRequest(peer, 0))
  peers.disconnect(peer, 0)
  assert.ok(!peers.takeRequest(peers.connect('192.0.2.1', 10)!, 10))
})

test('addresses of one IPv6 host are one, IPv4 ones are apart', () => {
  const peers = new Peers(checkLimits({ maxConnectionsPerAddress: 1 }))
  assert.ok(peers.connect('2001:db8:1:2::1', 0))
  assert.equal(peers.connect('2001:db8:1:2:ffff::9', 0), undefined)
  assert.equal(peers.connect('2001:db8:1:2:3:4:5:6', 0), undefined)
  assert.ok(peers.connect('2001:db8:1:3::1', 0))
  assert.ok(peers.connect('::ffff:192.0.2.1', 0))
  assert.ok(peers.connect('::ffff:192.0.2.2', 0))
  assert.ok(peers.connect('::1', 0))
  assert.ok(peers.connect('fe80::1%eth0', 0))
  assert.equal(peers.connect('fe80::2%eth0', 0), undefined)
})

test('addresses without connections are forgotten', () => {
  const peers = new Peers(checkLimits({}))
  for (let i = 0; i < 1000; i++) peers.disconnect(peers.connect(`10.0.${i >> 8}.${i & 255}`, 0)!, 0)
  const kept = peers.connect('192.0.2.1', 500)!
  assert.equal(peers.size, 1001)
  peers.connect('192.0.2.2', 5000)
  assert.equal(peers.size, 2)
  assert.equal(peers.find('192.0.2.1'), kept)
})
