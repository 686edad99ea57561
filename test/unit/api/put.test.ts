// SPDX-License-Identifier: MIT
// put and cancelPut over a fake engine.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PutError } from '../../../src/api/errors.ts'
import { DhtError } from '../../../src/core/errors.ts'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { Value } from '../../../src/core/value/value.ts'
import { FakeHost, testValue, textOf } from './fake-host.ts'

test('resolves to the value with its id and the nodes that took it', async () => {
  const host = new FakeHost()
  const created = new Date(1_700_000_000_000)
  const put = host.client.put('key', 'some text', { permanent: true, created })
  const started = host.engine.started[0]!
  assert.deepEqual(started.options, { permanent: true, createdMs: 1_700_000_000_000 })
  const nodes = [{ id: InfoHash.get('n'), address: SocketAddress.parse('127.0.0.1', 4222)! }]
  host.emit({ kind: 'done', operation: 1, outcome: 'ok', nodes })
  const result = await put
  assert.equal(result.value.id, 77n)
  assert.equal(textOf(result.value), 'some text')
  assert.deepEqual(result.nodes, nodes)
})

test('every kind of value input is taken, and bytes are copied', async () => {
  const { client, engine } = new FakeHost()
  const bytes = Buffer.from('bytes')
  const value = testValue(5)
  for (const input of ['bytes', bytes, value, { data: bytes, id: 6n, userType: 'a/b' }]) {
    void client.put('key', input)
  }
  bytes.fill(0)
  const values = engine.started.map(({ value: put }) => put!)
  assert.deepEqual(values.map(textOf), ['bytes', 'bytes', 'value 5', 'bytes'])
  assert.equal(values[2], value)
  assert.equal(values[3]!.id, 6n)
  assert.equal(values[3]!.userType, 'a/b')
})

test('a failed put says where the value is', async () => {
  const host = new FakeHost()
  const codes = {
    'no-nodes': 'ERR_DHT_NO_NODES',
    failed: 'ERR_DHT_FAILED',
    replaced: 'ERR_DHT_REPLACED',
    limit: 'ERR_DHT_LIMIT',
    closed: 'ERR_DHT_CLOSED',
  } as const
  for (const [outcome, code] of Object.entries(codes)) {
    const put = host.client.put('key', 'x')
    host.done(host.engine.started.length, outcome as keyof typeof codes)
    await assert.rejects(put, (error) => {
      assert.ok(error instanceof PutError && error instanceof DhtError)
      assert.equal(error.code, code)
      assert.equal(error.value.id, 77n)
      assert.match(error.message, /^Cannot announce value 77 under [0-9a-f]{40}: /)
      if (outcome === 'no-nodes') assert.match(error.message, /stored on this node only/)
      return true
    })
  }
})

test('wrong arguments are refused before anything starts', async () => {
  const { client, engine } = new FakeHost()
  const wrong = (value: unknown): never => value as never
  await assert.rejects(client.put('key', new Uint8Array(70_000)), {
    name: 'RangeError',
    message: /^Cannot store value as it must be <= 65536 bytes packed: current size is 70\d\d\d$/,
  })
  await assert.rejects(client.put('key', new Uint8Array(65_499)), {
    name: 'RangeError',
    message: 'Cannot store value as it must be <= 65536 bytes packed: current size is 65537',
  })
  const typeErrors: [unknown, RegExp][] = [
    [5, /^value must be .*number/],
    [null, /^value must be .*null/],
    [['x'], /^value must be .*Array/],
    [new ArrayBuffer(3), /Uint8Array: got ArrayBuffer/],
    [{ id: 5 }, /^id must be a bigint/],
    [{ data: 'text' }, /^data must be a Uint8Array/],
    [{ type: '3' }, /^type must be a number/],
    [{ userType: 3 }, /^userType must be a string/],
    [{ recipient: 'x' }, /^recipient must be an InfoHash/],
    [{ owner: new Uint8Array(3) }, /owner needs a signature/],
  ]
  for (const [value, message] of typeErrors) {
    await assert.rejects(client.put('key', wrong(value)), { name: 'TypeError', message })
  }
  const rangeErrors: [unknown, RegExp][] = [
    [{ id: -1n }, /^id/],
    [{ id: 1n << 64n }, /^id/],
    [{ type: 65_536 }, /^type/],
    [{ seq: 1.5 }, /^seq/],
  ]
  for (const [value, message] of rangeErrors) {
    await assert.rejects(client.put('key', wrong(value)), { name: 'RangeError', message })
  }
  await assert.rejects(client.put(new InfoHash(), 'x'), /^RangeError: key/)
  const created = new Date(Number.NaN)
  await assert.rejects(client.put('key', 'x', { created }), /^TypeError: created/)
  assert.equal(engine.started.length, 0)
})

test('the largest values are taken', () => {
  const { client, engine } = new FakeHost()
  void client.put('key', new Uint8Array(65_498))
  // A small id leaves more room.
  void client.put('key', { id: 1n, data: new Uint8Array(65_506) })
  assert.equal(engine.started.length, 2)
})

test('an abort withdraws the value, unless another put waits for it too', async () => {
  const host = new FakeHost()
  const controller = new AbortController()
  const { signal } = controller
  const value = new Value({ id: 9n, data: new Uint8Array(3) })
  const lonely = host.client.put('key', 'x', { signal })
  const shared = host.client.put('key', value, { signal })
  const other = host.client.put('key', value)
  controller.abort(new Error('enough'))
  await assert.rejects(lonely, { message: 'enough' })
  await assert.rejects(shared, { message: 'enough' })
  assert.deepEqual(host.engine.cancelledPuts, [77n])
  host.done(3)
  assert.equal((await other).value.id, 9n)
  await assert.rejects(host.client.put('key', 'x', { signal }), { message: 'enough' })
  assert.equal(host.engine.started.length, 3)
})

test('an abort after the end changes nothing', async () => {
  const host = new FakeHost()
  const controller = new AbortController()
  const put = host.client.put('key', 'x', { signal: controller.signal })
  host.done(1)
  await put
  controller.abort()
  assert.deepEqual(host.engine.cancelledPuts, [])
})

test('cancelPut fails the pending puts of the value with an AbortError', async () => {
  const host = new FakeHost()
  const cancelled = host.client.put('key', testValue(9))
  const kept = host.client.put('other key', testValue(9))
  assert.equal(await host.client.cancelPut('key', 9n), true)
  await assert.rejects(cancelled, { name: 'AbortError', message: /value 9 .* was cancelled/ })
  host.done(1, 'replaced')
  host.done(2)
  await kept
  await assert.rejects(host.client.cancelPut('key', 9 as never), /^TypeError: value/)
})

test('what the engine refuses is what the caller gets', async () => {
  const host = new FakeHost()
  host.engine.startPut = () => {
    throw new RangeError('no')
  }
  await assert.rejects(host.client.put('key', 'x'), /^RangeError: no/)
})
