// SPDX-License-Identifier: MIT
// The views of the dashboard in a real browser, over a network of 32 nodes: what they show, how
// quickly, for whom, and what is left of them when the proxy goes away.
// test-timeout-s: 300

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { SimNetwork } from '../../src/sim/entry.ts'
import { browserMissing, closeBrowser, openTab } from '../support/browser.ts'
import { type ServedNetwork, serveNetwork, TOKEN } from '../support/dashboard-kit.ts'
import { poll } from '../support/watch.ts'

const skip = browserMissing()
const VIEWS = [
  'overview',
  'network',
  'keys/fruit',
  'searches',
  'log',
  'metrics',
  'replay',
  'settings',
]
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let served: ServedNetwork
const endings: (() => Promise<void>)[] = []
before(async () => {
  if (skip !== false) return
  served = await serveNetwork(
    { after: (end) => void endings.push(end) },
    { nodes: 31, token: TOKEN },
  )
  await served.node.put('fruit', 'apple')
})
after(async () => {
  await closeBrowser()
  for (const end of endings.reverse()) await end()
})

async function firstPaint(page: Page): Promise<number> {
  const paint = 'performance.getEntriesByName("first-contentful-paint")[0]?.startTime'
  await poll(async () => (await page.evaluate(paint)) !== undefined, 5000, 'a first paint')
  return Number(await page.evaluate(paint))
}

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

describe('the page', { skip }, () => {
  test('comes at once, small, from the proxy alone, under a policy', async (t) => {
    const { page, complaints, requests } = await openTab(t, served.proxy.url)
    await heading(page, 'Overview').waitFor()
    assert.match(page.url(), /\/dashboard\/$/, 'browsers are led to it')
    const paintMs = await firstPaint(page)
    t.diagnostic(`first contentful paint after ${Math.round(paintMs)} ms`)
    // Of a busy machine, the best of three tells.
    const others = [paintMs]
    for (let i = 0; i < 2 && Math.min(...others) >= 1000; i++) {
      const again = await openTab(t, served.url('overview'))
      others.push(await firstPaint(again.page))
    }
    assert.ok(Math.min(...others) < 1000, `painted after ${others} ms`)
    assert.ok(requests.every((it) => it.startsWith(served.proxy.url)))
    const files = [...new Set(requests.filter((it) => /dashboard\/./.test(it)))]
    let bytes = 0
    for (const file of files) {
      const reply = await fetch(file)
      assert.match(reply.headers.get('content-security-policy')!, /default-src 'none'/)
      bytes += gzipSync(Buffer.from(await reply.arrayBuffer())).length
    }
    t.diagnostic(`${files.length} files, ${bytes} bytes compressed`)
    assert.ok(bytes < 200_000)
    assert.deepEqual(complaints, [])
  })

  test('has no serious finding of axe in any view, light or dark', async (t) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      // The policy of the page is for the page: what tests put into it is let through.
      const { page } = await openTab(t, served.url('overview'), { colorScheme, bypassCSP: true })
      await page.addScriptTag({ content: AXE })
      // What differs in the dark are colours.
      const runOnly = colorScheme === 'dark' ? `runOnly: ['color-contrast'], ` : ''
      const check = `axe.run(document, { ${runOnly}resultTypes: ['violations'] }).then((it) =>
        it.violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ': ' + target)))`
      for (const view of VIEWS) {
        await page.evaluate(`location.hash = '#/${view}'`)
        await page.waitForTimeout(200)
        assert.deepEqual(await page.evaluate(check), [], `${view}, ${colorScheme}`)
      }
    }
  })

  test('fits a phone', async (t) => {
    const viewport = { width: 360, height: 700 }
    const { page } = await openTab(t, served.url('overview'), { viewport, hasTouch: true })
    for (const view of VIEWS) {
      await page.evaluate(`location.hash = '#/${view}'`)
      await page.waitForTimeout(150)
      const width = Number(await page.evaluate('document.documentElement.scrollWidth'))
      assert.ok(width <= viewport.width, `${view} is ${width} wide`)
    }
  })
})

