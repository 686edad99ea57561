// SPDX-License-Identifier: MIT
// The client of proxies as a browser would run it: bundled for browsers, with the globals of the
// web and nothing of Node.js.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { rolldown } from 'rolldown'
import type * as Entry from '../../src/proxy/client/entry.ts'
import { startNodes, startProxy } from '../support/conformance-nodes.ts'

const ENTRY = join(import.meta.dirname, '../../src/proxy/client/entry.ts')

/** What the bundle may use of its surroundings; all of it is in every browser. */
const WEB = {
  AbortController,
  DOMException,
  ReadableStream,
  TextDecoder,
  TextEncoder,
  URL,
  atob,
  btoa,
  clearTimeout,
  crypto,
  fetch,
  performance,
  queueMicrotask,
  setTimeout,
}

async function bundle(): Promise<string> {
  const build = await rolldown({ input: ENTRY, platform: 'browser' })
  const settings = { name: 'dht', codeSplitting: false, comments: false } as const
  const { output } = await build.generate({ format: 'iife', ...settings })
  assert.equal(output.length, 1)
  return output[0].code
}

test('a bundle for browsers needs nothing of Node.js, and works', async (t) => {
  const code = await bundle()
  const ofNode = code.match(/.*(?:["'`]node:|\brequire\(|\bBuffer\b|\bprocess\.).*/g)
  assert.equal(ofNode, null)
  const nodes = await startNodes(2)
  for (const node of nodes) t.after(() => node.close())
  const proxy = await startProxy(nodes[0]!)
  t.after(() => proxy.close())
  const { ProxyClient } = runInNewContext(`${code}; dht`, { ...WEB }) as typeof Entry
  await using client = new ProxyClient({ proxies: proxy.url })
  const listening = client.listen('k')[Symbol.asyncIterator]()
  const heard = listening.next()
  await client.put('k', 'from a browser')
  assert.equal(new TextDecoder().decode((await heard).value!.value.data), 'from a browser')
  assert.equal((await nodes[1]!.getAll('k')).length, 1)
  assert.equal((await client.getAll('k')).length, 1)
  await listening.return!()
})

test('the client is small', async () => {
  const build = await rolldown({ input: ENTRY, platform: 'browser' })
  const { output } = await build.generate({ format: 'esm', minify: true, codeSplitting: false })
  const kilobytes = Math.ceil(output[0].code.length / 1024)
  assert.ok(kilobytes < 100, `${kilobytes} KiB`)
})
