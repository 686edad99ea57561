// SPDX-License-Identifier: MIT
// Listen streams of a proxy server over real nodes: the forms, resuming, slow readers, and the ends
// of clients and server. Recorded streams of OpenDHT say what lines look like.

import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import type { ProxyServerOptions } from '../../src/proxy/server/proxy-server.ts'
import { type ProxyNetwork, RawClient, rawRequest, startProxy } from '../support/proxy-kit.ts'
import { loadVectors } from '../support/vectors.ts'
import { poll } from '../support/watch.ts'

const KEY = '4'.repeat(40)
const PATH = `/key/${KEY}/listen`

async function start(t: TestContext, options: ProxyServerOptions = {}): Promise<ProxyNetwork> {
  const network = await startProxy(options)
  t.after(() => network.close())
  return network
}

/** Opens a stream; `lines` are those that came so far, without those of chunks. */
class Stream {
  readonly client: RawClient

  constructor(t: TestContext, port: number, path = PATH, headers = '') {
    this.client = new RawClient(port)
    t.after(() => this.client.close())
    this.client.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`)
  }

  get chunks(): string[] {
    const body = this.client.text.split('\r\n\r\n').slice(1).join('\r\n\r\n')
    return Array.from(body.matchAll(/^([0-9a-f]+)\r\n([\s\S]*?)\r\n/gim), (match) => match[2]!)
  }

  get lines(): string[] {
    return this.chunks.flatMap((chunk) => chunk.split('\n')).filter((line) => line !== '')
  }

  async until(count: number): Promise<string[]> {
    await this.client.until(() => this.lines.length >= count)
    return this.lines
  }
}

async function post(port: number, json: string): Promise<number> {
  const head = `POST /key/${KEY} HTTP/1.1\r\nHost: x\r\nContent-Length: ${json.length}\r\n\r\n`
  const [reply] = await rawRequest(port, head + json)
  return reply!.status
}

async function put(node: DhtRunner, id: bigint, text: string): Promise<void> {
  const { InfoHash } = await import('../../src/core/id/info-hash.ts')
  await node.put(InfoHash.fromHex(KEY)!, { id, data: new TextEncoder().encode(text) })
}

const cursorOf = (line: string): string => JSON.parse(line).cursor

for (const version of ['2.4.12', '4.3.1']) {
  test(`sends the chunks that ${version} sent`, async (t) => {
    const { proxy } = await start(t)
    const { records } = loadVectors<{ records: Recorded[] }>(`proxy/listen-stream-${version}`)
    const [record] = records
    const stream = new Stream(t, proxy.port)
    await stream.client.until((text) => text.includes('\r\n\r\n'))
    assert.equal(stream.client.text.startsWith('HTTP/1.1 200 OK\r\n'), true)
    assert.match(stream.client.text, /^Transfer-Encoding: chunked\r$/im)
    const expected = record!.segments
      .slice(1)
      .map(([, bytes]) => bytes.split('\r\n')[1]!)
      .filter((chunk) => chunk !== '')
    const posts = record!.events.filter(([, method]) => method === 'POST')
    for (const [i, [, , , json]] of posts.entries()) {
      assert.equal(await post(proxy.port, json!), 200)
      if (i < expected.length) await stream.until(i + 1)
    }
    assert.deepEqual(stream.chunks.slice(0, expected.length), expected)
  })
}

interface Recorded {
  segments: [number, string][]
  events: [number, string, string, string?][]
}

suite('a stream that can be resumed', () => {
  test('begins with reset and says when all is known', async (t) => {
    const { proxy, peer } = await start(t)
    await put(peer, 1n, 'before')
    const stream = new Stream(t, proxy.port, `${PATH}?resume`)
    const lines = (await stream.until(3)).map((line) => JSON.parse(line))
    assert.equal(lines[0].reset, true)
    assert.equal(lines[1].id, '1')
    assert.deepEqual(Object.keys(lines[1]), ['cursor', 'data', 'id', 'type'])
    assert.deepEqual(lines[2], { cursor: lines[1].cursor, sync: true })
  })

  test('goes on behind its cursor, without loss and repeats', async (t) => {
    const { proxy, peer } = await start(t)
    const first = new Stream(t, proxy.port, `${PATH}?resume=`)
    await put(peer, 1n, 'one')
    await put(peer, 2n, 'two')
    const seen = await first.until(4)
    first.client.close()
    await poll(() => proxy.counters.listens === 0, 5000, 'the stream is gone')
    await put(peer, 3n, 'three')
    const again = new Stream(t, proxy.port, `${PATH}?resume=${cursorOf(seen.at(-1)!)}`)
    const more = (await again.until(2)).map((line) => JSON.parse(line))
    assert.deepEqual(
      more.map(({ id, sync }) => id ?? sync),
      ['3', true],
    )
    // From the first of the two values: the second one comes again.
    const one = seen.find((line) => JSON.parse(line).id === '1')!
    const earlier = new Stream(t, proxy.port, `${PATH}?resume=${cursorOf(one)}`)
    const rest = (await earlier.until(3)).map((line) => JSON.parse(line).id)
    assert.deepEqual(rest.slice(0, 2), ['2', '3'])
  })

  test('begins anew with a cursor that nobody knows', async (t) => {
    const { proxy } = await start(t)
    for (const cursor of ['x', 'abc-5', '0123456789ab-0', '%zz', '-', 'a'.repeat(500)]) {
      const stream = new Stream(t, proxy.port, `${PATH}?resume=${cursor}`)
      const [line] = await stream.until(1)
      assert.equal(JSON.parse(line!).reset, true, cursor)
    }
  })

  test('is made of events for browsers, which send where they were', async (t) => {
    const { proxy, peer } = await start(t)
    const accept = 'Accept: text/event-stream\r\n'
    const first = new Stream(t, proxy.port, PATH, accept)
    await first.client.until((text) => text.includes('event: sync'))
    assert.match(first.client.text, /^Content-Type: text\/event-stream\r$/m)
    await put(peer, 5n, 'five')
    await first.client.until((text) => text.includes('"id":"5"'))
    const [, id] = /^id: (\S+)\ndata: \{"data":"Zml2ZQ==","id":"5","type":0\}$/m.exec(
      first.client.text,
    )!
    await put(peer, 6n, 'six')
    await first.client.until((text) => text.includes('"id":"6"'))
    const again = new Stream(t, proxy.port, PATH, `${accept}Last-Event-ID: ${id}\r\n`)
    const text = await again.client.until((it) => it.includes('event: sync'))
    assert.ok(text.includes('"id":"6"') && !text.includes('"id":"5"') && !text.includes('reset'))
  })
})

test('streams of one key share a listen of the node, which ends with the last', async (t) => {
  const { proxy, node } = await start(t)
  const before = (await node.stats()).operations
  const streams = [1, 2, 3].map(() => new Stream(t, proxy.port))
  await poll(() => proxy.counters.listens === 3, 5000, 'three streams')
  assert.equal((await node.stats()).operations, before + 1)
  for (const { client } of streams) client.close()
  const isOver = async () => (await node.stats()).operations === before
  await poll(isOver, 5000, 'the listen ended')
})

test('streams behind a stream on one connection end with it', async (t) => {
  const { proxy, node, peer } = await start(t)
  for (let i = 1n; i <= 20n; i++) await put(peer, i, 'x'.repeat(5000))
  const before = (await node.stats()).operations
  const client = new RawClient(proxy.port)
  client.send(`GET ${PATH} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3))
  client.send(`GET /key/${KEY} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3))
  await poll(() => proxy.counters.listens === 3, 5000, 'three streams')
  await poll(() => proxy.counters.operations === 3, 5000, 'three gets, whose answers have to wait')
  client.close()
  const isOver = async () =>
    proxy.counters.listens === 0 &&
    proxy.counters.operations === 0 &&
    (await node.stats()).operations === before
  await poll(isOver, 5000, 'all of them ended')
})

test('a client that reads nothing is cut off, and costs others nothing', async (t) => {
  const { proxy, peer } = await start(t, { limits: { stallTimeoutMs: 500 } })
  const stuck = new Stream(t, proxy.port)
  const reading = new Stream(t, proxy.port)
  await poll(() => proxy.counters.listens === 2, 5000, 'both listen')
  stuck.client.socket.pause()
  const large = 'x'.repeat(60_000)
  for (let i = 1n; proxy.counters.refused.stalled === 0 && i < 400n; i++) {
    await put(peer, 1n + (i % 50n), `${i}${large}`)
  }
  await poll(() => proxy.counters.listens === 1, 5000, 'one was cut off')
  assert.equal(proxy.counters.refused.stalled, 1)
  await put(peer, 99n, 'still there')
  await reading.client.until((text) => text.includes('"id":"99"'))
})

test('a get that nobody reads is cut off, and ended', async (t) => {
  const { proxy, node } = await start(t, { limits: { stallTimeoutMs: 300 } })
  const large = 'x'.repeat(60_000)
  await Promise.all(Array.from({ length: 250 }, (_, i) => put(node, BigInt(i + 1), `${i}${large}`)))
  const client = new RawClient(proxy.port)
  t.after(() => client.close())
  client.socket.pause()
  client.send(`GET /key/${KEY} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await poll(() => proxy.counters.refused.stalled === 1, 10_000, 'the client is cut off')
  await poll(() => proxy.counters.operations === 0, 5000, 'the get ended')
})

