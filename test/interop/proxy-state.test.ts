// SPDX-License-Identifier: MIT
// A C++ proxy ends, and ours takes its place with the file that it leaves: subscriptions and
// permanent puts go on.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { startChild, stopChild } from '../support/child.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { freePort } from '../support/free-port.ts'
import { randomNetwork } from '../support/interop-kit.ts'
import { PushStub } from '../support/push-stub.ts'
import { poll } from '../support/watch.ts'

const SETTLE_MS = 20_000

describe('the state of a C++ proxy', { skip: cppAvailable() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'opendht-taken-over-'))
  let gateway: PushStub
  let node: DhtRunner
  let proxy: ProxyServer

  before(async () => {
    gateway = await PushStub.start()
    const network = randomNetwork()
    node = await DhtRunner.start({ port: 0, bind4: '127.0.0.1', bind6: false, network })
    const port = await freePort()
    const place = ['-n', `${network}`, '-b', `127.0.0.1:${node.port4}`, '-p', '0']
    const proxy = ['--proxyserver', `${port}`, '--pushserver', gateway.host]
    const state = ['-f', join(folder, 'state')]
    const child = startChild(['dhtnode', '-s', ...place, ...proxy, ...state])
    const send = (method: string, path: string, body?: object) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      return fetch(`http://127.0.0.1:${port}${path}`, { method, ...sent })
    }
    const isReady = () =>
      send('GET', '/').then(
        async (reply) => /"ipv4":{[^}]*"good":[1-9]/.test(await reply.text()),
        () => false,
      )
    await poll(isReady, SETTLE_MS, 'the C++ proxy knows its network')
    const device = { key: 'TOK', client_id: 'app', session_id: 's1', platform: 'android' }
    const value = { id: '5', data: 'dg==', permanent: device }
    assert.equal((await send('POST', '/key/kept', value)).status, 200)
    assert.equal((await send('SUBSCRIBE', '/key/watched', device)).status, 200)
    child.kill('SIGTERM')
    await stopChild(child, SETTLE_MS)
    // The file of a proxy has the name of its port.
    await takeOver(join(folder, `state_${port}`))
  })
  after(async () => {
    await proxy?.close()
    await node?.close()
    await gateway?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  async function takeOver(importPath: string): Promise<void> {
    proxy = await ProxyServer.start(node, {
      port: 0,
      address: '127.0.0.1',
      push: { gateway: gateway.host },
      store: { importPath },
    })
  }

  test('has the permanent put, which is announced', async () => {
    assert.equal(proxy.summary.puts, 1)
    assert.deepEqual(
      node.pendingPuts('kept').map(({ id }) => id),
      [5n],
    )
  })

  test('has the subscription, which is notified', async () => {
    const before = gateway.requests.length
    await node.put('watched', { id: 7n, data: Uint8Array.of(1) }).catch(() => undefined)
    await gateway.received(before + 1)
    const item = gateway.items.at(-1)!
    const data = item['data'] as Record<string, unknown>
    assert.deepEqual(item['tokens'], ['TOK'])
    assert.deepEqual([data['to'], data['s'], data['ids']], ['app', 's1', '7'])
  })
})
