// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProxyClient } from '../../../../src/proxy/client/proxy-client.ts'
import { type ProxyOptions, toProxyUrl } from '../../../../src/proxy/client/proxy-options.ts'
import { setUp } from './kit.ts'

test('proxies are named as OpenDHT names them', () => {
  assert.equal(toProxyUrl('proxy.test'), 'http://proxy.test')
  assert.equal(toProxyUrl('proxy.test:8000'), 'http://proxy.test:8000')
  assert.equal(toProxyUrl('127.0.0.1:80'), 'http://127.0.0.1')
  assert.equal(toProxyUrl('[::1]:8080'), 'http://[::1]:8080')
  assert.equal(toProxyUrl('https://proxy.test:443/dht/'), 'https://proxy.test/dht')
})

test('wrong options are refused by their names', () => {
  const wrong: [unknown, RegExp][] = [
    [undefined, /options must be an object/],
    [{}, /proxies must be a URL or an array/],
    [{ proxies: [] }, /proxies must be 1 to 64: got 0/],
    [{ proxies: [7] }, /proxies must be strings: got number/],
    [{ proxies: 'a b' }, /proxies must be URLs.*"a b"/],
    [{ proxies: 'ftp://x' }, /over http or https/],
    [{ proxies: 'http://me:secret@x' }, /no user, query or fragment: got "http:\/\/x…"/],
    [{ proxies: 'x', fetch: 1 }, /fetch must be a function/],
    [{ proxies: 'x', requestTimeoutMs: 0 }, /requestTimeoutMs must be a whole number/],
    [{ proxies: 'x', maxListens: '5' }, /maxListens must be a number/],
    [{ proxies: 'x', push: 'token' }, /push must be an object/],
    [{ proxies: 'x', push: { token: '' } }, /token must be a string/],
    [{ proxies: 'x', push: { token: 't', topic: 1 } }, /push.topic must be a string/],
  ]
  for (const [options, message] of wrong) {
    assert.throws(() => new ProxyClient(options as ProxyOptions), { message })
  }
})

test('only so many keys can be listened to', async (t) => {
  const { client } = await setUp(t, { maxListens: 1 })
  const first = client.listen('a')[Symbol.asyncIterator]()
  const pending = first.next()
  const second = client.listen('b')[Symbol.asyncIterator]()
  await assert.rejects(second.next(), { code: 'ERR_DHT_LIMIT' })
  await first.return!()
  await pending
  // The other one only lingers.
  const third = client.listen('b')[Symbol.asyncIterator]()
  const ended = third.next()
  await third.return!()
  assert.deepEqual(await ended, { done: true, value: undefined })
})

test('statistics are those of the proxy as far as it tells', async (t) => {
  const { client } = await setUp(t)
  const stats = await client.stats()
  assert.equal(stats.ipv4.good, 4)
  assert.equal(stats.ipv6.good, 0)
  assert.equal(client.publicAddress, '192.0.2.1')
})

test('query gives fields of what is found, each once', async (t) => {
  const { client } = await setUp(t)
  await client.put('k', { userType: 'a', data: new Uint8Array(1) })
  await client.put('k', { userType: 'a', data: new Uint8Array(2) })
  await client.put('k', { userType: 'b', data: new Uint8Array(3) })
  const found: string[] = []
  for await (const { userType } of client.query('k', 'SELECT user_type')) found.push(userType!)
  assert.deepEqual(found, ['a', 'b'])
})