test('ends with FIN and without the last chunk, and refuses what comes then', async (t) => {
  const { proxy } = await start(t)
  const stream = new Stream(t, proxy.port)
  await stream.client.until((text) => text.includes('\r\n\r\n'))
  const idle = new RawClient(proxy.port)
  t.after(() => idle.close())
  idle.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await idle.until((text) => text.includes('node_id'))
  const closed = proxy.close()
  idle.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await stream.client.untilEnd()
  assert.equal(stream.client.ending, 'fin')
  assert.ok(!stream.client.text.endsWith('0\r\n\r\n'))
  await idle.untilEnd()
  const last = idle.text.slice(idle.text.lastIndexOf('HTTP/1.1'))
  assert.match(last, /^HTTP\/1\.1 503 .*\r\n/)
  assert.match(last, /^Retry-After: \d+\r$/im)
  assert.match(last, /^Connection: close\r$/im)
  await closed
})

test('puts that are under way end before the server does', async (t) => {
  const { proxy } = await start(t)
  const client = new RawClient(proxy.port)
  t.after(() => client.close())
  client.send(`POST /key/${KEY} HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{"data":"YQ=="}`)
  await poll(() => proxy.counters.requests['POST /key/:key'] === 1, 5000, 'the put began')
  await proxy.close()
  await client.untilEnd()
  assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n/)
})
