// SPDX-License-Identifier: MIT
// What hostile fragments may cost: memory in all and per source, and work per fragment.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MAX_PARTIAL_BYTES } from '../../../../src/core/constants.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { PartialMessages } from '../../../../src/core/net/partial-messages.ts'
import { TimerWheel } from '../../../../src/core/util/timer-wheel.ts'

const LARGEST = 65_568
const HEADER = new Uint8Array(100)
/** A datagram is added before anyone looks whether it was the last that fits. */
const SLACK_BYTES = 80_000

const host = (n: number, port = 4222) => SocketAddress.v4((10 << 24) | n, port)

suite('Limits of partial messages', () => {
  test('fragments without a header fill no more than the memory for all', () => {
    const partials = new PartialMessages(new TimerWheel(0))
    const data = new Uint8Array(1254)
    for (let i = 0; i < 98; i++) {
      for (let n = 1; n <= 4096; n++) partials.add(host(n), n, 0, i * data.length, data, 0)
    }
    assert.ok(partials.bytes <= MAX_PARTIAL_BYTES + SLACK_BYTES, `${partials.bytes} bytes`)
    assert.ok(partials.refused > 0)
  })

  test('headers fill no more than the memory for all', () => {
    const partials = new PartialMessages(new TimerWheel(0))
    const header = new Uint8Array(65_000)
    for (let n = 1; n <= 4096; n++) partials.add(host(n), n, 0, 0, HEADER, 0)
    for (let n = 1; n <= 4096; n++) partials.open(host(n), n, header, [LARGEST], 0)
    assert.ok(partials.bytes <= MAX_PARTIAL_BYTES + SLACK_BYTES, `${partials.bytes} bytes`)
  })

  test('one source leaves room for others, whatever it announces', () => {
    const sizes = new Array<number>(60_000).fill(1)
    for (const from of [(n: number) => host(1, n), ipv6Host]) {
      const partials = new PartialMessages(new TimerWheel(0))
      for (let n = 1; n <= 64; n++) partials.open(from(n), n, HEADER, sizes, 0)
      assert.ok(partials.bytes <= MAX_PARTIAL_BYTES / 4 + SLACK_BYTES, `${partials.bytes} bytes`)
      partials.open(host(2), 1, HEADER, [5], 0)
      const complete = partials.add(host(2), 1, 0, 0, new Uint8Array(5), 0)
      assert.ok(complete !== undefined)
    }
  })

  test('one source has 64 messages at most, also with many IPv6 addresses', () => {
    const partials = new PartialMessages(new TimerWheel(0))
    for (let n = 1; n <= 100; n++) partials.open(ipv6Host(n), 1, HEADER, [5], 0)
    assert.equal(partials.count, 64)
  })

  test('a message that is done or given up gives its memory back', () => {
    const wheel = new TimerWheel(0)
    const partials = new PartialMessages(wheel)
    for (let n = 1; n <= 200; n++) {
      partials.open(host(n % 5), n, HEADER, [LARGEST, 10], 0)
      partials.add(host(n % 7), n, 1, 0, new Uint8Array(10), 0)
    }
    assert.ok(partials.count > 0)
    wheel.advance(20_000)
    assert.deepEqual([partials.count, partials.bytes], [0, 0])
    partials.open(host(1), 1, HEADER, [10], 20_000)
    partials.add(host(1), 1, 0, 0, new Uint8Array(10), 20_000)
    assert.deepEqual([partials.count, partials.bytes], [0, 0])
  })

  test('98 fragments or 122,912 bytes wait for a header, one more and all are thrown away', () => {
    for (const [count, bytes] of [
      [98, 600],
      [96, 1280],
    ] as const) {
      for (const extra of [0, 1]) {
        const partials = new PartialMessages(new TimerWheel(0))
        const sizes = [LARGEST, LARGEST]
        const each = LARGEST / bytes
        for (let i = 0; i < count + extra; i++) {
          const index = i < Math.floor(each) ? 0 : 1
          const offset = (i - index * Math.floor(each)) * bytes
          partials.add(host(1), 1, index, offset, new Uint8Array(bytes), 0)
        }
        const before = partials.bytes
        partials.open(host(1), 1, HEADER, sizes, 0)
        // Kept fragments cost as much as before, beside the header and its two values.
        const kept = extra === 0 ? count * (bytes + 128) : 0
        assert.equal(before, 512 + kept)
        assert.equal(partials.bytes, 512 + kept + HEADER.length + 2 * 128)
      }
    }
  })

  test('a value is made of a bounded number of fragments', () => {
    const partials = new PartialMessages(new TimerWheel(0))
    partials.open(host(1), 1, HEADER, [LARGEST], 0)
    const byte = new Uint8Array(1)
    for (let offset = 3000; offset > 0; offset--) partials.add(host(1), 1, 0, offset, byte, 0)
    assert.equal(partials.useless, 3000 - 1024)
  })
})

function ipv6Host(n: number): SocketAddress {
  return SocketAddress.v6(0x20010db8, 7, n, n, 4222)
}
