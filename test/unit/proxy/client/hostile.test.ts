// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Value } from '../../../../src/core/value/value.ts'
import { linesOf, MAX_LINE_CHARACTERS } from '../../../../src/proxy/client/json-lines.ts'
import { readProxyInfo } from '../../../../src/proxy/client/proxy-info.ts'
import { valueToJson } from '../../../../src/proxy/protocol/value-json.ts'
import { text, textOf } from '../../../support/dht-kit.ts'
import { settle } from '../../../support/virtual-schedule.ts'
import { hear, setUp } from './kit.ts'

test('what proxies say is fit for a terminal', async (t) => {
  const { net, client } = await setUp(t)
  net.proxies[0]!.refusals = { GET: 500 }
  net.proxies[0]!.refusalText = '\u001b[2J\u0007you\u202e'
  await assert.rejects(client.getAll('k'), {
    message: /status 500: \\u001b\[2J\\u0007you\\u202e$/,
  })
  net.proxies[0]!.refusals = {}
  net.proxies[0]!.status = 'x\u0085y'
  await assert.rejects(client.getAll('k'), { message: /is not ready: x\\u0085y$/ })
})

test('descriptions of nodes are read with care', () => {
  const odd = { node_id: 'a', ipv4: 7, ipv6: { good: -1, dubious: 'x', table_depth: null } }
  const { ipv4, ipv6, publicIp } = readProxyInfo(JSON.stringify({ ...odd, public_ip: 'evil\n' }))
  assert.deepEqual([ipv4.good, ipv6.good, ipv6.dubious, ipv6.tableDepth], [0, 0, 0, 0])
  assert.equal(publicIp, undefined)
  for (const wrong of ['', '7', '[]', '{}', '{"node_id":5}', 'nonsense']) {
    assert.throws(() => readProxyInfo(wrong), SyntaxError, wrong)
  }
})

test('values that no network has are left out', async (t) => {
  const { net, client } = await setUp(t)
  const [proxy] = net.proxies
  proxy!.put('k', new Value({ id: 1n, data: new Uint8Array(70_000) }))
  proxy!.put('k', text('small', 2n))
  assert.deepEqual((await client.getAll('k')).map(textOf), ['small'])
  assert.equal(client.proxyStats().malformed, 1)
})

test('an answer without end is given up', async (t) => {
  const { net, client } = await setUp(t)
  const line = `${valueToJson(text('again and again', 1n))}\n`
  net.proxies[0]!.endlessLine = line.repeat(5000)
  const found: string[] = []
  const read = async (): Promise<void> => {
    for await (const value of client.get('k')) found.push(textOf(value))
  }
  await assert.rejects(read(), { code: 'ERR_DHT_LIMIT', message: /too many values/ })
  assert.deepEqual(found, ['again and again'])
})

test('only so many streams are opened at the same time', async (t) => {
  const { net, client } = await setUp(t)
  const [proxy] = net.proxies
  proxy!.isMute = true
  for (let i = 0; i < 200; i++) hear(client, `k${i}`)
  await settle()
  assert.equal(net.pending, 64)
  proxy!.isMute = false
  await net.clock.run(120_000)
  assert.equal(proxy!.streams, 200)
})

test('lines are found wherever the parts of a body end', async () => {
  const bytes = new TextEncoder().encode('{"a":"ü"}\n\n{"b":1}\n{"c"')
  for (const size of [1, 2, 3, 7, 100]) {
    const parts: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += size) parts.push(bytes.slice(at, at + size))
    const lines: string[] = []
    for await (const line of linesOf(ReadableStream.from(parts))) lines.push(line)
    assert.deepEqual(lines, ['{"a":"ü"}', '{"b":1}', '{"c"'])
  }
  const long = ReadableStream.from([new Uint8Array(MAX_LINE_CHARACTERS + 1).fill(0x61)])
  await assert.rejects(async () => {
    for await (const _ of linesOf(long as ReadableStream<Uint8Array>));
  }, RangeError)
})

test('a long line in tiny parts takes no longer than in one', async () => {
  const part = new Uint8Array(64).fill(0x61)
  let left = Math.floor(MAX_LINE_CHARACTERS / part.length)
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => (left-- > 0 ? controller.enqueue(part) : controller.close()),
  })
  const startedAt = performance.now()
  const lines: string[] = []
  for await (const line of linesOf(body)) lines.push(line)
  assert.deepEqual(
    lines.map(({ length }) => length),
    [MAX_LINE_CHARACTERS],
  )
  // Looking at all of it for each part takes more than 20 s.
  assert.ok(performance.now() - startedAt < 10_000)
})
