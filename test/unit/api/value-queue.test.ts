// SPDX-License-Identifier: MIT
// The queues between an operation and a slow reader.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ChangeQueue,
  FoundQueue,
  MAX_QUEUED_BYTES,
  MAX_QUEUED_RESULTS,
} from '../../../src/api/value-queue.ts'
import { Value } from '../../../src/core/value/value.ts'
import { testValue, textOf } from './fake-host.ts'

function drain(queue: ChangeQueue): string[] {
  const texts: string[] = []
  for (let event = queue.take(); event !== undefined; event = queue.take()) {
    texts.push(`${event.expired ? '-' : '+'}${textOf(event.value)}`)
  }
  return texts
}

test('found results come out in order, however they are taken', () => {
  const queue = new FoundQueue<number>(() => 1)
  const out: number[] = []
  let next = 0
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 100; i++) queue.push(next++)
    for (let i = 0; i < 97; i++) out.push(queue.take()!)
  }
  for (let item = queue.take(); item !== undefined; item = queue.take()) out.push(item)
  assert.deepEqual(out, [...Array(5000).keys()])
  assert.equal(queue.pushed, 5000)
})

test('found results are limited by number and by bytes', () => {
  const limit = { code: 'ERR_DHT_LIMIT', message: /Read faster/ }
  const many = new FoundQueue<number>(() => 1)
  for (let i = 0; i < MAX_QUEUED_RESULTS; i++) many.push(i)
  assert.throws(() => many.push(0), limit)
  many.take()
  many.push(0)
  const large = new FoundQueue<number>(() => MAX_QUEUED_BYTES / 2)
  large.push(1)
  large.push(2)
  assert.throws(() => large.push(3), limit)
  large.take()
  large.push(3)
})

test('an unread revision is replaced by the next', () => {
  const queue = new ChangeQueue()
  queue.push(testValue(1, 'a'), false)
  queue.push(testValue(2, 'b'), false)
  queue.push(testValue(1, 'a2'), false)
  assert.deepEqual(drain(queue), ['+a2', '+b'])
})

test('what comes and goes unread leaves no trace; what was read does', () => {
  const queue = new ChangeQueue()
  queue.push(testValue(1, 'a'), false)
  queue.push(testValue(1, 'a'), true)
  assert.deepEqual(drain(queue), [])
  queue.push(testValue(1, 'a'), false)
  assert.deepEqual(drain(queue), ['+a'])
  queue.push(testValue(1, 'a2'), false)
  queue.push(testValue(1, 'a2'), true)
  assert.deepEqual(drain(queue), ['-a2'])
  queue.push(testValue(1, 'a'), true)
  assert.deepEqual(drain(queue), [])
})

test('a value that expires and comes back unread is a change', () => {
  const queue = new ChangeQueue()
  queue.push(testValue(1, 'a'), false)
  drain(queue)
  queue.push(testValue(1, 'a'), true)
  queue.push(testValue(1, 'b'), false)
  assert.deepEqual(drain(queue), ['+b'])
})

test('entries that are added while others are taken are not missed', () => {
  const queue = new ChangeQueue()
  for (const id of [1, 2, 3]) queue.push(testValue(id, `${id}`), false)
  assert.equal(textOf(queue.take()!.value), '1')
  queue.push(testValue(1, '1b'), false)
  queue.push(testValue(2, '2'), true)
  assert.deepEqual(drain(queue), ['+3', '+1b'])
  queue.push(testValue(4, '4'), false)
  assert.deepEqual(drain(queue), ['+4'])
})

test('the changes that wait are bounded by number and by bytes', () => {
  const limit = { code: 'ERR_DHT_LIMIT' }
  const many = new ChangeQueue()
  for (let id = 1; id <= MAX_QUEUED_RESULTS; id++) many.push(new Value({ id: BigInt(id) }), false)
  assert.throws(() => many.push(new Value({ id: 1n << 40n }), false), limit)
  const large = new ChangeQueue()
  const data = new Uint8Array(65_536)
  const fits = MAX_QUEUED_BYTES / data.length
  for (let id = 1; id <= fits; id++) large.push(new Value({ id: BigInt(id), data }), false)
  large.push(new Value({ id: 1n, data }), false)
  assert.throws(() => large.push(new Value({ id: 1n << 40n, data }), false), limit)
})

test('taking from a long queue is not quadratic', () => {
  const queue = new ChangeQueue()
  for (let id = 1; id <= MAX_QUEUED_RESULTS; id++) queue.push(new Value({ id: BigInt(id) }), false)
  const startedAt = performance.now()
  assert.equal(drain(queue).length, MAX_QUEUED_RESULTS)
  assert.ok(performance.now() - startedAt < 5000)
})
