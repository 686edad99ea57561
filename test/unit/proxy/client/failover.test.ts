// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DhtError } from '../../../../src/core/errors.ts'
import { ProxyError } from '../../../../src/proxy/client/proxy-error.ts'
import { text, textOf } from '../../../support/dht-kit.ts'
import { settle } from '../../../support/virtual-schedule.ts'
import { hear, setUp } from './kit.ts'

const MINUTE = 60_000

test('the first proxy that is ready is used, and only that one is asked', async (t) => {
  const { net, client } = await setUp(t, { count: 3 })
  await net.clock.run(10 * MINUTE)
  assert.equal(client.proxy, 'http://p0.test')
  assert.equal(client.status().overall, 'connected')
  assert.equal(net.proxies[1]!.requests.length + net.proxies[2]!.requests.length, 0)
  const checks = net.proxies[0]!.requests.length
  assert.ok(checks >= 8 && checks <= 15, `${checks} checks in ten minutes`)
})

test('a proxy without peers is not used although it answers', async (t) => {
  const { client } = await setUp(t, {
    count: 2,
    before: (net) => {
      net.proxies[0]!.good = 0
    },
  })
  assert.equal(client.proxy, 'http://p1.test')
})

test('a proxy that is slow to answer does not hold up the others', async (t) => {
  const { net, client } = await setUp(t, {
    count: 2,
    before: (it) => {
      it.proxies[0]!.isMute = true
    },
  })
  await net.clock.run(499)
  assert.equal(client.proxy, undefined)
  await net.clock.run(1)
  assert.equal(client.proxy, 'http://p1.test')
})

test('what a proxy says of itself goes before what its tables look like', async (t) => {
  const { net, client } = await setUp(t, {
    count: 2,
    before: (net) => {
      net.proxies[0]!.status = 'silent'
    },
  })
  assert.equal(client.proxy, 'http://p1.test')
  net.proxies[1]!.status = 'shutting-down'
  net.proxies[0]!.status = 'ready'
  // Any answer tells it.
  await client.getAll('k')
  await settle()
  assert.equal(client.proxy, 'http://p0.test')
})

test('requests go on at the next proxy at once', async (t) => {
  const { net, client } = await setUp(t, { count: 3 })
  for (const proxy of net.proxies) proxy.put('k', text(`of ${proxy.url}`, 1n))
  net.proxies[0]!.isDown = true
  const found = await client.getAll('k')
  assert.deepEqual(found.map(textOf), ['of http://p1.test'])
  assert.equal(client.proxy, 'http://p1.test')
  assert.equal(client.proxyStats().switches, 1)
  assert.equal(net.clock.now, 0)
})

test('a request that fails alone changes nothing', async (t) => {
  const { net, client } = await setUp(t, { count: 2 })
  const statuses: string[] = []
  client.onStatus(({ overall }) => statuses.push(overall))
  await client.put('kept', 'x', { permanent: true })
  net.proxies[0]!.put('k', text('x', 1n))
  net.proxies[0]!.failsNext = 1
  assert.deepEqual((await client.getAll('k')).map(textOf), ['x'])
  await settle()
  assert.deepEqual(statuses, [])
  assert.equal(client.proxy, 'http://p0.test')
  assert.deepEqual(client.proxyStats().putsRenewed, 0)
})

test('a get that breaks off goes on elsewhere without repetitions', async (t) => {
  const { net, client } = await setUp(t, { count: 2 })
  const [first, second] = net.proxies
  for (const proxy of net.proxies) proxy.put('k', text('both', 1n))
  second!.put('k', text('more', 2n))
  first!.breaksGets = true
  const found: string[] = []
  for await (const value of client.get('k')) {
    found.push(textOf(value))
    first!.isDown = true
  }
  assert.deepEqual(found, ['both', 'more'])
})

test('listens go on at the next proxy, which may have other values', async (t) => {
  const { net, client } = await setUp(t, { count: 2 })
  const [first, second] = net.proxies
  first!.put('k', text('both', 1n))
  second!.put('k', text('both', 1n))
  first!.put('k', text('first only', 2n))
  const heard = hear(client, 'k')
  await settle()
  first!.die()
  second!.put('k', text('second only', 3n))
  await net.clock.run(10_000)
  assert.deepEqual(heard, ['+both', '+first only', '+second only', '-first only'])
  assert.equal(second!.streams, 1)
})

