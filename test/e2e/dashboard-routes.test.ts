// SPDX-License-Identifier: MIT
// The routes of the dashboard without a browser: what programs get, who is refused, and that
// streams end with the server and cost nothing when nobody reads them.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { type ServedNetwork, serveNetwork, TOKEN } from '../support/dashboard-kit.ts'
import { poll } from '../support/watch.ts'

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` }

let served: ServedNetwork
const endings: (() => Promise<void>)[] = []
before(async () => {
  served = await serveNetwork(
    { after: (end) => void endings.push(end) },
    { nodes: 3, token: TOKEN },
  )
})
after(async () => {
  for (const end of endings.reverse()) await end()
})

const ask = (path: string, options: RequestInit = {}): Promise<Response> =>
  fetch(`${served.proxy.url}${path}`, { redirect: 'manual', ...options })

// biome-ignore lint/suspicious/noExplicitAny: of many forms
const json = async (path: string, options: RequestInit = {}): Promise<any> =>
  (await ask(path, options)).json()

describe('the inspection', () => {
  test('tells what the node knows', async () => {
    const { node } = served
    const { value } = await node.put('inspected', 'a value')
    const overview = await json('/inspect/overview')
    assert.equal(overview.nodeId, String(node.id))
    assert.deepEqual([overview.readiness.status, overview.hasAdmin], ['ready', true])
    assert.deepEqual(overview.addresses.bound, node.addresses.map(String))
    const network = await json('/inspect/network')
    const shown = network.ipv4.buckets.flatMap((it: { nodes: { id: string }[] }) => it.nodes)
    assert.equal(shown.length, (await node.stats()).ipv4.good)
    const { searches } = await json('/inspect/searches')
    assert.ok(searches.length > 0 && searches[0].nodes.length > 0)
    const { keys } = await json('/inspect/storage')
    assert.ok(keys.some(({ values }: { values: number }) => values === 1))
    const key = searches.find((it: { puts: number }) => it.puts > 0)?.key ?? keys[0].key
    const { values } = await json(`/inspect/values?key=${key}`)
    assert.equal(values[0].id, String(value.id))
    assert.ok(values[0].expiresIn > 590_000 && values[0].expiresIn <= 600_000)
    assert.ok(Array.isArray(await json('/inspect/log')))
  })

  test('is for nobody else: other websites cannot read it', async () => {
    for (const path of ['/inspect/overview', '/inspect/network', '/dashboard/']) {
      const { headers, status } = await ask(path, { headers: { origin: 'https://evil.example' } })
      assert.deepEqual([status, headers.get('access-control-allow-origin')], [200, null], path)
    }
    const forwarded = { 'x-forwarded-for': '192.0.2.1' }
    assert.equal((await ask('/inspect/overview', { headers: forwarded })).status, 401)
    const both = { ...forwarded, ...AUTHORIZED }
    assert.equal((await ask('/inspect/overview', { headers: both })).status, 200)
  })

  test('refuses what it does not know, and says what it expected', async () => {
    for (const path of ['/inspect/values', '/inspect/values?key=fruit', '/inspect/values?key=00']) {
      const reply = await ask(path)
      assert.equal(reply.status, 400)
      assert.match(await reply.text(), /key must be 40 hexadecimal digits/)
    }
    const reply = await ask('/inspect/live?topics=overview,all')
    assert.equal(reply.status, 400)
    assert.match(await reply.text(), /topics must be some of overview,network,searches/)
  })
})

describe('live streams', () => {
  test('begin with the state, and end with the server', async (t) => {
    const options = { port: 0, address: '127.0.0.1', dashboard: true }
    const proxy = await ProxyServer.start(served.node, options)
    t.after(() => proxy.close())
    const reply = await fetch(`${proxy.url}/inspect/live?topics=overview,network,searches,storage`)
    assert.equal(reply.headers.get('content-type'), 'text/event-stream')
    let text = ''
    const reading = (async () => {
      for await (const part of reply.body!) text += Buffer.from(part)
    })()
    await poll(() => (text.match(/^event: /gm)?.length ?? 0) >= 6, 5000, 'six events')
    for (const topic of ['overview', 'network', 'searches', 'storage']) {
      const data = new RegExp(`^event: ${topic}\\ndata: (.*)\\n\\n`, 'm').exec(text)?.[1]
      assert.equal(typeof JSON.parse(data!), 'object', topic)
    }
    const startedAt = performance.now()
    await proxy.close()
    await reading.catch(() => {})
    assert.ok(performance.now() - startedAt < 3000)
  })

  test('are limited in number, and free their places', async () => {
    const aborts: AbortController[] = []
    const open = (): Promise<Response> => {
      const abort = new AbortController()
      aborts.push(abort)
      return ask('/inspect/live?topics=searches', { signal: abort.signal })
    }
    const replies = await Promise.all(Array.from({ length: 32 }, open))
    assert.ok(replies.every(({ status }) => status === 200))
    const refused = await open()
    assert.equal(refused.status, 503)
    assert.match(await refused.text(), /At most 32 live streams/)
    for (const abort of aborts) abort.abort()
    const isFree = async (): Promise<boolean> => {
      const { status } = await open()
      aborts.at(-1)!.abort()
      return status === 200
    }
    await poll(isFree, 5000, 'a free place')
  })
})

describe('admin actions', () => {
  const post = (path: string, body: string, headers: Record<string, string> = AUTHORIZED) =>
    ask(path, { method: 'POST', body, headers })

  test('need the token, also on this host', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong-token-of-16' }]) {
      assert.equal((await post('/admin/connectivity-changed', '', headers)).status, 401)
      assert.equal((await ask('/admin/export-values', { headers })).status, 401)
    }
    const proxy = await ProxyServer.start(served.node, { port: 0, dashboard: true })
    const reply = await fetch(`${proxy.url}/admin/export-nodes`, { headers: AUTHORIZED })
    assert.equal(reply.status, 403)
    await proxy.close()
  })

  test('act on the node', async () => {
    const { node, demo } = served
    const reply = await post('/admin/bootstrap', JSON.stringify({ hosts: [demo.entry] }))
    assert.deepEqual([reply.status, await reply.json()], [200, { hosts: [demo.entry] }])
    assert.ok(node.bootstrapHosts.includes(demo.entry))
    const nodes = await json('/admin/export-nodes', { headers: AUTHORIZED })
    assert.deepEqual(
      nodes.map(({ id }: { id: string }) => id).sort(),
      node
        .exportNodes()
        .map(({ id }) => String(id))
        .sort(),
    )
    const values = await ask('/admin/export-values', { headers: AUTHORIZED })
    assert.deepEqual(new Uint8Array(await values.arrayBuffer()), node.exportValues())
    assert.equal((await post('/admin/connectivity-changed', '')).status, 200)
  })

  test('say what they expected', async () => {
    for (const body of ['', '[]', '{}', '{"hosts":"a"}', '{"hosts":[1]}', '{"hosts":[]}']) {
      assert.equal((await post('/admin/bootstrap', body)).status, 400, body)
    }
    const reply = await post('/admin/bootstrap', '{"hosts":["a:99999"]}')
    assert.equal(reply.status, 400)
    assert.match(await reply.text(), /port must be a whole number/)
  })
})

describe('the page', () => {
  test('is what browsers get at the root, and nobody else', async () => {
    const browser = await ask('/', { headers: { accept: 'text/html,application/xml;q=0.9' } })
    assert.deepEqual([browser.status, browser.headers.get('location')], [307, '/dashboard/'])
    assert.equal((await json('/')).node_id, String(served.node.id))
  })

  test('is fetched once, as long as it is the same', async () => {
    const first = await ask('/dashboard/dashboard.js')
    const tag = first.headers.get('etag')!
    await first.text()
    const again = await ask('/dashboard/dashboard.js', { headers: { 'if-none-match': tag } })
    assert.deepEqual([again.status, await again.text()], [304, ''])
    for (const path of ['/dashboard/THIRD-PARTY-NOTICES.txt', '/dashboard/package.json']) {
      assert.equal((await ask(path)).status, 404, path)
    }
  })

  test('is not there unless it is wanted', async () => {
    const proxy = await ProxyServer.start(served.node, { port: 0, address: '127.0.0.1' })
    assert.equal(proxy.dashboardUrl, undefined)
    for (const path of ['/dashboard/', '/inspect/overview', '/admin/export-nodes']) {
      assert.equal((await fetch(`${proxy.url}${path}`)).status, 404, path)
    }
    await proxy.close()
  })
})
