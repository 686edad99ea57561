// SPDX-License-Identifier: MIT
// Topics are read for those who watch them, once for all, and not at all for nobody.

import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { LiveTopic } from '../../../../src/proxy/server/inspect/inspection-types.ts'
import { LiveHub, type TopicSource } from '../../../../src/proxy/server/inspect/live-hub.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a topic is read at once, at intervals, and by nobody when all have left', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  let reads = 0
  const source = (read: TopicSource['read']): TopicSource => ({ intervalMs: 1000, read })
  const sources: Record<LiveTopic, TopicSource> = {
    overview: source(async () => `${++reads}`),
    network: source(() => Promise.reject(new Error('no table'))),
    searches: source(async () => undefined),
    storage: source(async () => 'never read'),
    log: source(async () => 'never read'),
  }
  const errors: string[] = []
  const hub = new LiveHub(sources, (topic, error) => errors.push(`${topic}: ${error}`))
  const heard: string[] = []
  const unsubscribe = hub.subscribe(['overview', 'network', 'searches'], (topic, json) => {
    heard.push(`${topic} ${json}`)
  })
  await settled()
  assert.deepEqual(heard, ['overview 1'])
  assert.deepEqual(errors, ['network: Error: no table'])
  const second: string[] = []
  const unsubscribeSecond = hub.subscribe(['overview'], (_, json) => second.push(json))
  await settled()
  mock.timers.tick(1000)
  await settled()
  assert.deepEqual(second, ['2', '3'], 'one read for both')
  assert.deepEqual(heard, ['overview 1', 'overview 2', 'overview 3'])
  unsubscribe()
  unsubscribeSecond()
  mock.timers.tick(10_000)
  await settled()
  assert.equal(reads, 3)
})
