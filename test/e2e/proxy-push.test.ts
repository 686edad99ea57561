// SPDX-License-Identifier: MIT
// The subscriptions and puts that were recorded with OpenDHT's proxies, sent to ours: what arrives
// at the push gateway has to be the same. Then what upstream does not have, over HTTP.

import assert from 'node:assert/strict'
import { createECDH } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import type { PushFormat } from '../../src/proxy/server/push/notification.ts'
import { type ProxyNetwork, rawRequest, startProxy } from '../support/proxy-kit.ts'
import { decryptMessage, newDevice } from '../support/push-device.ts'
import { PushStub } from '../support/push-stub.ts'
import { loadVectors } from '../support/vectors.ts'

interface Exchange {
  name: string
  request: string
  response: string
}

interface GatewayVectors {
  subscribe_and_put: Exchange[]
  received: { raw: string }[]
}

type Item = Record<string, unknown> & { tokens: string[]; data: Record<string, unknown> }

const FORMATS: [string, PushFormat][] = [
  ['2.4.12', '2.4'],
  ['4.3.1', '4.3'],
]
const UP = { client_id: 'app', session_id: 's', topic: '' }

function itemsIn(body: string): Item[] {
  return JSON.parse(body).notifications
}

/** Without what is of the moment; its type stays. */
function timeless(item: Item): unknown {
  const { data, expiration, ...rest } = item
  const { t, ...fields } = data
  return { ...rest, data: { ...fields, t: typeof t }, expiration: typeof expiration }
}

for (const [version, format] of FORMATS) {
  suite(`push notifications as of ${version}`, () => {
    const vectors = loadVectors<GatewayVectors>(`proxy/push-gateway-${version}`)
    const bodies = vectors.received.map(({ raw }) => raw.split('\r\n\r\n')[1] ?? '')
    let gateway: PushStub
    let network: ProxyNetwork

    before(async () => {
      gateway = await PushStub.start()
      const push = { gateway: gateway.host, bundleId: 'net.example.bundle', format }
      network = await startProxy({ push: { ...push, allowLocalEndpoints: true } })
    })
    after(async () => {
      await network.close()
      await gateway[Symbol.asyncDispose]()
    })

    for (const [index, exchange] of vectors.subscribe_and_put.entries()) {
      if (!exchange.name.startsWith('subscribe')) continue
      const put = vectors.subscribe_and_put[index + 1]!
      test(exchange.name, async () => {
        const own = exchange.request.replace(/127\.0\.0\.1:\d+(?=\/UP)/, gateway.host)
        const body = own.split('\r\n\r\n')[1]!
        const request = own.replace(/Content-Length: \d+/, `Content-Length: ${body.length}`)
        const [reply] = await rawRequest(network.proxy.port, request)
        assert.deepEqual([reply?.status, reply?.body], [200, '{}\n'])
        const before = gateway.requests.length
        const [stored] = await rawRequest(network.proxy.port, put.request)
        assert.equal(stored?.status, 200)
        await gateway.received(before + 1)
        const sent = gateway.requests[before]!
        const { key: token, platform } = JSON.parse(body)
        if (platform === 'unifiedpush') return compareEndpoint(sent, token)
        const recorded = bodies.filter((it) => it.startsWith('{"notifications"')).flatMap(itemsIn)
        const expected = recorded.find(({ tokens }) => tokens[0] === token)!
        assert.equal(sent.path, '/api/push')
        const [item] = itemsIn(sent.body.toString())
        assert.deepEqual(timeless(item!), timeless(expected))
      })
    }

    /** 2.4.12 sends to another port than it was given, so 4.3.1 is the model for both. */
    function compareEndpoint(sent: PushStub['requests'][0], endpoint: string): void {
      const { pathname, search } = new URL(endpoint)
      assert.equal(sent.path, pathname + search)
      const data = JSON.parse(sent.body.toString())
      const { received } = loadVectors<GatewayVectors>('proxy/push-gateway-4.3.1')
      const expected = received.find(({ raw }) => raw.startsWith(`POST ${sent.path} `))!.raw
      const [head = '', body = ''] = expected.split('\r\n\r\n')
      assert.deepEqual({ ...data, t: 0 }, { ...JSON.parse(body), t: 0 })
      for (const name of ['Content-Type', 'TTL', 'Urgency']) {
        const value = new RegExp(`^${name}: (.*)$`, 'm').exec(head)?.[1]?.trim()
        assert.equal(sent.headers[name.toLowerCase()], value, name)
      }
    }
  })
}

