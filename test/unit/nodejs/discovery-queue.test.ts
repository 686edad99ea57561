// SPDX-License-Identifier: MIT
// What waits for the reader of a discovery: limits, and payloads that are not what was expected.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { type MsgpackValue, packMsgpackValue } from '../../../src/discovery/msgpack-value.ts'
import { DiscoveryQueue } from '../../../src/nodejs/discovery/discovery-queue.ts'

const FROM = SocketAddress.parse('fe80::7', 8888)!

function found(value: MsgpackValue) {
  return { name: 'lamp', payload: packMsgpackValue(value), from: FROM }
}

test('what was found is read in order', () => {
  const queue = new DiscoveryQueue((value) => value, { refused: 0, overflowed: 0 })
  queue.push(found('on'), 'eth0')
  queue.push(found('off'), undefined)
  assert.deepEqual(queue.take(), { service: 'lamp', payload: 'on', from: FROM, zone: 'eth0' })
  assert.deepEqual(queue.take()?.payload, 'off')
  assert.equal(queue.take(), undefined)
})

test('payloads that are refused, trip their reader or are damaged are left out', () => {
  const counters = { refused: 0, overflowed: 0 }
  const decode = (value: MsgpackValue) => {
    const text = (value as string).toUpperCase()
    return text === 'OFF' ? undefined : text
  }
  const queue = new DiscoveryQueue(decode, counters)
  for (const value of [7, null, 'off', 'on']) queue.push(found(value), undefined)
  queue.push({ ...found('on'), payload: Uint8Array.of(0xd4, 1, 1) }, undefined)
  assert.equal(queue.take()?.payload, 'ON')
  assert.equal(queue.take(), undefined)
  assert.deepEqual(counters, { refused: 4, overflowed: 0 })
})

test('what is too much for a slow reader is dropped and counted', () => {
  const counters = { refused: 0, overflowed: 0 }
  const queue = new DiscoveryQueue((value) => value, counters)
  for (let i = 0; i < 2000; i++) queue.push(found(i), undefined)
  assert.equal(counters.overflowed, 976)
  queue.clear()
  const large = found('x'.repeat(60_000))
  for (let i = 0; i < 20; i++) queue.push(large, undefined)
  assert.equal(counters.overflowed, 976 + 3)
  while (queue.take() !== undefined);
  queue.push(large, undefined)
  assert.equal(counters.overflowed, 976 + 3, 'there is room again')
})
