// SPDX-License-Identifier: MIT
// The proxy keeps what its OpenAPI document promises: every route is in the document, and every
// operation of the document is tried, well and badly.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Identity } from '../../src/crypto/identity.ts'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import type { OpenApiDocument } from '../../src/proxy/server/openapi/api-types.ts'
import { templateOf } from '../../src/proxy/server/openapi/document.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { ROUTES } from '../../src/proxy/server/routes/all.ts'
import { parseOpenMetrics, sampleOf } from '../support/open-metrics.ts'
import { Contract, type Operation, type Reply } from '../support/openapi-contract.ts'

const KEY = 'greetings'
const VALUE = { data: 'aGVsbG8=', id: '7', utype: 'text/plain' }

/** A body for each operation that needs one. */
const BODIES: Readonly<Record<string, (to: string) => unknown>> = {
  put: () => VALUE,
  putLegacy: () => ({ ...VALUE, id: 8 }),
  putSigned: () => ({ data: 'aGVsbG8=' }),
  putEncrypted: (to) => ({ data: 'aGVsbG8=', to }),
  subscribe: () => ({ key: 'token', client_id: 'app', platform: 'android' }),
  subscribeLegacy: () => ({ key: 'token', client_id: 'other', platform: 'ios' }),
  unsubscribe: () => ({ key: 'token', client_id: 'app' }),
  unsubscribeLegacy: () => ({ key: 'token', client_id: 'other' }),
  pingPush: () => ({ key: 'token', client_id: 'app', platform: 'android' }),
}

describe('the OpenAPI document', () => {
  let nodes: DhtRunner[]
  let proxy: ProxyServer
  let contract: Contract

  before(async () => {
    const local = { port: 0, bind4: '127.0.0.1', bind6: false } as const
    const identity = await Identity.generate({ name: 'proxy', bits: 2048 })
    const first = await DhtRunner.start(local)
    const second = await DhtRunner.start({
      ...local,
      identity,
      bootstrap: [`127.0.0.1:${first.port4}`],
    })
    nodes = [first, second]
    await Promise.all([first.whenConnected(), second.whenPublished()])
    proxy = await ProxyServer.start(second, {
      port: 0,
      address: '127.0.0.1',
      push: { gateway: '127.0.0.1:9' },
    })
    const response = await fetch(`${proxy.url}/openapi.json`)
    contract = new Contract((await response.json()) as OpenApiDocument)
  })
  after(async () => {
    await proxy?.close()
    await Promise.all(nodes?.map((node) => node.close()) ?? [])
  })

  /** Of what never ends, the first part that comes. */
  async function call({ method, path, operationId }: Operation, body?: string): Promise<Reply> {
    const url = `${proxy.url}${path.replace('{key}', KEY)}`
    const end = new AbortController()
    const sent = body === undefined ? {} : { body }
    const response = await fetch(url, { method, signal: end.signal, ...sent })
    const { status, headers } = response
    if (operationId !== 'listen') return { status, headers, body: await response.text() }
    const reader = response.body!.getReader()
    const { value } = await reader.read()
    end.abort()
    return { status, headers, body: new TextDecoder().decode(value) }
  }

  it('is sound in itself', () => contract.checkDocument())

  it('has all routes, and no others', () => {
    const documented = contract.operations.map(({ method, path }) => `${method} ${path}`)
    const routed = ROUTES.map(({ method, path }) => `${method} ${templateOf(path)}`)
    assert.deepEqual(documented.sort(), routed.sort())
  })

  it('tells the truth about every operation', async () => {
    const to = String(nodes[1]!.publicKey!.id)
    // Those that others need to have happened come first.
    const inOrder = contract.operations.sort((a, b) => rank(a) - rank(b))
    for (const operation of inOrder) {
      const body = BODIES[operation.operationId]?.(to)
      const isBodyWanted = operation.requestBody !== undefined
      assert.equal(body !== undefined, isBodyWanted, `no body for ${operation.operationId} here`)
      const reply = await call(operation, body === undefined ? undefined : JSON.stringify(body))
      assert.equal(reply.status, 200, `${operation.operationId}: ${reply.body}`)
      contract.checkReply(operation, reply)
    }
  })

  it('tells the truth about values that are signed, encrypted and gone', async () => {
    const get = contract.operations.find(({ operationId }) => operationId === 'get')!
    const { body } = await call(get)
    assert.match(body, /"id":"7"/)
    contract.checkReply(get, await call(get))
  })

  it('tells the truth about wrong bodies', async () => {
    for (const operation of contract.operations) {
      if (operation.requestBody === undefined) continue
      for (const wrong of ['', '{', '[]', '"text"', '{"data":"?"}']) {
        const reply = await call(operation, wrong)
        assert.equal(reply.status, 400, `${operation.operationId} with ${wrong}: ${reply.body}`)
        contract.checkReply(operation, reply)
        assert.notEqual(JSON.parse(reply.body).err, '')
      }
    }
  })

  it('is a page, too, that asks nobody else for anything', async () => {
    const response = await fetch(`${proxy.url}/api`)
    const page = await response.text()
    const policy = response.headers.get('content-security-policy')!
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'/)
    for (const { operationId } of contract.operations) {
      assert.ok(page.includes(`id="${operationId}"`), operationId)
    }
    assert.doesNotMatch(page, /<script|src=|url\(|style="/)
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, link]) => link!)
    assert.deepEqual(
      links.filter((it) => !/^[/#]/.test(it)),
      [],
    )
  })

  it('is not needed to see how it goes', async () => {
    const page = parseOpenMetrics(await (await fetch(`${proxy.url}/metrics`)).text())
    const labels = { method: 'POST', route: '/key/:key', status: '200' }
    assert.equal(sampleOf(page, 'opendht_proxy_requests_total', labels), 1)
    assert.ok(sampleOf(page, 'opendht_proxy_requests_total', { ...labels, status: '400' })! > 0)
    assert.ok(page.has('opendht_datagrams'))
    assert.equal(sampleOf(page, 'opendht_proxy_internal_errors_total'), 0)
  })
})

function rank({ operationId }: Operation): number {
  if (operationId.startsWith('put')) return 0
  return operationId.startsWith('un') ? 2 : 1
}
