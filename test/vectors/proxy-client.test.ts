// SPDX-License-Identifier: MIT
// What the clients of OpenDHT say to a proxy, and what it answered: our client says the same, apart
// from the ids that it draws itself, and understands the answers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import type { ProxyFetch } from '../../src/proxy/client/ports.ts'
import { ProxyClient } from '../../src/proxy/client/proxy-client.ts'
import { hear } from '../support/dht-conformance.ts'
import { textOf } from '../support/dht-kit.ts'
import { FakeProxies } from '../support/fake-proxy.ts'
import { loadVectors } from '../support/vectors.ts'
import { settle } from '../support/virtual-schedule.ts'

interface WireEvent {
  readonly conn: number
  readonly dir?: 'C>S' | 'S>C'
  readonly data?: string
}

interface Recording {
  readonly listen_mode: readonly WireEvent[]
  readonly push_mode: readonly WireEvent[]
}

interface Exchange {
  /** `METHOD /path`. */
  readonly request: string
  readonly body: string
  /** Of the answer, without its chunks. */
  readonly answer: string
}

const PUSH = { token: 'TOK123', clientId: 'dhtnode' }

for (const version of ['2.4.12', '4.3.1']) {
  const { listen_mode, push_mode } = loadVectors<Recording>(`proxy/client-wire-${version}`)

  test(`says what a client of ${version} says`, async (t) => {
    const recorded = exchangesOf(listen_mode)
    const { client, said } = replay(recorded)
    t.after(() => client.close())
    const text = (data: string) => ({ data: Buffer.from(data), userType: 'text/plain' })
    await client.put('clientkey1', text('hello_from_proxyclient'))
    await client.put('clientkey1', text('permanent_val'), { permanent: true })
    const found = ['hello_from_proxyclient', 'permanent_val']
    const values = await client.getAll('clientkey1', { filter: ({ id }) => !isOwn(client, id) })
    assert.deepEqual(values.map(textOf), found)
    const heard = hear(client, 'clientkey1')
    await settle()
    await client.put('clientkey1', text('third'))
    assert.deepEqual(
      heard,
      [...found, 'third'].map((it) => `+${it}`),
    )
    assert.deepEqual(said, recorded.map(comparable))
  })

  test(`says what a client of ${version} with push notifications says`, async (t) => {
    const recorded = exchangesOf(push_mode)
    const { client, said } = replay(recorded, PUSH)
    t.after(() => client.close())
    const [key] = /[0-9a-f]{40}/.exec(recorded[0]!.request)!
    const hash = InfoHash.fromHex(key)!
    const listening = client.listen(hash)[Symbol.asyncIterator]()
    const ended = listening.next()
    await settle()
    const text = (data: string) => ({ data: Buffer.from(data), userType: 'text/plain' })
    await client.put(hash, text('val1'))
    await client.put(hash, text('perm1'), { permanent: true })
    client.setPushNotificationToken(undefined)
    await settle()
    await listening.return!()
    assert.equal((await ended).done, true)
    const isOfPush = ({ request }: Comparable): boolean =>
      /^(SUBSCRIBE|UNSUBSCRIBE|POST)/.test(request)
    const wanted = recorded.map(comparable).filter(isOfPush)
    // Without a token, the proxy is also told not to announce by it the renewal of the put.
    const told = said.filter((it) => wanted.some((other) => isDeepStrictEqual(it, other)))
    assert.deepEqual(told, wanted)
  })
}

function isOwn(client: ProxyClient, id: bigint): boolean {
  return client.pendingPuts('clientkey1').some((value) => value.id === id)
}

interface Comparable {
  readonly request: string
  readonly body: unknown
}

/** Without what every run draws anew, and without our own additions. */
function comparable({ request, body }: Pick<Exchange, 'request' | 'body'>): Comparable {
  const drawn = new Set(['id', 'session_id'])
  const json = body === '' ? '' : JSON.parse(body, (name, it) => (drawn.has(name) ? '' : it))
  return { request: request.replace(/\?.*/, ''), body: json }
}

/** A client whose requests get the recorded answers. */
function replay(recorded: readonly Exchange[], push?: typeof PUSH) {
  const said: Comparable[] = []
  const net = new FakeProxies()
  const fetch: ProxyFetch = async (url, init) => {
    const path = url.slice(net.urls[0]!.length)
    if (path === '/') return net.fetch(url, init)
    const request = `${init.method} ${path}`
    const asked = comparable({ request, body: init.body ?? '' })
    said.push(asked)
    const match = recorded.find((it) => comparable(it).request === asked.request)
    return new Response(bodyOf(match?.answer ?? '', path.includes('/listen')))
  }
  const client = new ProxyClient({ proxies: net.urls, fetch, ...(push && { push }) }, net.ports)
  return { client, said }
}

function bodyOf(text: string, isEndless: boolean): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      if (!isEndless) controller.close()
    },
  })
}

function exchangesOf(events: readonly WireEvent[]): Exchange[] {
  const connections = [...new Set(events.map(({ conn }) => conn))]
  const exchanges = connections.map((conn) => {
    const said = (dir: string): string =>
      events
        .filter((it) => it.conn === conn && it.dir === dir)
        .map(({ data }) => data ?? '')
        .join('')
    const [head = '', body = ''] = splitHead(said('C>S'))
    const [answerHead = '', answer = ''] = splitHead(said('S>C'))
    const isChunked = /transfer-encoding: chunked/i.test(answerHead)
    const request = head.split(' HTTP/')[0]!
    return { request, body, answer: isChunked ? unchunked(answer) : answer }
  })
  return exchanges.filter(({ request }) => request !== 'GET /')
}

function splitHead(text: string): string[] {
  const at = text.indexOf('\r\n\r\n')
  return [text.slice(0, at), text.slice(at + 4)]
}

function unchunked(text: string): string {
  const size = Number.parseInt(text, 16)
  if (!(size > 0)) return ''
  const start = text.indexOf('\r\n') + 2
  return text.slice(start, start + size) + unchunked(text.slice(start + size + 2))
}
