// SPDX-License-Identifier: MIT
// Push notifications all the way: a client without open connections, a proxy of ours, and a gateway
// that hands what it gets to the client, as push services and the system of a phone do.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Value } from '../../src/nodejs/entry.ts'
import { ProxyClient, type PushOutcome } from '../../src/proxy/client/entry.ts'
import { ProxyServer } from '../../src/proxy/server/entry.ts'
import { startNodes } from '../support/conformance-nodes.ts'
import { hear, SHORT_LIVED } from '../support/dht-conformance.ts'
import { text } from '../support/dht-kit.ts'
import { PushStub } from '../support/push-stub.ts'
import { poll } from '../support/watch.ts'

const DEADLINE_MS = 20_000

test('a listen hears through notifications what comes and goes', async (t) => {
  const nodes = await startNodes(3)
  for (const node of nodes) t.after(() => node.close())
  const [server, writer] = nodes
  await using gateway = await PushStub.start()
  const push = { gateway: gateway.host }
  const proxy = await ProxyServer.start(server!, { port: 0, address: '127.0.0.1', push })
  t.after(() => proxy.close())

  const device = { token: 'device', clientId: 'app', platform: 'android' } as const
  const client = new ProxyClient({ proxies: proxy.url, push: device })
  t.after(() => client.close())
  const outcomes: PushOutcome[] = []
  gateway.answer = async ({ body }) => {
    for (const { data } of JSON.parse(body.toString()).notifications) {
      outcomes.push(await client.pushNotificationReceived(data))
    }
    return { status: 200 }
  }

  await writer!.put('k', text('before', 1n))
  const heard = hear(client, 'k')
  await poll(() => heard.length === 1, DEADLINE_MS, 'what is there')
  await writer!.put('k', text('after', 2n))
  await poll(() => heard.length === 2, DEADLINE_MS, 'what comes')
  await writer!.put('k', new Value({ id: 3n, type: SHORT_LIVED.id, data: new Uint8Array(1) }))
  await poll(() => heard.length === 4, DEADLINE_MS, 'what comes and goes')
  assert.deepEqual(heard, ['+before', '+after', '+\0', '-\0'])
  assert.ok(outcomes.includes('values'))
  assert.ok(outcomes.every((outcome) => /^(values|values-expired|ignored)$/.test(outcome)))
  assert.equal(client.proxyStats().streamsOpened, 0)
})