test('a proxy that failed is asked again, ever more rarely, and not in step', async (t) => {
  const { net, client } = await setUp(t, {
    before: (it) => {
      it.proxies[0]!.isDown = true
    },
  })
  await net.clock.run(20 * MINUTE)
  const checks = net.proxies[0]!.requests.length
  assert.ok(checks > 20 && checks < 60, `${checks} checks`)
  assert.equal(client.status().overall, 'disconnected')
  assert.equal(client.readiness().reason, 'unreachable')
  net.proxies[0]!.isDown = false
  await net.clock.run(MINUTE)
  assert.equal(client.status().overall, 'connected')
})

test('operations fail with the reason when no proxy answers', async (t) => {
  const { client } = await setUp(t, {
    count: 2,
    before: (net) => {
      for (const proxy of net.proxies) proxy.isDown = true
    },
  })
  await assert.rejects(client.getAll('k'), (error: DhtError) => {
    assert.equal(error.code, 'ERR_DHT_NO_NODES')
    assert.match(error.message, /p0.*ECONNREFUSED.*p1/)
    assert.ok(error.cause instanceof ProxyError)
    return true
  })
  await assert.rejects(client.put('k', 'x'), { code: 'ERR_DHT_NO_NODES', name: 'PutError' })
})

test('a proxy without peers is better than none, but its silence is no answer', async (t) => {
  const { net, client } = await setUp(t, {
    before: (it) => {
      it.proxies[0]!.good = 0
    },
  })
  assert.equal(client.readiness().reason, 'connecting')
  await assert.rejects(client.getAll('k'), { code: 'ERR_DHT_NO_NODES' })
  net.proxies[0]!.put('k', text('local', 1n))
  assert.deepEqual((await client.getAll('k')).map(textOf), ['local'])
})

test('an operation that comes before the first answer waits for it', async (t) => {
  const { net, client } = await setUp(t, { count: 2 })
  await client.close()
  net.proxies[1]!.put('k', text('x', 1n))
  net.proxies[0]!.isDown = true
  const { ProxyClient } = await import('../../../../src/proxy/client/proxy-client.ts')
  await using other = new ProxyClient({ proxies: net.urls }, net.ports)
  assert.equal(other.status().overall, 'connecting')
  assert.equal(other.readiness().reason, 'starting')
  assert.deepEqual((await other.getAll('k')).map(textOf), ['x'])
})

test('refusals have codes, and go to the next proxy unless they are our fault', async (t) => {
  const { net, client } = await setUp(t, { count: 2 })
  const [first, second] = net.proxies
  first!.refusals = { POST: 502 }
  const { value } = await client.put('k', 'x')
  assert.equal(second!.values.get(second!.requests.at(-1)!.path)!.has(value.id), true)
  second!.refusals = { POST: 429 }
  await assert.rejects(client.put('k', 'y'), { code: 'ERR_DHT_LIMIT' })
  second!.requests.length = 0
  first!.refusals = { POST: 400 }
  await assert.rejects(client.put('k', 'z'), (error: DhtError) => {
    assert.equal(error.code, 'ERR_DHT_FAILED')
    assert.match(error.message, /status 400: \{"err":"refused"\}/)
    assert.equal((error.cause as ProxyError).status, 400)
    return true
  })
  assert.equal(second!.requestsOf('POST').length, 0)
})

test('a proxy that never answers is given up after a time', async (t) => {
  const { net, client } = await setUp(t, { count: 2, requestTimeoutMs: 10_000 })
  const ended: string[] = []
  net.proxies[1]!.put('k', text('x', 1n))
  net.proxies[0]!.isMute = true
  void client.getAll('k').then((values) => ended.push(...values.map(textOf)))
  await net.clock.run(10_000)
  assert.deepEqual(ended, [])
  // It is asked once more what is wrong.
  await net.clock.run(500)
  assert.deepEqual(ended, ['x'])
})

test('after a change of the network proxies are asked at once', async (t) => {
  const { net, client } = await setUp(t, {
    before: (it) => {
      it.proxies[0]!.isDown = true
    },
  })
  await net.clock.run(10 * MINUTE)
  net.proxies[0]!.isDown = false
  client.connectivityChanged()
  await net.clock.run(0)
  assert.equal(client.status().overall, 'connected')
})
