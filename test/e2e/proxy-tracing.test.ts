// SPDX-License-Identifier: MIT
// Spans of proxy requests, through the real API of OpenTelemetry with a provider in memory.

import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { type RecordedSpan, SpanRecorder } from '../support/span-recorder.ts'
import { poll } from '../support/watch.ts'

let recorder: SpanRecorder
let nodes: DhtRunner[]
let proxy: ProxyServer

before(async () => {
  recorder = new SpanRecorder()
  const local = { port: 0, bind4: '127.0.0.1', bind6: false } as const
  const first = await DhtRunner.start(local)
  const bootstrap = [`127.0.0.1:${first.port4}`]
  nodes = [first, await DhtRunner.start({ ...local, bootstrap })]
  await Promise.all(nodes.map((node) => node.whenConnected()))
  proxy = await ProxyServer.start(nodes[1]!, { port: 0, address: '127.0.0.1' })
})
after(async () => {
  await proxy?.close()
  await Promise.all(nodes?.map((node) => node.close()) ?? [])
  recorder[Symbol.dispose]()
})

/** The spans that a request caused, once all have ended. */
async function spansOf(path: string, init: RequestInit = {}): Promise<RecordedSpan[]> {
  recorder.spans.length = 0
  await (await fetch(`${proxy.url}${path}`, init)).text()
  const areEnded = () => recorder.spans.length > 0 && recorder.spans.every((it) => it.isEnded)
  await poll(areEnded, 2000, 'a span does not end')
  return recorder.spans
}

it('makes a span of each request, and one of the operation behind it', async () => {
  const traceId = 'a'.repeat(32)
  const headers = { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` }
  const put = { method: 'POST', body: '{"data":"aGVsbG8="}', headers }
  const [request, operation, ...others] = await spansOf('/key/abc', put)
  assert.equal(request!.name, 'POST /key/:key')
  assert.equal(request!.kind, SpanKind.SERVER)
  assert.equal(request!.traceId, traceId)
  assert.equal(request!.parent, 'b'.repeat(16))
  assert.deepEqual(request!.attributes, {
    'http.request.method': 'POST',
    'http.route': '/key/:key',
    'http.response.status_code': 200,
  })
  assert.equal(operation!.name, 'dht put')
  assert.equal(operation!.parent, request!.id)
  assert.equal(operation!.traceId, traceId)
  assert.deepEqual(others, [])
})

it('has no operation where the request is wrong, and no error of the server', async () => {
  const [request, ...others] = await spansOf('/key/abc', { method: 'POST', body: '{' })
  assert.equal(request!.attributes['http.response.status_code'], 400)
  assert.equal(request!.status, undefined)
  assert.deepEqual(others, [])
})

it('notes operations that fail', async () => {
  await nodes[1]!.close()
  const [request, operation] = await spansOf('/key/abc')
  assert.equal(operation!.name, 'dht get')
  assert.equal(operation!.status?.code, SpanStatusCode.ERROR)
  assert.equal(request!.status?.code, SpanStatusCode.ERROR)
})
