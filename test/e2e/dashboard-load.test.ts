// SPDX-License-Identifier: MIT
// The dashboard under load, and at rest: ten thousand values that change while they are watched
// must not hold the page up, and an idle page must leave the machine alone.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ValueEvent } from '../../src/api/value-queue.ts'
import { Value } from '../../src/core/value/value.ts'
import type { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { browserMissing, closeBrowser, openTab } from '../support/browser.ts'
import { serveNetwork } from '../support/dashboard-kit.ts'
import { poll } from '../support/watch.ts'

const skip = browserMissing()
const VALUES = 10_000
const UPDATES = 4000
const MAX_TASK_MS = 200

after(closeBrowser)

test('ten thousand values under watch, and changes, leave the page smooth', { skip }, async (t) => {
  const { node } = await serveNetwork(t, { nodes: 2 })
  const proxy = await ProxyServer.start(withManyValues(node), {
    address: '127.0.0.1',
    port: 0,
    dashboard: true,
  })
  t.after(() => proxy.close())
  const { page, complaints } = await openTab(t, `${proxy.url}/dashboard/#/keys`)
  const browser = page.context().browser()!
  await browser.startTracing(page, { categories: ['devtools.timeline', 'toplevel'] })
  await page.fill('#key', 'many')
  await page.getByRole('button', { name: 'Open' }).click()
  const list = page.getByRole('region', { name: 'Values, newest first' })
  const count = page.locator('.card-head [aria-live]')
  await poll(async () => (await count.innerText()) === '10,000', 30_000, 'all values')
  await list.hover()
  for (let i = 0; i < 10; i++) await page.mouse.wheel(0, 3000)
  const last = page.getByRole('region', { name: 'Changes, newest first' })
  await last.getByText(`changed ${UPDATES - 1}`, { exact: true }).waitFor({ timeout: 30_000 })
  assert.ok((await page.locator('li.virtual-row').count()) < 200, 'only rows in sight exist')
  const { tasks, longest, longestWall } = tasksOf(await browser.stopTracing())
  t.diagnostic(`longest of ${tasks} tasks: ${longest} ms of work, ${longestWall} ms on the clock`)
  assert.ok(tasks > 100, 'tasks were recorded')
  assert.ok(longest <= MAX_TASK_MS, `a task took ${longest} ms`)
  assert.deepEqual(complaints, [])
})

test('an idle page takes less than a hundredth of a core', { skip }, async (t) => {
  const { url } = await serveNetwork(t, { nodes: 6 })
  const { page } = await openTab(t, url('overview'))
  await page.getByText('Ready', { exact: true }).waitFor()
  await page.waitForTimeout(2500)
  const session = await page.context().newCDPSession(page)
  // Time on the processor, not on the clock: others may be at work.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')!.value
  }
  const before = await busySeconds()
  const startedAt = performance.now()
  await page.waitForTimeout(6000)
  const share = ((await busySeconds()) - before) / ((performance.now() - startedAt) / 1000)
  t.diagnostic(`${(share * 100).toFixed(2)} % of a core`)
  assert.ok(share < 0.01, `${(share * 100).toFixed(2)} % of a core`)
})

interface TraceFile {
  readonly traceEvents: readonly {
    readonly name: string
    readonly pid: number
    readonly tid: number
    readonly dur?: number
    readonly tdur?: number
    readonly args: { readonly name?: string }
  }[]
}

/** Of the page's main thread, in milliseconds. What counts is work: others may keep it waiting. */
function tasksOf(trace: Buffer): { tasks: number; longest: number; longestWall: number } {
  const { traceEvents } = JSON.parse(trace.toString()) as TraceFile
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => /RunTask$/.test(name) && main.has(`${pid} ${tid}`),
  )
  const longest = (field: 'dur' | 'tdur'): number =>
    Math.round(tasks.reduce((most, task) => Math.max(most, task[field] ?? 0), 0) / 1000)
  return { tasks: tasks.length, longest: longest('tdur'), longestWall: longest('dur') }
}

/** The node, but whoever listens hears of many values, and then of many changes. */
function withManyValues(node: DhtRunner): DhtRunner {
  return new Proxy(node, {
    get: (target, name) => {
      if (name === 'listen') return manyValues
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

async function* manyValues(): AsyncGenerator<ValueEvent> {
  const data = (text: string): Uint8Array => new TextEncoder().encode(text)
  for (let i = 1; i <= VALUES; i++) {
    yield { value: new Value({ id: BigInt(i), data: data(`value ${i}`) }), expired: false }
  }
  await new Promise((resolve) => setTimeout(resolve, 2000))
  for (let i = 0; i < UPDATES; i++) {
    const id = BigInt(1 + ((i * 7919) % VALUES))
    yield { value: new Value({ id, data: data(`changed ${i}`) }), expired: false }
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await new Promise(() => {})
}
