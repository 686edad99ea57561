// SPDX-License-Identifier: MIT
// get, getAll, getFirst and query over a fake engine.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InfoHash } from '../../../src/core/id/info-hash.ts'
import { FieldValueIndex } from '../../../src/core/value/field-value-index.ts'
import { Field, Query, Select, Where } from '../../../src/core/value/query.ts'
import type { Value } from '../../../src/core/value/value.ts'
import { FakeHost, settled, testValue, textOf } from './fake-host.ts'

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of iterable) items.push(item)
  return items
}

test('nothing starts before iteration, and every loop is an operation', async () => {
  const host = new FakeHost()
  const found = host.client.get('key')
  const iterator = found[Symbol.asyncIterator]()
  assert.equal(host.engine.started.length, 0)
  const first = iterator.next()
  assert.equal(host.engine.started.length, 1)
  assert.ok(host.engine.started[0]!.key!.equals(InfoHash.get('key')))
  host.values(1, [testValue(1)])
  assert.equal(textOf((await first).value), 'value 1')
  const second = found[Symbol.asyncIterator]().next()
  assert.equal(host.engine.started.length, 2)
  host.done(2)
  assert.deepEqual(await second, { done: true, value: undefined })
  await iterator.return?.()
  assert.deepEqual(host.engine.cancelled, [1])
})

test('values are streamed, and the end of the search ends the loop', async () => {
  const host = new FakeHost()
  const all = collect(host.client.get('key'))
  host.values(1, [testValue(1), testValue(2)])
  await settled()
  host.values(1, [testValue(3)])
  host.done(1)
  assert.deepEqual((await all).map(textOf), ['value 1', 'value 2', 'value 3'])
  assert.deepEqual(host.engine.cancelled, [])
})

test('what comes while the operation is being started is not lost', async () => {
  const host = new FakeHost()
  host.engine.onStart = ({ operation }) => [
    { kind: 'values', operation, values: [testValue(1)], expired: false },
    { kind: 'done', operation, outcome: 'ok', nodes: [] },
  ]
  assert.deepEqual((await host.client.getAll('key')).map(textOf), ['value 1'])
})

test('break cancels the search', async () => {
  const host = new FakeHost()
  const loop = (async () => {
    for await (const value of host.client.get('key')) return value
    return undefined
  })()
  host.values(1, [testValue(1), testValue(2)])
  assert.equal(textOf((await loop)!), 'value 1')
  assert.deepEqual(host.engine.cancelled, [1])
})

test('what comes after a loop was aborted by its own filter is not told', async () => {
  const host = new FakeHost()
  const controller = new AbortController()
  const filter = ({ id }: Value): boolean => {
    if (id === 2n) controller.abort()
    return true
  }
  const found = host.client.get('key', { signal: controller.signal, filter })
  const iterator = found[Symbol.asyncIterator]()
  const first = iterator.next()
  host.values(1, [testValue(1)])
  assert.equal((await first).value?.id, 1n)
  host.values(1, [testValue(2), testValue(3)])
  await assert.rejects(iterator.next(), { name: 'AbortError' })
  assert.deepEqual(await iterator.next(), { done: true, value: undefined })
  assert.deepEqual(host.engine.cancelled, [1])
})

test('getFirst ends the search with the first value, or with undefined', async () => {
  const host = new FakeHost()
  const first = host.client.getFirst('key')
  host.values(1, [testValue(5)])
  assert.equal((await first)?.id, 5n)
  assert.deepEqual(host.engine.cancelled, [1])
  const none = host.client.getFirst('key')
  host.done(2)
  assert.equal(await none, undefined)
})

test('finding nothing is an error only when nobody could be asked', async () => {
  const host = new FakeHost()
  for (const [outcome, code] of [
    ['no-nodes', 'ERR_DHT_NO_NODES'],
    ['failed', 'ERR_DHT_FAILED'],
  ] as const) {
    const empty = host.client.getAll('key')
    host.done(host.engine.started.length, outcome)
    await assert.rejects(empty, { code, message: /^Cannot get [0-9a-f]{40}: / })
    const local = host.client.getAll('key')
    const operation = host.engine.started.length
    host.values(operation, [testValue(1)])
    host.done(operation, outcome)
    assert.equal((await local).length, 1)
  }
})

test('a limit is an error also when something was found, which is delivered before', async () => {
  const host = new FakeHost()
  const found: Value[] = []
  const loop = (async () => {
    for await (const value of host.client.get('key')) found.push(value)
  })()
  host.values(1, [testValue(1)])
  host.done(1, 'limit')
  await assert.rejects(loop, { name: 'DhtError', code: 'ERR_DHT_LIMIT' })
  assert.equal(found.length, 1)
})

