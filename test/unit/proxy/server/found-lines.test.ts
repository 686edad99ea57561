// SPDX-License-Identifier: MIT
// When the lines of a get leave, and in what form.

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import type { RouteContext } from '../../../../src/proxy/server/route.ts'
import { FoundLines } from '../../../../src/proxy/server/streams/found-lines.ts'

function contextOf(request: unknown, reply: unknown, areMany: boolean): RouteContext {
  const services = { counters: { lines: 0 }, turns: { areMany }, readiness: { status: 'ready' } }
  return { request, reply, services } as unknown as RouteContext
}

/** A reply that notes what is written to it. */
function fakeReply() {
  const written: string[] = []
  const write = (text: string): boolean => written.push(text) > 0
  const reply = {
    written,
    headersSent: false,
    destroyed: false,
    writeHead: () => {
      reply.headersSent = true
    },
    write,
    end: write,
  }
  return reply
}

/** All that a server answers to `head`, in as many requests over one connection as there are. */
async function answered(head: string, lines: readonly string[]): Promise<string> {
  const server = createServer((request: IncomingMessage, reply: ServerResponse) => {
    const found = new FoundLines(contextOf(request, reply, true))
    for (const line of lines) void found.add(line)
    found.end()
    found.stop()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(head)
  let text = ''
  for await (const part of socket.setEncoding('latin1')) text += part
  server.close()
  return text
}

test('values are written as they come while there are few gets', async () => {
  const reply = fakeReply()
  const lines = new FoundLines(contextOf({ httpVersionMinor: 1 }, reply, false))
  assert.equal(await lines.add('{"id":"1"}'), true)
  assert.deepEqual(reply.written, ['{"id":"1"}\n'])
  assert.equal(await lines.add('{"id":"2"}'), true)
  assert.equal(reply.written.length, 2)
})

test('while there are many, values wait for the last one, but not for long', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const reply = fakeReply()
  const lines = new FoundLines(contextOf({ httpVersionMinor: 1 }, reply, true))
  assert.equal(lines.add('{"id":"1"}'), true)
  assert.equal(lines.add('{"id":"2"}'), true)
  assert.deepEqual(reply.written, [])
  t.mock.timers.tick(1000)
  assert.deepEqual(reply.written, ['{"id":"1"}\n{"id":"2"}\n'])
  void lines.add('{"id":"3"}')
  assert.equal(reply.written[1], '{"id":"3"}\n', 'the client has begun to read')
})

test('a lot of values does not wait', () => {
  const reply = fakeReply()
  const lines = new FoundLines(contextOf({ httpVersionMinor: 1 }, reply, true))
  void lines.add('x'.repeat(100_000))
  assert.equal(reply.written.length, 1)
  lines.stop()
})

test('nothing is written to a client that left', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const reply = fakeReply()
  const lines = new FoundLines(contextOf({ httpVersionMinor: 1 }, reply, true))
  assert.equal(lines.add('{"id":"1"}'), true)
  lines.stop()
  t.mock.timers.tick(1000)
  assert.deepEqual(reply.written, [])
})

test('what waited is one chunk, and the connection can be used again', async () => {
  const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
  const last = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  const text = await answered(get + last, ['{"id":"1"}', '{"id":"2"}'])
  const [, first, second] = text.split('HTTP/1.1 200 OK')
  for (const reply of [first!, second!]) {
    assert.match(reply, /^transfer-encoding: chunked\r$/im)
    assert.doesNotMatch(reply, /content-length/i)
    assert(reply.endsWith('\r\n\r\n16\r\n{"id":"1"}\n{"id":"2"}\n\r\n0\r\n\r\n'), reply)
  }
})

test('nothing found is a body without lines', async () => {
  const text = await answered('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', [])
  assert(text.endsWith('\r\n\r\n0\r\n\r\n'), text)
})

test('clients of HTTP/1.0 get the lines as they are', async () => {
  const text = await answered('GET / HTTP/1.0\r\n\r\n', ['{"id":"1"}'])
  assert.doesNotMatch(text, /chunked/i)
  assert(text.endsWith('\r\n\r\n{"id":"1"}\n'), text)
})
