// SPDX-License-Identifier: MIT
// listen over a fake engine.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ValueEvent } from '../../../src/api/value-queue.ts'
import { FakeHost, settled, testValue, textOf } from './fake-host.ts'

function textOfEvent({ value, expired }: ValueEvent): string {
  return expired ? `${textOf(value)} expired` : textOf(value)
}

/** Reads into the returned array until the iterable ends. */
function read(iterable: AsyncIterable<ValueEvent>): { texts: string[]; end: Promise<void> } {
  const texts: string[] = []
  const end = (async () => {
    for await (const event of iterable) texts.push(textOfEvent(event))
  })()
  return { texts, end }
}

test('changes and expiries are reported as they come', async () => {
  const host = new FakeHost()
  const { texts } = read(host.client.listen('key'))
  host.values(1, [testValue(1)])
  await settled()
  host.values(1, [testValue(1, 'revised')])
  await settled()
  host.values(1, [testValue(1, 'revised')], true)
  await settled()
  assert.deepEqual(texts, ['value 1', 'revised', 'revised expired'])
})

test('a slow reader gets the last state, and no expiry of what it never saw', async () => {
  const host = new FakeHost()
  const iterator = host.client.listen('key')[Symbol.asyncIterator]()
  const first = iterator.next()
  host.values(1, [testValue(1)])
  assert.equal(textOfEvent((await first).value), 'value 1')
  host.values(1, [testValue(2), testValue(3)])
  host.values(1, [testValue(2, 'revised')])
  host.values(1, [testValue(3)], true)
  host.values(1, [testValue(1)], true)
  assert.equal(textOfEvent((await iterator.next()).value), 'revised')
  assert.equal(textOfEvent((await iterator.next()).value), 'value 1 expired')
  host.values(1, [testValue(4)])
  assert.equal(textOfEvent((await iterator.next()).value), 'value 4')
})

test('a filter hides values, and ends one that changed into something else', async () => {
  const host = new FakeHost()
  const filter = (value: Parameters<typeof textOf>[0]): boolean => textOf(value) !== 'secret'
  const { texts } = read(host.client.listen('key', { filter }))
  host.values(1, [testValue(1), testValue(2, 'secret')])
  await settled()
  host.values(1, [testValue(1, 'secret')])
  host.values(1, [testValue(2, 'secret')], true)
  await settled()
  host.values(1, [testValue(1, 'secret')], true)
  await settled()
  assert.deepEqual(texts, ['value 1', 'secret expired'])
})

test('break, abort and close reach the engine', async () => {
  const host = new FakeHost()
  const broken = (async () => {
    for await (const event of host.client.listen('key')) return event
    return undefined
  })()
  host.values(1, [testValue(1)])
  await broken
  assert.deepEqual(host.engine.cancelled, [1])
  const controller = new AbortController()
  const aborted = read(host.client.listen('key', { signal: controller.signal }))
  controller.abort(new Error('enough'))
  await assert.rejects(aborted.end, { message: 'enough' })
  assert.deepEqual(host.engine.cancelled, [1, 2])
  const closed = read(host.client.listen('key'))
  await host.client.close()
  await closed.end
  assert.ok(host.engine.isClosed)
})

test('a limit ends it with an error', async () => {
  const host = new FakeHost()
  const { end } = read(host.client.listen('key'))
  host.done(1, 'limit')
  await assert.rejects(end, { code: 'ERR_DHT_LIMIT', message: /^Cannot listen to / })
})