test('after its error an iterator is at its end', async () => {
  const host = new FakeHost()
  const iterator = host.client.get('key')[Symbol.asyncIterator]()
  const next = iterator.next()
  host.done(1, 'no-nodes')
  await assert.rejects(next, { code: 'ERR_DHT_NO_NODES' })
  assert.deepEqual(await iterator.next(), { done: true, value: undefined })
})

test('several readers of one iterator are served in their order', async () => {
  const host = new FakeHost()
  const iterator = host.client.get('key')[Symbol.asyncIterator]()
  const nexts = [iterator.next(), iterator.next(), iterator.next()]
  host.values(1, [testValue(1), testValue(2)])
  host.done(1)
  const results = await Promise.all(nexts)
  assert.deepEqual(
    results.map(({ done, value }) => (done === true ? 'end' : textOf(value))),
    ['value 1', 'value 2', 'end'],
  )
})

test('the filter applies, and its exception ends the search', async () => {
  const host = new FakeHost()
  const odd = host.client.getAll('key', { filter: ({ id }) => id % 2n === 1n })
  host.values(1, [testValue(1), testValue(2), testValue(3)])
  host.done(1)
  assert.deepEqual((await odd).map(textOf), ['value 1', 'value 3'])
  const failing = host.client.getAll('key', {
    filter: () => {
      throw new Error('broken filter')
    },
  })
  host.values(2, [testValue(1)])
  await assert.rejects(failing, { message: 'broken filter' })
  assert.deepEqual(host.engine.cancelled, [2])
})

test('conditions reach the engine in every form', async () => {
  const host = new FakeHost()
  const id = { field: Field.Id, value: 5n } as const
  const forms = [
    'WHERE id=5',
    'where id=5',
    ' id=5',
    { id: 5n },
    new Where([id]),
    new Query(undefined, new Where([id])),
  ]
  for (const where of forms) {
    void host.client.get('key', { where })[Symbol.asyncIterator]().next()
    const { query } = host.engine.started.at(-1)!
    assert.equal(query!.toString(), 'Query[SELECT * WHERE id=5]')
  }
  const all = { owner: InfoHash.get('o'), type: 3, seq: 1, userType: 'text/plain' }
  void host.client.get('key', { where: all })[Symbol.asyncIterator]().next()
  assert.equal(host.engine.started.at(-1)!.query!.where.conditions.length, 4)
})

test('wrong arguments are named before anything starts', () => {
  const { client, engine } = new FakeHost()
  const wrong = (value: unknown): never => value as never
  assert.throws(() => client.get(wrong(5)), { name: 'TypeError', message: /^key .*number/ })
  assert.throws(() => client.get(new InfoHash()), { name: 'RangeError', message: /^key/ })
  assert.throws(() => client.get('k', { filter: wrong('x') }), /^TypeError: filter/)
  assert.throws(() => client.get('k', { where: wrong({ id: 5 }) }), /^TypeError: where\.id/)
  assert.throws(() => client.get('k', { where: wrong({ ids: 5n }) }), /^TypeError: .*"ids"/)
  assert.throws(() => client.get('k', { where: 'colour=red' }), /^TypeError: .*"colour"/)
  assert.throws(() => client.get('k', { where: 'Where id=5' }), /^TypeError/)
  const selecting = new Query(new Select([Field.Id]))
  assert.throws(() => client.get('k', { where: selecting }), /^TypeError: where .*query\(\)/)
  assert.throws(() => client.query('k', 'WHERE id=5'), /^TypeError: query must select/)
  assert.throws(() => client.query('k', wrong(undefined)), /^TypeError: query/)
  assert.equal(engine.started.length, 0)
})

test('a query delivers fields', async () => {
  const host = new FakeHost()
  const found = collect(host.client.query('key', 'SELECT id'))
  const select = new Select([Field.Id])
  host.emit({ kind: 'fields', operation: 1, fields: [FieldValueIndex.of(testValue(9), select)] })
  host.done(1)
  assert.deepEqual(
    (await found).map(({ id }) => id),
    [9n],
  )
  const failing = collect(host.client.query('key', 'SELECT id'))
  host.done(2, 'no-nodes')
  await assert.rejects(failing, { code: 'ERR_DHT_NO_NODES', message: /^Cannot query/ })
})

test('getLocal filters what the node stores itself', () => {
  const host = new FakeHost()
  host.engine.local = [testValue(1), testValue(2), testValue(3)]
  assert.equal(host.client.getLocal('key').length, 3)
  const found = host.client.getLocal('key', { where: { id: 2n } })
  assert.deepEqual(found.map(textOf), ['value 2'])
  assert.equal(host.client.getLocal('key', { filter: ({ id }) => id > 1n }).length, 2)
})
