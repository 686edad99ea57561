// SPDX-License-Identifier: MIT
// A network of 64 of our nodes in one process over real UDP on loopback: every value is found from
// every node, also after 20 nodes vanished without a word.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DhtRunner } from '../../src/nodejs/entry.ts'
import { poll } from '../support/watch.ts'

// test-timeout-s: 180
const NODES = 64
const VANISHING = 20
const OPTIONS = {
  port: 0,
  bind4: '127.0.0.1',
  bind6: false,
  network: 6464,
  maxRequestsPerSecond: -1,
} as const

const nodes: DhtRunner[] = []

const keyOf = (index: number): string => `key of node ${index}`
const dataOf = (index: number): string => `data of node ${index}`

/** The keys whose value `node` does not find. */
async function missingAt(node: DhtRunner): Promise<string[]> {
  const missing: string[] = []
  for (let index = 0; index < NODES; index++) {
    const values = await node.getAll(keyOf(index))
    const texts = values.map(({ data }) => new TextDecoder().decode(data))
    if (!texts.includes(dataOf(index))) missing.push(keyOf(index))
  }
  return missing
}

async function assertAllFoundBy(searchers: readonly DhtRunner[]): Promise<void> {
  const missing = await Promise.all(searchers.map(missingAt))
  assert.deepEqual(missing.flat(), [])
}

before(async () => {
  const first = await DhtRunner.start({ ...OPTIONS, bootstrapMode: true })
  const bootstrap = [`127.0.0.1:${first.port4}`]
  const others = Array.from({ length: NODES - 1 }, () => DhtRunner.start({ ...OPTIONS, bootstrap }))
  nodes.push(first, ...(await Promise.all(others)))
  await poll(
    () => nodes.every((node) => node.status().ipv4 === 'connected'),
    30_000,
    'not all nodes are connected',
  )
})

after(() => Promise.all(nodes.map((node) => node.close())))

test('every value is found from every node', async () => {
  await Promise.all(nodes.map((node, index) => node.put(keyOf(index), dataOf(index))))
  await assertAllFoundBy(nodes)
})

test('every value is still found after 20 nodes vanished', async () => {
  const gone = nodes.splice(1, VANISHING)
  await Promise.all(gone.map((node) => node.close()))
  await assertAllFoundBy(nodes)
})
