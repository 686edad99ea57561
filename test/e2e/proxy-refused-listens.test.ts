// SPDX-License-Identifier: MIT
// A listen that the node behind the proxy does not take.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy-kit.ts'
import { poll } from '../support/watch.ts'

test('a client whose listen is refused gets an error instead of an empty stream', async (t) => {
  const { node, proxy, close } = await startProxy()
  t.after(close)
  await node.close()
  for (const accept of ['application/json', 'text/event-stream']) {
    const reply = await fetch(`${proxy.url}/key/some/listen`, { headers: { accept } })
    assert.equal(reply.status, 503)
    assert.equal(reply.headers.get('content-type'), 'application/json')
    assert.match(((await reply.json()) as { err: string }).err, /^Listen failed: /)
  }
  await poll(() => proxy.counters.listens === 0, 5000, 'the listens ended')
})
