// SPDX-License-Identifier: MIT
// test-timeout-s: 180
// Indexes over real nodes and over a REST proxy: what either inserts, the other one finds, and a
// split made by one of them moves the entries of the other.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Pht } from '../../src/pht/pht.ts'
import { ProxyClient } from '../../src/proxy/client/entry.ts'
import { startNodes, startProxy } from '../support/conformance-nodes.ts'
import { indexed } from '../support/pht-kit.ts'
import { poll } from '../support/watch.ts'

const DEADLINE_MS = 20_000
const SPEC = { name: 3, year: 2 }
/** All in the half of the tree whose bits begin with 0. */
const keyOf = (i: number) => ({ name: String(i).padStart(3, '0'), year: String(10 + (i % 7)) })
const byValue = (a: number, b: number): number => a - b
const count = (n: number) => Array.from({ length: n }, (_, i) => i)

/** The same index at a node, and behind the proxy of another node. */
async function openBoth(t: TestContext): Promise<{ direct: Pht; proxied: Pht }> {
  const nodes = await startNodes(4)
  const proxy = await startProxy(nodes[0]!)
  const client = new ProxyClient({ proxies: proxy.url })
  const direct = new Pht(nodes[1]!, 'people', SPEC)
  const proxied = new Pht(client, 'people', SPEC)
  t.after(async () => {
    direct.close()
    proxied.close()
    for (const part of [client, proxy, ...nodes]) await part[Symbol.asyncDispose]()
  })
  await client.whenConnected({ signal: AbortSignal.timeout(DEADLINE_MS) })
  return { direct, proxied }
}

test('what is inserted through a node or a proxy is found through both', async (t) => {
  const { direct, proxied } = await openBoth(t)
  // Sixteen fill the root; the next one splits it, and those in it move.
  for (const i of count(16)) await proxied.insert(keyOf(i), indexed(i + 1))
  for (const i of count(2)) await direct.insert(keyOf(16 + i), indexed(17 + i))
  assert.ok(direct.stats().splits > 0)
  await poll(() => proxied.stats().moves > 0, DEADLINE_MS, 'entries follow the split')
  for (const i of count(4)) await proxied.insert(keyOf(18 + i), indexed(19 + i))
  for (const i of count(22)) {
    for (const index of [direct, proxied]) {
      assert.deepEqual(await index.lookup(keyOf(i)), [indexed(i + 1)], `entry ${i}`)
    }
  }
  assert.deepEqual(await proxied.lookup({ name: '999', year: '10' }), [])
})

test('ranges and closest keys are the same through a proxy', async (t) => {
  const { direct, proxied } = await openBoth(t)
  for (const i of count(18)) {
    await [direct, proxied][i % 2]!.insert(keyOf(i), indexed(i + 1))
  }
  for (const index of [direct, proxied]) {
    const found: number[] = []
    for await (const { id } of index.range('name', { from: '005', to: '009' }))
      found.push(Number(id))
    assert.deepEqual(found.sort(byValue), [6, 7, 8, 9, 10])
    const near = await index.lookup({ name: '00', year: '10' }, { exact: false })
    assert.deepEqual(near.map(({ id }) => Number(id)).sort(byValue), [1, 8], '000 and 007')
  }
})
