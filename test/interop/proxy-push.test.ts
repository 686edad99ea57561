// SPDX-License-Identifier: MIT
// A C++ dhtnode that listens through push notifications: what it asks our proxy for, what arrives
// at the push gateway for it, and how it takes leave.
// test-waits

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { cppAvailable } from '../support/cpp-available.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { type ProxyNetwork, startProxy } from '../support/proxy-kit.ts'
import { PushStub } from '../support/push-stub.ts'
import { poll } from '../support/watch.ts'

const SETTLE_MS = 15_000
/** A client keeps a listen for a minute after the last cancel. */
const LEAVE_MS = 75_000
const KEY = 'watched'

describe('a C++ proxy client with a device key', { skip: cppAvailable() }, () => {
  let gateway: PushStub
  let network: ProxyNetwork
  let client: DhtnodeProcess

  before(async () => {
    gateway = await PushStub.start()
    network = await startProxy({
      push: { gateway: gateway.host, bundleId: 'net.example.bundle', format: '2.4' },
    })
    const args = ['--proxyclient', network.proxy.url, '--devicekey', 'TOK123']
    client = await DhtnodeProcess.start({ args })
    const isConnected = async () => (await client.stats()).ipv4.good > 0
    await poll(isConnected, SETTLE_MS, 'the client believes in its proxy')
  })
  after(async () => {
    await client?.close()
    await network?.close()
    await gateway?.[Symbol.asyncDispose]()
  })

  test('subscribes instead of listening, and is notified', async () => {
    client.send(`l ${KEY}`)
    const isSubscribed = () => network.proxy.summary.pushListeners === 1
    await poll(isSubscribed, SETTLE_MS, 'a subscription')
    assert.equal(network.proxy.counters.listens, 0)
    await network.peer.put(KEY, { id: 7n, data: Uint8Array.of(1) })
    await gateway.received(1)
    const [item] = gateway.items
    const data = item!['data'] as Record<string, unknown>
    assert.deepEqual(item!['tokens'], ['TOK123'])
    assert.equal(item!['topic'], 'net.example.bundle')
    assert.equal(data['to'], 'dhtnode')
    // Drawn by the client: it ignores what is for another run of it.
    assert.match(String(data['s']), /^.{8}$/)
  })

  test('puts permanently with the device to be told of the end', async () => {
    const { ok } = await client.put('kept', 'long', true)
    assert.ok(ok)
    assert.equal(network.proxy.summary.puts, 1)
    // Its token is the one of the subscription.
    assert.equal(network.proxy.summary.pushListeners, 1)
  })

  test('ends its subscription', async () => {
    const [, token] = await client.waitForOutput(/Listening, token: (\d+)/, SETTLE_MS)
    client.send(`cl ${KEY} ${token}`)
    const counts = () => network.proxy.counters.requests['UNSUBSCRIBE /key/:key'] ?? 0
    await poll(() => counts() === 1, LEAVE_MS, 'an UNSUBSCRIBE')
    const page = await (await fetch(`${network.proxy.url}/metrics`)).text()
    assert.match(page, /^opendht_proxy_subscriptions 0$/m)
    assert.match(page, /^opendht_proxy_permanent_puts 1$/m)
  })
})
