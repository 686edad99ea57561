// SPDX-License-Identifier: MIT
// Clients of proxies over real connections: the ways in which streams end, TLS, and nodes that go
// over from sockets to proxies and back.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createProxyFetch, DhtRunner, Identity, Value } from '../../src/nodejs/entry.ts'
import { ProxyClient, type ProxyOptions } from '../../src/proxy/client/entry.ts'
import { valueToJson } from '../../src/proxy/protocol/value-json.ts'
import { ProxyServer } from '../../src/proxy/server/entry.ts'
import { startNodes, startProxy } from '../support/conformance-nodes.ts'
import { hear, SHORT_LIVED } from '../support/dht-conformance.ts'
import { text, textOf } from '../support/dht-kit.ts'
import { poll } from '../support/watch.ts'

const DEADLINE_MS = 20_000
const INFO = '{"node_id":"a","ipv4":{"good":1,"dubious":0},"ipv6":{"good":0,"dubious":0}}\n'

/** A proxy that knows node info and streams, which the test ends as it likes. */
class StreamServer implements AsyncDisposable {
  readonly streams: ServerResponse[] = []
  values: Value[] = []
  /** Requests that are cut off before a byte of the answer. */
  rudeness = 0
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      if (this.rudeness > 0) {
        this.rudeness--
        return void request.socket.destroy()
      }
      const lines = this.values.map((value) => `${valueToJson(value)}\n`).join('')
      if (request.url === '/') return void response.end(INFO)
      if (!request.url!.includes('/listen')) return void response.end(lines)
      response.flushHeaders()
      response.write(lines)
      this.streams.push(response)
    })
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

const ENDS: Record<string, (response: ServerResponse) => void> = {
  'a last chunk': (response) => response.end(),
  'FIN without a last chunk': (response) => response.socket!.end(),
  RST: (response) => response.socket!.resetAndDestroy(),
}

const FETCHES: Record<string, () => Promise<Pick<ProxyOptions, 'fetch'>>> = {
  'the fetch of the platform': async () => ({}),
  'that of createProxyFetch': async () => ({ fetch: await createProxyFetch() }),
}

for (const [fetchName, makeFetch] of Object.entries(FETCHES)) {
  for (const [endName, end] of Object.entries(ENDS)) {
    test(`with ${fetchName}, a listen goes on after ${endName}`, async (t) => {
      await using server = new StreamServer()
      const client = await open(t, { proxies: await server.start(), ...(await makeFetch()) })
      server.values = [text('one', 1n)]
      const heard = hear(client, 'k')
      await poll(() => heard.length === 1, DEADLINE_MS, 'the first value')
      for (const n of [2, 3]) {
        server.values = [text('one', 1n), text(`more ${n}`, BigInt(n))]
        end(server.streams.at(-1)!)
        await poll(() => server.streams.length === n, DEADLINE_MS, 'another stream')
      }
      await poll(() => heard.includes('-more 2'), DEADLINE_MS, 'what vanished')
      assert.deepEqual(heard, ['+one', '+more 2', '+more 3', '-more 2'])
    })
  }

  test(`with ${fetchName}, a connection that is cut off is opened again`, async (t) => {
    await using server = new StreamServer()
    const client = await open(t, { proxies: await server.start(), ...(await makeFetch()) })
    server.values = [text('one', 1n)]
    server.rudeness = 1
    assert.deepEqual((await client.getAll('k')).map(textOf), ['one'])
    assert.equal(client.proxyStats().unanswered, 1)
  })

  test(`with ${fetchName}, a close leaves no connection behind`, async (t) => {
    await using server = new StreamServer()
    const client = await open(t, { proxies: await server.start(), ...(await makeFetch()) })
    hear(client, 'k')
    await poll(() => server.streams.length === 1, DEADLINE_MS, 'the stream')
    const closed = once(server.streams[0]!, 'close')
    await client.close()
    await closed
  })
}

test('own authorities and client certificates', async (t) => {
  const ca = await Identity.generate({ name: 'authority', bits: 2048 })
  const issued = { issuer: ca, bits: 2048 }
  const identity = await Identity.generate({
    ...issued,
    name: 'localhost',
  })
  const person = await Identity.generate({ ...issued, name: 'person' })
  const [node] = await startNodes(2).then((nodes) => {
    for (const it of nodes) t.after(() => it.close())
    return nodes
  })
  const authorities = [ca.certificate]
  const clientAuthorities = authorities
  const tls = { identity, clientAuthorities, requireClientCertificate: true }
  const proxy = await ProxyServer.start(node!, { port: 0, address: '127.0.0.1', tls })
  t.after(() => proxy.close())
  const proxies = `https://localhost:${new URL(proxy.url).port}`
  const fetch = await createProxyFetch({ authorities, identity: person })
  const client = await open(t, { proxies, fetch })
  await client.put('k', 'over TLS')
  assert.deepEqual((await client.getAll('k')).map(textOf), ['over TLS'])

  const refused: [Parameters<typeof createProxyFetch>[0], RegExp][] = [
    [{ identity: person }, /self-signed certificate|unable to verify|unable to get/],
    [{ authorities }, /certificate required|socket hang up|ECONNRESET|EPROTO|EPIPE/],
    [{ authorities, identity: person, serverName: 'other' }, /does not match/],
  ]
  for (const [options, message] of refused) {
    const other = new ProxyClient({ proxies, fetch: await createProxyFetch(options) })
    t.after(() => other.close())
    await assert.rejects(other.getAll('k'), { code: 'ERR_DHT_NO_NODES', message })
  }
})

