// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, textOf } from '../../../support/dht-kit.ts'
import type { FakeProxy } from '../../../support/fake-proxy.ts'
import { settle } from '../../../support/virtual-schedule.ts'
import { setUp } from './kit.ts'

const HOUR = 60 * 60_000

function posts(proxy: FakeProxy | undefined): Record<string, unknown>[] {
  return proxy!.requestsOf('POST').map(({ body }) => JSON.parse(body!))
}

test('a put draws its id here, and is found', async (t) => {
  const { net, client } = await setUp(t)
  const { value, nodes } = await client.put('k', 'hello')
  assert.notEqual(value.id, 0n)
  assert.deepEqual(nodes, [])
  const [post] = posts(net.proxies[0])
  assert.deepEqual(post, { data: btoa('hello'), id: `${value.id}`, type: 0 })
  assert.deepEqual((await client.getAll('k')).map(textOf), ['hello'])
  assert.deepEqual(client.pendingPuts('k'), [])
})

test('a put whose answer is lost is repeated under the same id', async (t) => {
  const { net, client } = await setUp(t, { count: 2 })
  net.proxies[0]!.isMute = true
  const put = client.put('k', 'hello')
  await net.clock.run(60_000)
  const { value } = await put
  assert.deepEqual(
    posts(net.proxies[1]).map(({ id }) => id),
    [`${value.id}`],
  )
})

test('a permanent put is renewed every 22 hours until it is cancelled', async (t) => {
  const { net, client } = await setUp(t, { checkIntervalMs: HOUR })
  const { value } = await client.put('k', 'hello', { permanent: true })
  assert.equal(posts(net.proxies[0])[0]!['permanent'], true)
  await net.clock.run(21.9 * HOUR)
  assert.equal(posts(net.proxies[0]).length, 1)
  await net.clock.run(0.2 * HOUR)
  assert.equal(posts(net.proxies[0]).length, 2)
  assert.equal(await client.cancelPut('k', value), true)
  assert.equal(await client.cancelPut('k', value), false)
  await net.clock.run(48 * HOUR)
  assert.equal(posts(net.proxies[0]).length, 2)
})

test('permanent puts are told to every proxy that comes into use', async (t) => {
  const { net, client } = await setUp(t, { count: 2 })
  const [first, second] = net.proxies
  for (let i = 0; i < 20; i++) await client.put(`k${i}`, `v${i}`, { permanent: true })
  first!.die()
  await net.clock.run(2 * 60_000)
  assert.equal(client.proxy, second!.url)
  assert.equal(posts(second).length, 20)
  assert.equal(new Set(posts(second).map(({ id }) => id)).size, 20)
  assert.equal(client.proxyStats().putsRenewed, 20)
})

test('a permanent put that failed is announced as soon as a proxy is there', async (t) => {
  const { net, client } = await setUp(t, {
    before: (it) => {
      it.proxies[0]!.isDown = true
    },
  })
  await assert.rejects(client.put('k', 'hello', { permanent: true }), { name: 'PutError' })
  assert.deepEqual(client.pendingPuts('k').map(textOf), ['hello'])
  assert.deepEqual(client.getLocal('k').map(textOf), ['hello'])
  net.proxies[0]!.isDown = false
  await net.clock.run(2 * 60_000)
  assert.equal(posts(net.proxies[0]).length, 1)
})

test('a put of the same id takes over, and of the same content joins', async (t) => {
  const { net, client } = await setUp(t)
  net.proxies[0]!.isMute = true
  const first = client.put('k', text('a', 5n))
  const same = client.put('k', text('a', 5n))
  const replaced = Promise.all([
    assert.rejects(first, { code: 'ERR_DHT_REPLACED' }),
    assert.rejects(same, { code: 'ERR_DHT_REPLACED' }),
  ])
  net.proxies[0]!.isMute = false
  const other = client.put('k', text('b', 5n))
  await replaced
  assert.equal(textOf((await other).value), 'b')
  assert.equal(posts(net.proxies[0]).length, 1)
})

test('an abort and a cancellation end the request', async (t) => {
  const { net, client } = await setUp(t)
  net.proxies[0]!.isMute = true
  const stop = new AbortController()
  const aborted = client.put('k', text('a', 5n), { signal: stop.signal })
  const cancelled = client.put('k', text('b', 6n))
  await settle()
  stop.abort()
  assert.equal(await client.cancelPut('k', 6n), true)
  await assert.rejects(aborted, { name: 'AbortError' })
  await assert.rejects(cancelled, { name: 'AbortError' })
  assert.deepEqual(client.pendingPuts('k'), [])
})

test('closing ends puts and gets with their code, and listens without an error', async (t) => {
  const { net, client } = await setUp(t)
  net.proxies[0]!.isMute = true
  const put = client.put('k', 'a')
  const get = client.getAll('k')
  const ended = Promise.all([
    assert.rejects(put, { code: 'ERR_DHT_CLOSED' }),
    assert.rejects(get, { code: 'ERR_DHT_CLOSED' }),
  ])
  await settle()
  await client.close()
  await ended
  await assert.rejects(client.getAll('k'), { code: 'ERR_DHT_CLOSED' })
  assert.equal(client.readiness().reason, 'closed')
})

test('more permanent puts than the limit are refused', async (t) => {
  const { client } = await setUp(t, { maxPermanent: 2 })
  for (let i = 0; i < 2; i++) await client.put(`k${i}`, 'x', { permanent: true })
  await assert.rejects(client.put('k2', 'x', { permanent: true }), { code: 'ERR_DHT_LIMIT' })
  await client.put('k2', 'x')
})
