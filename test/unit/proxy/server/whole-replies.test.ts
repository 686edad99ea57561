// SPDX-License-Identifier: MIT
// Replies in one piece: their status, whatever becomes of the body.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { sendJson } from '../../../../src/proxy/server/reply.ts'
import type { Route, RouteContext } from '../../../../src/proxy/server/route.ts'
import { ROUTES } from '../../../../src/proxy/server/routes/all.ts'

function contextOf(encoding: string, ready: boolean) {
  const sent = { status: 0, headers: [] as string[], body: Buffer.alloc(0) }
  const reply = {
    writeHead: (status: number, headers: string[]) => Object.assign(sent, { status, headers }),
    end: (body: string | Buffer) => {
      sent.body = Buffer.from(body)
    },
  }
  const status = ready ? 'ready' : 'unreachable'
  const readiness = { status, report: () => ({ ready, status, ipv4: status, ipv6: status }) }
  const request = { headers: { 'accept-encoding': encoding } }
  return { sent, context: { request, reply, services: { readiness } } as unknown as RouteContext }
}

test('a large reply that is compressed keeps its status', async () => {
  const text = JSON.stringify({ why: 'x'.repeat(2000) })
  const { sent, context } = contextOf('gzip', false)
  await sendJson(context, text, 503)
  assert.equal(sent.status, 503)
  assert(sent.headers.includes('gzip'))
  assert.equal(String(gunzipSync(sent.body)), text)
})

test('health and readiness can be asked for with HEAD', async () => {
  const find = (path: string): Route =>
    ROUTES.find((route) => route.method === 'HEAD' && route.path === path)!
  for (const [path, ready, status] of [
    ['/healthz', false, 200],
    ['/readyz', true, 200],
    ['/readyz', false, 503],
  ] as const) {
    const { sent, context } = contextOf('', ready)
    await find(path).handle(context)
    assert.equal(sent.status, status, path)
  }
})
