// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { text } from '../../../support/dht-kit.ts'
import type { FakeProxy } from '../../../support/fake-proxy.ts'
import { settle } from '../../../support/virtual-schedule.ts'
import { hear, setUp } from './kit.ts'

const HOUR = 60 * 60_000
const PUSH = { token: 'T1', clientId: 'me', topic: 'app', platform: 'android' } as const
const K = `${InfoHash.get('k')}`

function bodies(proxy: FakeProxy | undefined, method = 'SUBSCRIBE'): Record<string, unknown>[] {
  return proxy!.requestsOf(method).map(({ body }) => JSON.parse(body!))
}

test('a listen subscribes, and tells what notifications are about', async (t) => {
  const { net, client } = await setUp(t, { push: PUSH })
  const [proxy] = net.proxies
  proxy!.put('k', text('one', 1n))
  const heard = hear(client, 'k')
  await settle()
  assert.equal(proxy!.streams, 0)
  const [{ session_id: session, ...subscription } = {}] = bodies(proxy)
  assert.deepEqual(subscription, { key: 'T1', client_id: 'me', topic: 'app', platform: 'android' })
  assert.match(String(session), /^[!-~]{8}$/)
  proxy!.put('k', text('two', 2n))
  const note = { key: K, to: 'me', s: session, t: 1000 }
  assert.equal(await client.pushNotificationReceived(note), 'values')
  assert.deepEqual(heard, ['+one', '+two'])
  proxy!.forget('k', 1n)
  assert.equal(
    await client.pushNotificationReceived({ ...note, t: '2000', exp: '1' }),
    'values-expired',
  )
  // Older news than what was heard last.
  assert.equal(await client.pushNotificationReceived({ ...note, exp: '2' }), 'ignored')
  // Without ids, what is not there any more is gone.
  proxy!.forget('k', 2n)
  assert.equal(await client.pushNotificationReceived({ ...note, t: 3000 }), 'values')
  assert.deepEqual(heard, ['+one', '+two', '-one', '-two'])
})

test('notifications for others, and unreadable ones, change nothing', async (t) => {
  const { net, client } = await setUp(t, { push: PUSH })
  hear(client, 'k')
  await settle()
  const { session_id: s } = bodies(net.proxies[0])[0]!
  const before = net.proxies[0]!.requests.length
  const tell = (data: object) => client.pushNotificationReceived({ s, to: 'me', ...data })
  assert.equal(await tell({ key: K, s: 'other' }), 'wrong-session')
  assert.equal(await tell({ key: K, to: 'you' }), 'wrong-session')
  assert.equal(await tell({ key: `${InfoHash.get('other')}` }), 'ignored')
  assert.equal(await tell({ pong: true }), 'ignored')
  assert.equal(await tell({ key: 'nonsense' }), 'error')
  assert.equal(await tell({ key: K, exp: 'x' }), 'error')
  assert.equal(await tell({ key: K, t: 'x' }), 'error')
  assert.equal(await tell({ timeout: 7 }), 'error')
  assert.equal(await tell({ timeout: K, vid: '-1' }), 'error')
  assert.equal(await tell({ timeout: K, vid: '77' }), 'ignored')
  assert.equal(net.proxies[0]!.requests.length, before)
  net.proxies[0]!.refusals = { GET: 500 }
  assert.equal(await tell({ key: K }), 'error')
})

test('subscriptions are renewed after 22 hours and when the proxy asks', async (t) => {
  const { net, client } = await setUp(t, { push: PUSH, checkIntervalMs: HOUR })
  hear(client, 'k')
  await settle()
  await net.clock.run(22.5 * HOUR)
  assert.deepEqual(
    bodies(net.proxies[0]).map(({ refresh }) => refresh),
    [undefined, true],
  )
  const { session_id: s } = bodies(net.proxies[0])[0]!
  assert.equal(
    await client.pushNotificationReceived({ timeout: K, to: 'me', s }),
    'listen-refreshed',
  )
  await settle()
  assert.equal(bodies(net.proxies[0]).length, 3)
})

