// SPDX-License-Identifier: MIT
// What nobody should send to a proxy server: each gets its answer, costs a bounded amount, is
// counted, and the server goes on.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { ProxyServer, type ProxyServerOptions } from '../../src/proxy/server/proxy-server.ts'
import {
  type ProxyNetwork,
  RawClient,
  type RawReply,
  rawRequest,
  repliesIn,
  startProxy,
} from '../support/proxy-kit.ts'
import { poll } from '../support/watch.ts'

const KEY = '1'.repeat(40)

async function start(t: TestContext, options: ProxyServerOptions = {}): Promise<ProxyNetwork> {
  const network = await startProxy(options)
  t.after(() => network.close())
  return network
}

async function post(port: number, body: string, path = `/key/${KEY}`): Promise<RawReply> {
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}`
  const [reply] = await rawRequest(port, `${head}\r\n\r\n${Buffer.from(body).toString('latin1')}`)
  return reply!
}

function errorOf({ body }: RawReply): string {
  return JSON.parse(body).err
}

async function isServing(port: number): Promise<boolean> {
  const [reply] = await rawRequest(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  return reply?.status === 200
}

test('wrong bodies are told what was expected', async (t) => {
  const { proxy } = await start(t)
  const cases: [body: string, expected: RegExp][] = [
    ['', /^Missing parameters/],
    ['{', /^Incorrect JSON: expected a key in quotes at 1, got the end$/],
    ['{"data":"aa"', /^Incorrect JSON: expected a comma or \} at 12/],
    ['{"data":"a\nb"}', /^Incorrect JSON: expected a string at 8/],
    ['null', /^the body must be a JSON object: got null$/],
    ['[[[[]]]]', /^the body must be a JSON object: got an array$/],
    [`${'['.repeat(100_000)}`, /^Incorrect JSON: expected no more than 32 levels/],
    ['{"data":"*"}', /^data must be base64: got "\*"$/],
    ['{"cypher":{}}', /^cypher must be base64: got \{\}$/],
    ['{"type":-1}', /^type must be an integer of 0 to 65535: got -1$/],
    ['{"type":65536}', /^type must be an integer/],
    ['{"type":1.5}', /^type must be an integer/],
    ['{"type":99999999999999999999}', /^type must be an integer of .* got 99999999999999999999$/],
    ['{"seq":"1"}', /^seq must be an integer/],
    ['{"prio":[]}', /^prio must be an integer/],
    ['{"utype":5}', /^utype must be a string: got number$/],
    ['{"owner":"key"}', /^owner must be a public key in PEM form$/],
    ['{"to":"abc"}', /^to must be 40 hexadecimal digits: got "abc"$/],
  ]
  for (const [body, expected] of cases) {
    const reply = await post(proxy.port, body)
    assert.equal(reply.status, 400, body.slice(0, 40))
    assert.match(errorOf(reply), expected)
  }
  assert.equal(proxy.counters.internalErrors, 0)
})

test('lenient bodies are taken as OpenDHT takes them', async (t) => {
  const { proxy } = await start(t)
  const cases: [body: string, stored: RegExp][] = [
    ['{"id":18446744073709551615,"data":"YQ=="}', /"id":"18446744073709551615"/],
    ['{"id":"9007199254740993","data":"YQ=="} ', /"id":"9007199254740993"/],
    ['/* a */ { "id" : 9007199254740993 , "data" : "YQ", } // b', /"id":"9007199254740993"/],
    ['{"id":"18446744073709551616","data":"YQ=="}', /"id":"[1-9]\d*"/],
    ['{"id":null,"type":null,"data":"Y Q"}', /"data":"YQ=="/],
    ['{"__proto__":{"type":3},"data":"YQ=="}', /"type":0/],
    ['{"utype":"\\u00e9\\ud83d\\ude00","data":""}', /"utype":"\\u00e9\\ud83d\\ude00"/],
  ]
  for (const [body, stored] of cases) {
    const reply = await post(proxy.port, body)
    assert.equal(reply.status, 200, `${body}: ${reply.body}`)
    assert.match(reply.body, stored)
  }
})

test('keys are hashes or any text, but no broken escapes', async (t) => {
  const { proxy } = await start(t)
  const [broken] = await rawRequest(proxy.port, 'GET /key/%zz HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.equal(broken!.status, 400)
  assert.match(errorOf(broken!), /broken % escape/)
  for (const path of ['/key/', '/key//listen', `/key/${KEY}/listen/`, '//', '/a/b']) {
    const [reply] = await rawRequest(proxy.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    assert.equal(reply!.status, 404, path)
  }
})

test('bodies over the limit are refused before they are read', async (t) => {
  const { proxy } = await start(t, { limits: { maxBodyBytes: 1000 } })
  const announced = `POST /key/${KEY} HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n`
  const [early] = await rawRequest(proxy.port, announced)
  assert.equal(early!.status, 413)
  assert.match(errorOf(early!), /at most 1000 bytes/)
  const chunked = `POST /key/${KEY} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`
  const [late] = await rawRequest(proxy.port, `${chunked}3e9\r\n${'x'.repeat(1001)}\r\n`)
  assert.equal(late!.status, 413)
  assert.equal(late!.headers['connection'], 'close')
  assert.equal(proxy.counters.refused.body, 2)
})

test('values that are too large for the network are refused at once', async (t) => {
  const { proxy } = await start(t)
  const data = Buffer.alloc(65_537).toString('base64')
  const reply = await post(proxy.port, `{"data":"${data}"}`)
  assert.equal(reply.status, 413, reply.body)
})

test('what is no HTTP, and headers without end, are refused', async (t) => {
  const { proxy } = await start(t, { limits: { maxHeaderBytes: 2000 } })
  const [long] = await rawRequest(proxy.port, `GET / HTTP/1.1\r\nX: ${'x'.repeat(3000)}\r\n\r\n`)
  assert.equal(long!.status, 431)
  assert.equal(errorOf(long!), 'Expected at most 2000 bytes of headers')
  for (const line of ['LISTEN / HTTP/1.1', 'BREW /pot HTCPCP/1.0', 'get / HTTP/1.1']) {
    const [wrong] = await rawRequest(proxy.port, `${line}\r\n\r\n`)
    assert.equal(wrong!.status, 400, line)
    assert.match(errorOf(wrong!), /expected GET, POST, OPTIONS, SUBSCRIBE or UNSUBSCRIBE$/)
  }
  const [tls] = await rawRequest(proxy.port, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
  assert.equal(tls!.status, 400)
  assert.equal(proxy.counters.refused.malformed, 5)
  assert.ok(await isServing(proxy.port))
})

test('what Node.js refuses by itself has an answer of ours', async (t) => {
  const { proxy } = await start(t)
  const cases: [head: string, status: number, expected: RegExp][] = [
    ['GET /node/info HTTP/1.1\r\n\r\n', 200, /^\{"id"|^\{"ipv4"/],
    ['GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: cake\r\n\r\n', 200, /^\{"status":"ok"\}/],
    ['CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', 400, /^\{"err":"This is no HTTP tunnel: expec/],
  ]
  for (const [head, status, expected] of cases) {
    const [reply] = await rawRequest(proxy.port, head)
    assert.equal(reply?.status, status, head)
    assert.match(reply.body, expected)
  }
})

test('who was refused and does not hang up is cut off', async (t) => {
  const { proxy } = await start(t)
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => client.destroy())
  client.on('error', () => {}).resume()
  client.write('nonsense\r\n\r\n')
  await poll(() => proxy.counters.refused.malformed > 0, 5000, 'it is refused')
  await poll(() => proxy.counters.connections === 0, 5000, 'the connection is closed')
})

test('clients that are slow with a request are told so and cut off', async (t) => {
  const limits = { headersTimeoutMs: 300, requestTimeoutMs: 600 }
  const { proxy } = await start(t, { limits })
  const silent = new RawClient(proxy.port)
  const half = new RawClient(proxy.port)
  half.send('GET / HTTP/1.1\r\nHos')
  const body = new RawClient(proxy.port)
  body.send(`POST /key/${KEY} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{`)
  for (const client of [silent, half, body]) {
    t.after(() => client.close())
    await client.untilEnd(5000)
    assert.match(client.text, /^HTTP\/1.1 408 [\s\S]*Expected the headers of a request in 300 ms/)
  }
  assert.ok(proxy.counters.refused.slow >= 2)
  assert.ok(await isServing(proxy.port))
})

test('who leaves whole replies unread is cut off', async (t) => {
  const limits = { stallTimeoutMs: 300, maxPipelined: -1, maxRequestsPerSecond: -1 }
  const { proxy } = await start(t, { limits })
  const client = connect(proxy.port, '127.0.0.1')
  t.after(() => client.destroy())
  client.on('error', () => {}).pause()
  client.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(400))
  await poll(() => proxy.counters.connections === 1, 5000, 'it is connected')
  await poll(() => proxy.counters.connections === 0, 10_000, 'it is cut off')
  assert.equal(proxy.counters.refused.stalled, 1)
})

test('connections that are not used end', async (t) => {
  const { proxy } = await start(t, { limits: { idleTimeoutMs: 100 } })
  const client = new RawClient(proxy.port)
  client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.untilEnd(5000)
  assert.equal(repliesIn(client.text)[0]!.status, 200)
})

suite('limits per address', () => {
  test('of requests per second: 429, and more after a second', async (t) => {
    const { proxy } = await start(t, { limits: { maxRequestsPerSecond: 5 } })
    const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
    const replies = await rawRequest(proxy.port, request.repeat(8), 8)
    assert.deepEqual(replies.map(({ status }) => status).slice(0, 5), [200, 200, 200, 200, 200])
    assert.equal(replies.at(-1)!.status, 429)
    assert.equal(replies.at(-1)!.headers['retry-after'], '1')
    await poll(() => isServing(proxy.port), 5000, 'the rate recovers')
    assert.ok(proxy.counters.refused.rate >= 1)
  })

  test('of connections: more are closed at once', async (t) => {
    const { proxy } = await start(t, { limits: { maxConnectionsPerAddress: 2 } })
    const clients = [1, 2, 3].map(() => new RawClient(proxy.port))
    t.after(() => {
      for (const client of clients) client.close()
    })
    await poll(() => clients.some(({ ending }) => ending !== undefined), 5000, 'one is closed')
    assert.equal(clients.filter(({ ending }) => ending !== undefined).length, 1)
    assert.equal(proxy.counters.refused.connections, 1)
    for (const client of clients) client.close()
    await poll(() => proxy.counters.connections === 0, 5000, 'the others are closed')
    assert.ok(await isServing(proxy.port))
  })

  test('of listens: 429; in all: 503', async () => {
    const listen = `GET /key/${KEY}/listen HTTP/1.1\r\nHost: x\r\n\r\n`
    for (const [limits, status] of [
      [{ maxListensPerAddress: 1 }, 429],
      [{ maxListens: 1 }, 503],
    ] as const) {
      const { proxy, close } = await startProxy({ limits })
      const first = new RawClient(proxy.port)
      first.send(listen)
      await first.until((text) => text.includes('\r\n\r\n'))
      const [second] = await rawRequest(proxy.port, listen)
      assert.equal(second!.status, status)
      assert.equal(proxy.counters.refused.listens, 1)
      first.close()
      await poll(() => proxy.counters.listens === 0, 5000, 'the first listen ended')
      await close()
    }
  })

  test('of gets and puts under way: 503, or 429 for those of one address', async (t) => {
    for (const [limit, status] of [
      ['maxOperations', 503],
      ['maxOperationsPerAddress', 429],
    ] as const) {
      const { proxy } = await start(t, { limits: { [limit]: 0 } })
      const reply = await post(proxy.port, '{"data":"YQ=="}')
      assert.equal(reply.status, status)
      assert.equal(proxy.counters.refused.operations, 1)
    }
  })

  test('of requests that are sent ahead: the connection ends', async (t) => {
    const { proxy } = await start(t, { limits: { maxPipelined: 4 } })
    const client = new RawClient(proxy.port)
    client.send(`GET /key/${KEY}/listen HTTP/1.1\r\nHost: x\r\n\r\n`)
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5))
    await client.untilEnd()
    assert.equal(proxy.counters.refused.pipelined, 1)
    assert.equal(proxy.counters.listens, 0)
  })
})

test('wrong options are refused by name', async (t) => {
  const { node } = await start(t)
  const refused = (options: object, expected: RegExp) =>
    assert.rejects(ProxyServer.start(node, options as ProxyServerOptions), expected)
  await refused({ port: 70_000 }, /^RangeError: port must be an integer of 0 to 65535: got 70000$/)
  await refused({ port: 0, address: 'localhost' }, /^RangeError: address must be an IP address/)
  await refused({ port: 0, limits: { maxListens: -2 } }, /^RangeError: limits.maxListens must be/)
  await refused({ port: 0, limits: { maxFun: 1 } }, /^TypeError: limits must not have maxFun$/)
  await refused(
    { port: 0, tls: {} },
    /^TypeError: tls.identity must be an Identity: got undefined$/,
  )
})

test('a start that fails leaves the store to the next', async (t) => {
  const { node } = await start(t)
  const place = await mkdtemp(join(tmpdir(), 'proxy-start-'))
  t.after(() => rm(place, { recursive: true }))
  const options = { port: 0, store: { path: join(place, 'state') } }
  const dashboard = { token: 'short' }
  await assert.rejects(ProxyServer.start(node, { ...options, dashboard }), RangeError)
  const taken = { ...options, port: (await start(t)).proxy.port, address: '127.0.0.1' }
  await assert.rejects(ProxyServer.start(node, taken), { code: 'ERR_DHT_BIND' })
  await (await ProxyServer.start(node, options)).close()
})
