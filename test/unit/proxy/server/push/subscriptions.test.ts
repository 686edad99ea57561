// SPDX-License-Identifier: MIT
// Subscriptions over a day, in virtual time: what devices are told, and when it ends.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../../../../src/core/id/info-hash.ts'
import { Value } from '../../../../../src/core/value/value.ts'
import { HOUR, type JsonFields, KeptKit } from '../../../../support/kept-kit.ts'
import { decryptMessage, newDevice } from '../../../../support/push-device.ts'

const KEY = InfoHash.get('key')
const DEVICE = { key: 'token', client_id: 'app', session_id: 's1', platform: 'android' }

const value = (id: bigint, init: { priority?: number; pushType?: string } = {}): Value =>
  new Value({ id, ...init })

suite('Subscriptions', () => {
  test('tells of values that appear and expire', async () => {
    await using kit = await KeptKit.start()
    assert.equal(await kit.subscribe(KEY, DEVICE), true)
    kit.node.tell(KEY, value(7n, { pushType: 'call' }))
    await kit.clock.pass(1000)
    await kit.gateway.received(1)
    const at = kit.clock.now()
    kit.node.tell(KEY, value(7n), true)
    await kit.clock.pass(1000)
    await kit.gateway.received(2)
    const common = { key: `${KEY}`, to: 'app', s: 's1', ids: '7' }
    assert.deepEqual(kit.told, [
      { ...common, pt: 'call', t: at - 990 },
      { ...common, pt: '', exp: '7', t: at + 10 },
    ])
    assert.deepEqual(
      kit.gateway.items.map(({ android }) => android),
      [
        { priority: 'high', ttl: '86400s' },
        { priority: 'normal', ttl: '86400s' },
      ],
    )
  })

  test('tells of values that come together in one notification, expired ones apart', async () => {
    await using kit = await KeptKit.start()
    await kit.subscribe(KEY, DEVICE)
    for (const id of [1n, 2n]) kit.node.tell(KEY, value(id, { priority: 3 }))
    await kit.clock.pass(20)
    await kit.gateway.received(1)
    assert.equal(kit.told[0]?.['ids'], '1,2')
    assert.equal(kit.told[0]?.['pt'], ',')
    assert.deepEqual(kit.gateway.items[0]?.['android'], { priority: 'normal', ttl: '86400s' })
    for (const id of [1n, 2n]) kit.node.tell(KEY, value(id), true)
    await kit.clock.pass(20)
    await kit.gateway.received(2)
    assert.equal(kit.told[1]?.['ids'], '1,2')
    assert(!('exp' in kit.told[1]!))
  })

  test('listens once per key, as long as somebody subscribes to it', async () => {
    await using kit = await KeptKit.start()
    await kit.subscribe(KEY, DEVICE)
    await kit.subscribe(KEY, { ...DEVICE, client_id: 'other' })
    await kit.subscribe(KEY, { ...DEVICE, key: 'another token' })
    assert.deepEqual(kit.node.listens, [`${KEY}`])
    assert.equal(kit.state.pushCounts.devices, 2)
    await kit.state.subscriptions.unsubscribe(KEY, 'token', 'app')
    await kit.state.subscriptions.unsubscribe(KEY, 'token', 'other')
    await kit.state.subscriptions.unsubscribe(KEY, 'token', 'unknown')
    assert.deepEqual(kit.node.listens, [`${KEY}`])
    await kit.state.subscriptions.unsubscribe(KEY, 'another token', 'app')
    await kit.clock.pass(1)
    assert.deepEqual(kit.node.listens, [])
  })

  test('begins to listen to thousands of keys in turn', async () => {
    await using kit = await KeptKit.start()
    const keys = Array.from({ length: 120 }, (_, n) => InfoHash.get(`key ${n}`))
    await Promise.all(keys.map((key) => kit.subscribe(key, DEVICE)))
    assert.equal(kit.node.listens.length, 50)
    await kit.state.subscriptions.unsubscribe(keys[119]!, 'token', 'app')
    await kit.clock.pass(100)
    assert.equal(kit.node.listens.length, 100)
    await kit.clock.pass(100)
    assert.equal(kit.node.listens.length, 119)
  })

  test('tells who subscribes later of what there is', async () => {
    await using kit = await KeptKit.start()
    await kit.subscribe(KEY, DEVICE)
    for (const id of [1n, 2n]) kit.node.tell(KEY, value(id))
    await kit.clock.pass(20)
    kit.node.tell(KEY, value(1n), true)
    await kit.clock.pass(20)
    await kit.gateway.received(2)
    await kit.subscribe(KEY, { ...DEVICE, client_id: 'late' })
    await kit.clock.pass(20)
    await kit.gateway.received(3)
    assert.deepEqual([kit.told[2]?.['to'], kit.told[2]?.['ids']], ['late', '2'])
    // A renewal is not a new subscription.
    assert.equal(await kit.subscribe(KEY, { ...DEVICE, client_id: 'late' }), false)
    await kit.clock.pass(20)
    assert.equal(kit.told.length, 3)
  })

  test('asks for a renewal at 22 hours and ends at 24', async () => {
    await using kit = await KeptKit.start()
    await kit.subscribe(KEY, DEVICE)
    await kit.clock.pass(21 * HOUR)
    assert.equal(await kit.subscribe(KEY, { ...DEVICE, session_id: 's2' }), false)
    await kit.clock.pass(21.9 * HOUR)
    assert.deepEqual(kit.told, [])
    await kit.clock.pass(0.2 * HOUR)
    await kit.gateway.received(1)
    assert.deepEqual(kit.told, [{ s: 's2', timeout: `${KEY}`, to: 'app' }])
    await kit.clock.pass(2 * HOUR)
    assert.deepEqual(kit.node.listens, [])
    assert.equal(kit.state.keeper.counters.expiredSubscriptions, 1)
    assert.equal(kit.told.length, 1)
  })

  test('sends many notifications over one connection, together while they wait', async () => {
    await using kit = await KeptKit.start()
    for (let n = 0; n < 50; n++) await kit.subscribe(KEY, { ...DEVICE, key: `token ${n}` })
    kit.node.tell(KEY, value(7n))
    await kit.clock.pass(20)
    while (kit.told.length < 50) await kit.gateway.received(kit.gateway.requests.length + 1)
    assert(kit.gateway.requests.length < 10, `${kit.gateway.requests.length} requests`)
    assert(kit.gateway.connections <= 4, `${kit.gateway.connections} connections`)
  })

  test('ends the subscriptions of tokens that the gateway calls dead', async () => {
    await using kit = await KeptKit.start()
    const token = 'a-token-of-a-device-that-was-sold'
    await kit.subscribe(KEY, { ...DEVICE, key: token })
    await kit.subscribe(InfoHash.get('other'), { ...DEVICE, key: token })
    await kit.put(KEY, { id: 6n }, { ...DEVICE, key: token })
    await kit.subscribe(KEY, DEVICE)
    const shown = `${'*'.repeat(10)}${token.slice(10, -10)}${'*'.repeat(10)}`
    const logs = [
      { type: 'failed-push', platform: 'android', token: shown, error: 'NotRegistered' },
      { type: 'failed-push', platform: 'android', token: 'token', error: 'Unavailable' },
    ]
    kit.gateway.answer = () => ({ status: 200, body: JSON.stringify({ counts: 2, logs }) })
    kit.node.tell(KEY, value(7n))
    await kit.clock.pass(20)
    while (kit.state.push.counters.deadTokens === 0) await kit.clock.pass(1)
    await kit.clock.pass(1)
    assert.deepEqual(kit.state.listens.counts, { keys: 1, subscriptions: 1 })
    // Its put lives on, and nobody is told of its end.
    assert.deepEqual(kit.state.puts.counts, { keys: 1, values: 1 })
    assert.equal(kit.state.pushCounts.devices, 1)
  })

  test('repeats what the gateway could not take', async () => {
    await using kit = await KeptKit.start()
    await kit.subscribe(KEY, DEVICE)
    kit.gateway.answer = () => ({ status: 503, body: 'busy' })
    kit.node.tell(KEY, value(7n))
    await kit.clock.pass(20)
    await kit.gateway.received(1)
    while (kit.state.push.counters.retries === 0) await kit.clock.pass(1)
    kit.gateway.answer = () => ({ status: 200 })
    await kit.clock.pass(2000)
    await kit.gateway.received(2)
    assert.deepEqual(kit.told[0], kit.told[1])
  })

  test('sends to endpoints in plain text, or encrypted when keys are given', async () => {
    await using kit = await KeptKit.start()
    const { host } = kit.gateway
    const device = newDevice()
    const up = { client_id: 'app', session_id: 's', platform: 'unifiedpush' }
    const fields: JsonFields[] = [
      { ...up, key: `http://${host}/plain?id=1` },
      { ...up, key: `http://${host}/secret`, topic: `${device.p256dh}|${device.auth}` },
      { ...up, key: `http://${host}/web`, ...device, pair: null, platform: 'webpush' },
    ]
    for (const it of fields) await kit.subscribe(KEY, it)
    kit.node.tell(KEY, value(7n))
    await kit.clock.pass(20)
    await kit.gateway.received(3)
    const by = new Map(kit.gateway.requests.map((it) => [it.path, it]))
    const plain = by.get('/plain?id=1')!
    const data = JSON.parse(plain.body.toString())
    assert.equal(data.ids, '7')
    assert.equal(plain.headers['content-encoding'], undefined)
    for (const path of ['/secret', '/web']) {
      const { headers, body } = by.get(path)!
      assert.equal(headers['content-encoding'], 'aes128gcm')
      assert.deepEqual(JSON.parse(decryptMessage(device, body).toString()), data)
    }
    for (const { headers } of by.values()) {
      assert.deepEqual([headers['ttl'], headers['urgency']], ['86400', 'high'])
    }
    assert.match(by.get('/web')!.headers.authorization ?? '', /^vapid t=\S+, k=\S+$/)
    assert.equal(by.get('/secret')!.headers.authorization, undefined)
  })

  test('ends the subscriptions of endpoints that are gone, and follows no redirect', async () => {
    await using kit = await KeptKit.start()
    const { host } = kit.gateway
    const up = { client_id: 'app', platform: 'unifiedpush' }
    await kit.subscribe(KEY, { ...up, key: `http://${host}/gone` })
    await kit.subscribe(KEY, { ...up, key: `http://${host}/moved` })
    kit.gateway.answer = ({ path }) =>
      path === '/gone' ? { status: 410 } : { status: 307, headers: { Location: '/elsewhere' } }
    kit.node.tell(KEY, value(7n))
    await kit.clock.pass(20)
    await kit.gateway.received(2)
    const { counters } = kit.state.push
    while (counters.deadTokens + counters.refused < 2) await kit.clock.pass(1)
    await kit.clock.pass(1)
    assert.deepEqual([counters.deadTokens, counters.refused], [1, 1])
    assert.equal(kit.state.listens.counts.subscriptions, 1)
    assert(kit.gateway.requests.every(({ path }) => path !== '/elsewhere'))
  })

  test('leaves alone who refuses ten notifications in a row', async () => {
    await using kit = await KeptKit.start()
    const key = `http://${kit.gateway.host}/not-a-push-service`
    await kit.subscribe(KEY, { client_id: 'app', platform: 'unifiedpush', key })
    kit.gateway.answer = () => ({ status: 405 })
    const { counters } = kit.state.push
    for (let n = 1; n < 10; n++) {
      kit.node.tell(KEY, value(BigInt(n)))
      await kit.clock.pass(20)
      while (counters.refused < n) await kit.clock.pass(1)
    }
    assert.equal(kit.state.listens.counts.subscriptions, 1)
    kit.node.tell(KEY, value(10n))
    await kit.clock.pass(20)
    while (counters.deadTokens === 0) await kit.clock.pass(1)
    await kit.clock.pass(1)
    assert.equal(kit.state.listens.counts.subscriptions, 0)
    assert.equal(kit.gateway.requests.length, 10)
  })

  test('refuses devices that it cannot notify', async () => {
    await using kit = await KeptKit.start({ push: { allowLocalEndpoints: false } })
    const bad: JsonFields[] = [
      { key: 'http://push.example.org/x', platform: 'unifiedpush' },
      { key: 'https://127.0.0.1/x', platform: 'unifiedpush' },
      { key: 'token', platform: 'webpush' },
      { key: 'https://push.example.org/x', platform: 'webpush' },
      { key: 'https://push.example.org/x', platform: 'webpush', p256dh: 'AAAA', auth: 'AAAA' },
      { key: 'https://push.example.org/x', platform: 'unifiedpush', topic: 'a|b' },
    ]
    for (const fields of bad) {
      await assert.rejects(kit.subscribe(KEY, fields), { status: 400 }, JSON.stringify(fields))
    }
    await using without = await KeptKit.start({ push: { gateway: undefined } })
    await assert.rejects(without.subscribe(KEY, DEVICE), { status: 501 })
  })

  test('ends with the later of two requests that come at the same time', async () => {
    await using kit = await KeptKit.start()
    const { subscriptions } = kit.state
    await Promise.all([kit.subscribe(KEY, DEVICE), subscriptions.unsubscribe(KEY, 'token', 'app')])
    assert.equal(kit.state.listens.counts.subscriptions, 0)
    const isNew = [kit.subscribe(KEY, DEVICE), kit.subscribe(KEY, DEVICE)]
    assert.deepEqual(await Promise.all(isNew), [true, false])
  })

  test('has a limit for one address, and for all', async () => {
    const keptLimits = { maxSubscriptionsPerAddress: 2, maxSubscriptions: 3 }
    await using kit = await KeptKit.start({ keptLimits })
    const subscribe = (n: number, address: string) =>
      kit.subscribe(KEY, { ...DEVICE, key: `token ${n}` }, address)
    await subscribe(1, 'a')
    await subscribe(2, 'a')
    await assert.rejects(subscribe(3, 'a'), { status: 429 })
    assert.equal(await subscribe(2, 'a'), false)
    await subscribe(3, 'b')
    await assert.rejects(subscribe(4, 'b'), { status: 503 })
    assert.equal(kit.state.refusals.subscriptions, 2)
  })

  test('notifies on request only to show that notifications arrive', async () => {
    await using kit = await KeptKit.start()
    const target = { ...DEVICE, token: 'token', clientId: 'app', sessionId: '', topic: '' }
    kit.state.subscriptions.ping({ ...target, platform: 'android' })
    await kit.gateway.received(1)
    assert.deepEqual(kit.told, [{ pong: true, to: 'app' }])
    assert.deepEqual(kit.gateway.items[0]?.['android'], { priority: 'high', ttl: '86400s' })
  })
})