test('permanent puts tell whom to notify, and are renewed when the proxy asks', async (t) => {
  const { net, client } = await setUp(t, { push: PUSH })
  const { value } = await client.put('k', 'x', { permanent: true })
  const { permanent } = bodies(net.proxies[0], 'POST')[0]!
  const { session_id: s, ...who } = permanent as Record<string, string>
  assert.deepEqual(who, { key: 'T1', client_id: 'me', topic: 'app', platform: 'android' })
  const note = { timeout: K, to: 'me', s, vid: `${value.id}` }
  assert.equal(await client.pushNotificationReceived(note), 'put-refreshed')
  await settle()
  assert.equal(bodies(net.proxies[0], 'POST').length, 2)
})

test('another token is told at once, and none turns to streams', async (t) => {
  const { net, client } = await setUp(t, { push: PUSH })
  const [proxy] = net.proxies
  const heard = hear(client, 'k')
  await client.put('p', 'x', { permanent: true })
  client.setPushNotificationToken('T1')
  await settle()
  assert.equal(bodies(proxy).length, 1)
  client.setPushNotificationToken('T2')
  await settle()
  assert.deepEqual(
    bodies(proxy).map(({ key, refresh }) => [key, refresh]),
    [
      ['T1', undefined],
      ['T2', undefined],
    ],
  )
  assert.equal(bodies(proxy, 'POST').length, 2)
  assert.throws(() => client.setPushNotificationToken(''), TypeError)
  client.setPushNotificationToken(undefined)
  await settle()
  assert.deepEqual(bodies(proxy, 'UNSUBSCRIBE'), [{ key: 'T2', client_id: 'me' }])
  proxy!.put('k', text('one', 1n))
  await settle()
  assert.deepEqual(heard, ['+one'])
  // Who the device is stays.
  client.setPushNotificationToken('T3')
  await settle()
  const { session_id: _, ...last } = bodies(proxy).at(-1)!
  assert.deepEqual(last, { key: 'T3', client_id: 'me', topic: 'app', platform: 'android' })
})

test('who stops while it subscribes unsubscribes', async (t) => {
  const { net, client } = await setUp(t, { push: PUSH })
  const [proxy] = net.proxies
  const stop = new AbortController()
  proxy!.isMute = true
  hear(client, 'k', { signal: stop.signal })
  await settle()
  stop.abort()
  client.close()
  proxy!.isMute = false
  await net.clock.run(2 * 60_000)
  assert.equal(bodies(proxy, 'UNSUBSCRIBE').length, 1)
})

test('a proxy that was away for a moment is told again: it may have been restarted', async (t) => {
  const { net, client } = await setUp(t, { push: PUSH, checkIntervalMs: HOUR })
  const [proxy] = net.proxies
  hear(client, 'k')
  await settle()
  assert.equal(bodies(proxy).length, 1)
  proxy!.isDown = true
  await net.clock.run(2 * HOUR)
  proxy!.isDown = false
  await net.clock.run(2 * 60_000)
  assert.equal(bodies(proxy).length, 2)
})

test('a proxy that takes over while the values are fetched is told, too', async (t) => {
  const { net, client } = await setUp(t, { count: 2, push: PUSH, checkIntervalMs: HOUR })
  const [first, second] = net.proxies
  first!.onRequest = ({ method }) => {
    if (method === 'SUBSCRIBE') first!.status = 'shutting-down'
  }
  hear(client, 'k')
  await net.clock.run(60_000)
  assert.equal(bodies(first).length, 1)
  assert.equal(bodies(second).length, 1)
})

test('the last listen of a key unsubscribes after a minute', async (t) => {
  const { net, client } = await setUp(t, { push: PUSH })
  const stop = new AbortController()
  hear(client, 'k', { signal: stop.signal })
  await settle()
  stop.abort()
  await net.clock.run(59_000)
  assert.equal(bodies(net.proxies[0], 'UNSUBSCRIBE').length, 0)
  await net.clock.run(2000)
  assert.equal(bodies(net.proxies[0], 'UNSUBSCRIBE').length, 1)
})

test('a subscription moves to the next proxy', async (t) => {
  const { net, client } = await setUp(t, { count: 2, push: PUSH })
  const heard = hear(client, 'k')
  await settle()
  net.proxies[0]!.isDown = true
  net.proxies[1]!.put('k', text('there', 1n))
  await net.clock.run(2 * 60_000)
  assert.equal(bodies(net.proxies[1])[0]!['refresh'], undefined)
  assert.deepEqual(heard, ['+there'])
})