test('a node goes over to proxies and back without losses and repetitions', async (t) => {
  const nodes = await startNodes(4)
  for (const node of nodes) t.after(() => node.close())
  const [server, second, writer, dht] = nodes
  const proxies = await Promise.all([startProxy(server!), startProxy(second!)])
  for (const proxy of proxies) t.after(() => proxy.close())
  const short = (id: bigint, data: string): Value =>
    new Value({ id, type: SHORT_LIVED.id, data: new TextEncoder().encode(data) })
  const statuses: string[] = []
  dht!.onStatus(({ overall }) => statuses.push(overall))
  const heard = hear(dht!, 'k')
  const { value } = await dht!.put('kept', 'permanent', { permanent: true })
  await writer!.put('k', text('udp', 1n))
  await poll(() => heard.length === 1, DEADLINE_MS, 'a value through sockets')

  await writer!.put('k', short(2n, 'short'))
  await dht!.enableProxy(proxies[0]!.url)
  await writer!.put('k', text('proxy', 3n))
  await poll(() => heard.includes('+proxy'), DEADLINE_MS, 'a value through the proxy')
  await poll(() => heard.includes('-short'), DEADLINE_MS, 'the end of one that came before')
  assert.equal(dht!.proxy, proxies[0]!.url)
  assert.deepEqual(dht!.pendingPuts('kept').map(textOf), ['permanent'])
  await poll(() => dht!.proxies.length === 1, DEADLINE_MS, 'the proxy')

  await dht!.enableProxy(proxies[1]!.url)
  await writer!.put('k', text('other proxy', 4n))
  await poll(() => heard.includes('+other proxy'), DEADLINE_MS, 'a value through the other one')

  await dht!.enableProxy(undefined)
  assert.equal(dht!.proxy, undefined)
  await writer!.put('k', text('udp again', 5n))
  await poll(() => heard.includes('+udp again'), DEADLINE_MS, 'a value through sockets again')
  assert.deepEqual([...heard].sort(), [
    '+other proxy',
    '+proxy',
    '+short',
    '+udp',
    '+udp again',
    '-short',
  ])
  assert.deepEqual((await writer!.getAll('kept')).map(textOf), ['permanent'])
  assert.equal(await dht!.cancelPut('kept', value), true)
  assert.equal(dht!.status().overall, 'connected')
  assert.equal(statuses.at(-1), 'connected')
})

test('a put that waits for its end has it after the switch', async (t) => {
  const [server, dht] = await startNodes(2)
  for (const node of [server!, dht!]) t.after(() => node.close())
  const proxy = await startProxy(server!)
  t.after(() => proxy.close())
  const put = dht!.put('k', 'permanent', { permanent: true })
  const single = dht!.put('k2', 'once')
  const get = dht!.getAll('k3')
  await dht!.enableProxy(proxy.url)
  assert.equal(textOf((await put).value), 'permanent')
  assert.equal(textOf((await single).value), 'once')
  assert.deepEqual(await get, [])
})

test('a node without sockets cannot go back to them, and knows what is of no use', async () => {
  await using node = await DhtRunner.start({ proxy: { proxies: 'http://127.0.0.1:9' } })
  await assert.rejects(node.enableProxy(undefined), {
    name: 'TypeError',
    message: /without sockets/,
  })
  assert.deepEqual([node.addresses, node.port4], [[], undefined])
  await assert.rejects(node.getAll('k'), { code: 'ERR_DHT_NO_NODES' })
  const wrong = { proxy: { proxies: 'http://127.0.0.1:9' }, bootstrap: ['host'] }
  await assert.rejects(DhtRunner.start(wrong), {
    message: /bootstrap must not be given with proxy/,
  })
  await assert.rejects(DhtRunner.start({ proxy: { proxies: [] } }), { message: /^proxies must be/ })
})

async function open(t: TestContext, options: ProxyOptions): Promise<ProxyClient> {
  const client = new ProxyClient(options)
  t.after(() => client.close())
  await client.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
  return client
}
