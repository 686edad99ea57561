// SPDX-License-Identifier: MIT
// Pacing of fragments: per peer, in all, and in memory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { ByteBudget } from '../../../../src/core/net/byte-budget.ts'
import { FragmentSender } from '../../../../src/core/net/fragment-sender.ts'
import { Outbox } from '../../../../src/core/net/outbox.ts'
import { TimerWheel } from '../../../../src/core/util/timer-wheel.ts'
import { MessageEncoder } from '../../../../src/core/wire/message-encoder.ts'

const VALUE = new Uint8Array(64 * 1024)
const FRAGMENTS = Math.ceil(VALUE.length / 1280)

class Fixture {
  now = 1000
  readonly outbox = new Outbox()
  readonly wheel = new TimerWheel(this.now)
  readonly sender: FragmentSender

  constructor() {
    const id = InfoHash.get('sender')
    const encoder = new MessageEncoder({ id, network: 0, isClient: false, agent: 'x' })
    this.sender = new FragmentSender(this.wheel, encoder, this.outbox, new ByteBudget(-1, -1))
  }

  send(peer: number, tid = 1): void {
    this.sender.send(SocketAddress.v4(0x0a000000 + peer, 4222), tid, [VALUE], this.now)
  }

  /** Datagrams per peer that leave from now on until the next interval. */
  sent(): Map<string, number> {
    const counts = new Map<string, number>()
    for (let i = 0; i < this.outbox.count; i++) {
      const { host } = this.outbox.destination(i)
      counts.set(host, (counts.get(host) ?? 0) + 1)
    }
    this.outbox.clear()
    return counts
  }

  advance(): void {
    this.now += 2
    this.wheel.advance(this.now)
  }
}

test('a peer gets a few fragments at once and the rest in small bursts', () => {
  const fixture = new Fixture()
  fixture.send(1)
  let total = 0
  for (let interval = 0; fixture.sender.waiting > 0 || interval === 0; interval++) {
    const count = fixture.sent().get('10.0.0.1')!
    assert.equal(count <= (interval === 0 ? 4 : 16), true, `${count} in interval ${interval}`)
    total += count
    fixture.advance()
  }
  total += fixture.sent().get('10.0.0.1') ?? 0
  assert.equal(total, FRAGMENTS)
})

test('all peers together get at most 64 fragments per interval, and all get theirs', () => {
  const fixture = new Fixture()
  for (let peer = 1; peer <= 20; peer++) fixture.send(peer)
  const totals = new Map<string, number>()
  for (let interval = 0; interval < 100; interval++) {
    let count = 0
    for (const [host, fragments] of fixture.sent()) {
      totals.set(host, (totals.get(host) ?? 0) + fragments)
      count += fragments
    }
    assert.equal(count <= 64, true)
    fixture.advance()
  }
  assert.deepEqual([...totals.values()], new Array(20).fill(FRAGMENTS))
})

test('a repeated message does not mix with its own fragments', () => {
  const fixture = new Fixture()
  fixture.send(1)
  fixture.send(1)
  assert.equal(fixture.sender.waiting, 1)
  fixture.send(1, 2)
  assert.equal(fixture.sender.waiting, 2)
})

test('what waits is bounded in bytes', () => {
  const fixture = new Fixture()
  for (let peer = 1; peer <= 1000; peer++) fixture.send(peer)
  assert.equal(fixture.sender.waiting * VALUE.length <= 32 * 1024 * 1024, true)
  assert.equal(fixture.sender.dropped > 400, true)
})
