// SPDX-License-Identifier: MIT
// What endpoints of strangers answer.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { EndpointGuard } from '../../../../../src/proxy/server/push/endpoint-guard.ts'
import { Endpoints } from '../../../../../src/proxy/server/push/endpoints.ts'
import { newVapidKey, Vapid } from '../../../../../src/proxy/server/push/vapid.ts'
import { systemClock } from '../../../../../src/proxy/server/store/clock.ts'

test('the words of an endpoint cannot forge lines of the log', async (t) => {
  const server = createServer((_, reply) =>
    reply.writeHead(500).end('\n[proxy] all is \x1b[32mwell'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const guard = new EndpointGuard(true)
  const endpoints = new Endpoints({ guard, vapid: new Vapid(newVapidKey()), clock: systemClock })
  t.after(() => endpoints.close())
  const token = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const texts = { clientId: '', sessionId: '', topic: '' }
  const target = { platform: 'unifiedpush', token, ...texts } as const
  const outcome = await endpoints.destinationOf(token).send([{ target, event: { kind: 'ping' } }])
  assert.equal(outcome.kind, 'retry')
  assert.match((outcome as { reason: string }).reason, /^endpoint: status 500 \\u000a[ -~]*$/)
})