describe('views', { skip }, () => {
  test('the network shows the peers that the node has', async (t) => {
    const { page, complaints } = await openTab(t, served.url('network'))
    await page.locator('.ring .peer').first().waitFor()
    const shown = (): Promise<string[]> =>
      page.locator('td button.mono').evaluateAll((all) => all.map((it) => it.textContent ?? ''))
    const known = (): string[] =>
      served.node.inspector
        .routingTable(4)
        .buckets.flatMap(({ nodes }) => nodes.map(({ id }) => String(id).slice(0, 12)))
    await poll(async () => (await shown()).length >= 14, 10_000, 'fourteen peers')
    // The table may change between the two looks; it settles.
    for (let look = 0; look < 5; look++) {
      if ((await shown()).sort().join() === known().sort().join()) break
      await page.waitForTimeout(3100)
    }
    assert.deepEqual((await shown()).sort(), known().sort())
    const ids = new Set(served.demo.nodes.map(({ id }) => String(id).slice(0, 12)))
    assert.ok((await shown()).every((id) => ids.has(id)))
    const first = page.locator('td button.mono').first()
    const id = await first.textContent()
    await first.click()
    await page.locator('.stack').getByText(id!).waitFor()
    await page.getByText(/bits with this node/).waitFor()
    assert.deepEqual(complaints, [])
  })

  test('a lookup is drawn, the log tells of it, metrics count it', async (t) => {
    const { page, complaints } = await openTab(t, served.url('searches'))
    await page.fill('#lookup-key', 'a key of nobody')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByText(/Found 0 values in/).waitFor()
    await page.locator('.lookup .step.answered').first().waitFor()
    await page.getByRole('link', { name: 'Log' }).click()
    const lines = page.getByRole('region', { name: 'Log lines' })
    await fetch(`${served.proxy.url}/key/${'0'.repeat(39)}1`)
    await lines.getByText(/\[proxy\] GET \/key\/0+1 of 127\.0\.0\.1: 200 in/).waitFor()
    await page.getByRole('link', { name: 'Metrics' }).click()
    await page.fill('#metric-filter', 'messages.out.get')
    const value = page
      .getByRole('row', { name: /node\.messages\.out\.get/ })
      .locator('td')
      .nth(1)
    assert.ok(Number((await value.innerText()).replaceAll(',', '')) > 0)
    assert.deepEqual(complaints, [])
  })

  test('a trace of the simulator is played', async (t) => {
    const { page, complaints } = await openTab(t, served.url('replay'))
    await page.setInputFiles('#trace', { name: 'a.jsonl', mimeType: '', buffer: await trace() })
    await page.getByRole('slider', { name: 'Time' }).fill('3000')
    await page.getByText('8 of 8 nodes up').waitFor()
    await page.getByText(/^cut /).waitFor()
    await page.getByRole('button', { name: 'Play' }).click()
    const time = page.getByRole('slider', { name: 'Time' })
    await poll(async () => Number(await time.inputValue()) > 3200, 5000, 'time passes')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Another file' }).click()
    await page.setInputFiles('#trace', { name: 'b', mimeType: '', buffer: Buffer.from('{}\nno') })
    await page.getByText(/^Line 1 is no record of a trace/).waitFor()
    assert.deepEqual(complaints, [])
  })

  test('the token allows to act, and nothing else does', async (t) => {
    const { page } = await openTab(t, served.url('settings'))
    const changed = page.getByRole('button', { name: 'Connectivity changed' })
    await changed.click()
    await page.getByText(/^Expected the header Authorization/).waitFor()
    await page.fill('#token', TOKEN)
    await page.getByRole('button', { name: 'Use' }).click()
    await page.getByText('In use.').waitFor()
    await page.fill('#hosts', served.demo.entry)
    await page.getByRole('button', { name: 'Bootstrap' }).click()
    await page.getByText(`Contacting ${served.demo.entry}`).waitFor()
    await page.fill('#hosts', 'host:99999')
    await page.getByRole('button', { name: 'Bootstrap' }).click()
    await page.locator('output.error').waitFor()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export values' }).click()
    assert.equal((await download).suggestedFilename(), 'opendht-values.bin')
    await changed.click()
    await page.getByText('The node confirms its peers anew').waitFor()
  })
})

describe('a proxy that goes away', { skip }, () => {
  test('is missed at once, and used again when it is back', async (t) => {
    const { node } = served
    const options = { address: '127.0.0.1', dashboard: true }
    let proxy = await ProxyServer.start(node, { ...options, port: 0 })
    t.after(() => proxy.close())
    const { port, url } = proxy
    const { page } = await openTab(t, `${url}/dashboard/#/keys/restart`)
    await page.getByText('listening', { exact: true }).waitFor()
    await node.put('restart', 'before')
    await page.getByRole('listitem').filter({ hasText: 'before' }).first().waitFor()
    await proxy.close()
    await page.getByText('Connection lost: trying again.').waitFor()
    await page.fill('#put-content', 'into nothing')
    await page.getByRole('button', { name: 'Put', exact: true }).click()
    await page.getByText('Not stored: The proxy does not answer').waitFor()
    await node.put('restart', 'meanwhile')
    proxy = await ProxyServer.start(node, { ...options, port })
    await page.getByText('Connection lost: trying again.').waitFor({ state: 'detached' })
    await page.getByRole('listitem').filter({ hasText: 'meanwhile' }).first().waitFor()
    await page.getByRole('button', { name: 'Put', exact: true }).click()
    await page.getByText(/Stored as value/).waitFor()
  })
})

/** Eight nodes, of which two are cut off for a while. */
async function trace(): Promise<Buffer> {
  const lines: string[] = []
  const onTrace = (record: unknown): void => void lines.push(JSON.stringify(record))
  const sim = new SimNetwork({ seed: 4, onTrace })
  const nodes = sim.addNodes(8, { overMs: 400 })
  await sim.run(2500)
  const cut = sim.isolate(nodes.slice(0, 2))
  await sim.run(2000)
  cut.heal()
  await sim.run(2000)
  await sim.close()
  return Buffer.from(lines.join('\n'))
}
