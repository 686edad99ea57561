// SPDX-License-Identifier: MIT
// Life cycle of a client: close, disposal, aborts, status.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Operations } from '../../../src/api/operations.ts'
import { pingAny } from '../../../src/api/ping.ts'
import type { Dht } from '../../../src/core/dht.ts'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { FakeEngine, FakeHost, settled, testValue } from './fake-host.ts'

test('close fails pending operations and refuses new ones', async () => {
  const { client, engine } = new FakeHost()
  const pending = [client.getAll('key'), client.put('key', 'x'), client.whenConnected()]
  const first = client.close()
  assert.equal(client.close(), first)
  for (const operation of pending) await assert.rejects(operation, { code: 'ERR_DHT_CLOSED' })
  await first
  const { length } = engine.started
  await assert.rejects(client.getAll('key'), { code: 'ERR_DHT_CLOSED' })
  await assert.rejects(client.put('key', 'x'), { code: 'ERR_DHT_CLOSED' })
  await assert.rejects(client.cancelPut('key', 1n), { code: 'ERR_DHT_CLOSED' })
  await assert.rejects(client.whenConnected(), { code: 'ERR_DHT_CLOSED' })
  const listening = client.listen('key')[Symbol.asyncIterator]()
  await assert.rejects(listening.next(), { code: 'ERR_DHT_CLOSED' })
  assert.equal(engine.started.length, length)
})

test('close ends what the engine forgets to end', async () => {
  const host = new FakeHost()
  host.engine.close = () => {}
  const pending = host.client.getAll('key')
  await host.client.close()
  await assert.rejects(pending, { code: 'ERR_DHT_CLOSED' })
})

test('await using closes', async () => {
  let engine: FakeEngine
  {
    await using client = new FakeHost().client
    const host = new FakeHost()
    await using other = host.client
    engine = host.engine
    assert.ok(!client.isClosed && !other.isClosed)
  }
  assert.ok(engine.isClosed)
})

test('an aborted signal starts nothing', async () => {
  const { client, engine } = new FakeHost()
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(client.getAll('key', { signal }), { message: 'enough' })
  await assert.rejects(client.put('key', 'x', { signal }), { message: 'enough' })
  await assert.rejects(client.whenConnected({ signal }), { message: 'enough' })
  assert.equal(engine.started.length, 0)
})

test('an abort drops what was not read yet, also after the search ended', async () => {
  const host = new FakeHost()
  const controller = new AbortController()
  const found = host.client.get('key', { signal: controller.signal })
  const iterator = found[Symbol.asyncIterator]()
  const first = iterator.next()
  host.values(1, [testValue(1), testValue(2)])
  host.done(1)
  await first
  controller.abort(new Error('enough'))
  await assert.rejects(iterator.next(), { message: 'enough' })
  assert.deepEqual(await iterator.next(), { done: true, value: undefined })
  assert.deepEqual(host.engine.cancelled, [])
})

test('many operations of one signal are no leak', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  const host = new FakeHost()
  const controller = new AbortController()
  const { signal } = controller
  const gets = Array.from({ length: 50 }, () => host.client.getAll('key', { signal }))
  controller.abort()
  for (const get of gets) await assert.rejects(get, { name: 'AbortError' })
  assert.equal(host.engine.cancelled.length, 50)
  await settled()
  process.off('warning', onWarning)
  assert.deepEqual(warnings, [])
})

test('status listeners are told later, and not after they left', async () => {
  const host = new FakeHost()
  const heard: string[] = []
  host.client.onStatus(({ ipv4, ipv6, overall }) => heard.push(`${ipv4} ${ipv6} ${overall}`))
  const leave = host.client.onStatus(() => heard.push('never'))
  host.status('connecting', 'connected')
  leave()
  assert.deepEqual(heard, [])
  await settled()
  assert.deepEqual(heard, ['connecting connected connected'])
  assert.equal(host.client.status().overall, 'connected')
})

test('whenConnected waits for the first family', async () => {
  const host = new FakeHost()
  const waiting = host.client.whenConnected()
  const controller = new AbortController()
  const aborted = host.client.whenConnected({ signal: controller.signal })
  host.status('connecting')
  controller.abort(new Error('enough'))
  await assert.rejects(aborted, { message: 'enough' })
  host.status('connecting', 'connected')
  await waiting
  await host.client.whenConnected()
})

test('a ping of several addresses needs one answer', async () => {
  const engine = new FakeEngine()
  const operations = new Operations({
    dht: engine as unknown as Dht,
    now: () => 0,
    kick: () => {
      for (const event of engine.takeEvents()) operations.dispatch(event)
    },
  })
  const end = (operation: number, outcome: 'ok' | 'failed' | 'closed'): void =>
    operations.dispatch({ kind: 'done', operation, outcome, nodes: [] })
  const addresses = [1, 2].map((port) => SocketAddress.parse('127.0.0.1', port)!)
  const answered = pingAny(operations, addresses, undefined)
  end(1, 'failed')
  end(2, 'ok')
  assert.equal(await answered, true)
  const silent = pingAny(operations, addresses, undefined)
  end(3, 'failed')
  end(4, 'failed')
  assert.equal(await silent, false)
  const closed = pingAny(operations, addresses, undefined)
  end(5, 'closed')
  await assert.rejects(closed, { code: 'ERR_DHT_CLOSED' })
  assert.equal(await pingAny(operations, [], undefined), false)
  const controller = new AbortController()
  const aborted = pingAny(operations, addresses, controller.signal)
  controller.abort(new Error('enough'))
  await assert.rejects(aborted, { message: 'enough' })
})