suite('subscriptions over HTTP', () => {
  let gateway: PushStub
  let network: ProxyNetwork

  before(async () => {
    gateway = await PushStub.start()
    network = await startProxy({ push: { allowLocalEndpoints: true } })
  })
  after(async () => {
    await network.close()
    await gateway[Symbol.asyncDispose]()
  })

  async function ask(method: string, path: string, body?: unknown) {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const reply = await fetch(network.proxy.url + path, { method, ...sent })
    return { status: reply.status, text: await reply.text() }
  }

  test('a browser gets the key of the proxy, and what only it can read', async () => {
    const { status, text } = await ask('GET', '/push/vapid')
    assert.equal(status, 200)
    const point = Buffer.from(JSON.parse(text).publicKey, 'base64url')
    // Throws for a point off the curve.
    const own = createECDH('prime256v1')
    own.generateKeys()
    own.computeSecret(point)
    const device = newDevice()
    const { p256dh, auth } = device
    const key = `http://${gateway.host}/browser`
    // As `JSON.stringify(subscription)` has it, beside the endpoint.
    const body = { ...UP, key, keys: { p256dh, auth }, platform: 'webpush' }
    assert.deepEqual(await ask('SUBSCRIBE', '/key/web', body), { status: 200, text: '{}\n' })
    await ask('POST', '/key/web', { data: 'dg==', id: '5' })
    await gateway.received(1)
    const [request] = gateway.requests
    const data = JSON.parse(decryptMessage(device, request!.body).toString())
    assert.deepEqual([data.to, data.s, data.ids], ['app', 's', '5'])
    assert(request!.headers.authorization?.endsWith(`k=${JSON.parse(text).publicKey}`))
  })

  test('the legacy path is the same subscription', async () => {
    const body = { ...UP, key: `http://${gateway.host}/legacy`, platform: 'unifiedpush' }
    await ask('POST', '/key/old', { data: 'dg==', id: '6' })
    assert.equal((await ask('SUBSCRIBE', '/old', body)).text, '{}\n')
    const values = await ask('SUBSCRIBE', '/key/old', body)
    assert.deepEqual(values, { status: 200, text: '{"data":"dg==","id":"6","type":0}\n' })
    assert.equal((await ask('SUBSCRIBE', '/old', { ...body, refresh: true })).text, '{}\n')
    assert.deepEqual(await ask('UNSUBSCRIBE', '/old', body), { status: 200, text: '' })
    assert.equal((await ask('SUBSCRIBE', '/old', { ...body, refresh: true })).text, '{}\n')
  })

  test('a mistake is told as one', async () => {
    const wrong: [unknown, RegExp][] = [
      [{}, /key must be a push token/],
      [{ key: 7 }, /key must be a string/],
      [{ key: 'x'.repeat(5000) }, /key must have at most 2048 characters/],
      [{ key: 'token', platform: 'webpush' }, /key must be a URL/],
      [{ key: 'https://h/', platform: 'webpush', p256dh: 1, auth: 2 }, /p256dh and auth must be/],
      [[], /must be a JSON object/],
    ]
    for (const [body, expected] of wrong) {
      for (const [method, path] of [
        ['SUBSCRIBE', '/key/k'],
        ['POST', '/node/pingPush'],
      ] as const) {
        const { status, text } = await ask(method, path, body)
        assert.equal(status, 400, `${method} ${JSON.stringify(body)}`)
        assert.match(JSON.parse(text).err, expected)
      }
    }
    const { status, text } = await ask('SUBSCRIBE', '/key/k', { key: 'token', platform: 'ios' })
    assert.equal(status, 501)
    assert.match(JSON.parse(text).err, /no push gateway/)
  })

  test('statistics and metrics count them', async () => {
    await ask('POST', '/key/kept', { data: 'dg==', id: '7', permanent: true })
    const stats = JSON.parse((await ask('GET', '/node/stats')).text)
    assert.equal(stats.totalPermanentPuts, 1)
    assert.equal(stats.pushListenersCount, 2)
    assert.deepEqual(stats.androidPush, { highPriorityCount: 0, normalPriorityCount: 0 })
    assert(stats.unifiedPush.highPriorityCount >= 1)
    const page = (await ask('GET', '/metrics')).text
    assert.match(page, /^opendht_proxy_permanent_puts 1$/m)
    assert.match(
      page,
      /^opendht_proxy_notifications_total\{platform="webpush",priority="high"\} 1$/m,
    )
  })
})
