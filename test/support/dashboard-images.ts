// SPDX-License-Identifier: MIT
// Takes the pictures of the dashboard in docs/images, of every view in light and dark, over a
// network that is busy: `node test/support/dashboard-images.ts FOLDER`. Not a test.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { Value } from '../../src/core/value/value.ts'
import { packMsgpackValue } from '../../src/discovery/msgpack-value.ts'
import { SimNetwork } from '../../src/sim/entry.ts'
import { closeBrowser, openTab } from './browser.ts'
import { type ServedNetwork, serveNetwork, TOKEN } from './dashboard-kit.ts'

const VIEWS = ['overview', 'network', 'keys', 'searches', 'log', 'metrics', 'replay', 'settings']
/** For the charts to have something to show. */
const WATCHED_MS = 45_000
const SIZE = { width: 1200, height: 820 }

const folder = process.argv[2] ?? 'docs/images'
mkdirSync(folder, { recursive: true })
const endings: (() => Promise<void>)[] = []
const context = { after: (end: () => Promise<void>) => void endings.push(end) }
const served = await serveNetwork(context, { nodes: 31, hasIdentity: true, token: TOKEN })
const stopTraffic = await makeTraffic(served)
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const options = { colorScheme, viewport: SIZE }
    const { page } = await openTab(context, served.url('overview'), options)
    await page.waitForTimeout(WATCHED_MS)
    for (const view of VIEWS) {
      await show(page, view)
      await page.screenshot({ path: join(folder, `dashboard-${view}-${colorScheme}.png`) })
    }
  }
} finally {
  stopTraffic()
  await closeBrowser()
  for (const end of endings.reverse()) await end()
}

async function makeTraffic({ node, demo, proxy }: ServedNetwork): Promise<() => void> {
  await node.put('fruit', 'apple')
  await node.put('fruit', new Value({ data: packMsgpackValue({ kind: 'pear', grams: 180 }) }))
  await node.putSigned('fruit', '{"kind":"cherry","ripe":true}')
  await node.register('fruit').set('in season: plums')
  let count = 0
  const timer = setInterval(() => {
    const other = demo.nodes[count % demo.nodes.length]!
    void other.put(`traffic ${count++ % 40}`, 'x'.repeat(200 + (count % 7) * 400)).catch(() => {})
    if (count % 3 === 0) void fetch(`${proxy.url}/key/traffic%20${count % 40}`).catch(() => {})
  }, 150)
  return () => clearInterval(timer)
}

async function show(page: Page, view: string): Promise<void> {
  await page.evaluate(`location.hash = '#/${view === 'keys' ? 'keys/fruit' : view}'`)
  await page.waitForTimeout(3500)
  if (view === 'network') await page.locator('td button.mono').nth(2).click()
  if (view === 'searches') {
    await page.fill('#lookup-key', `picture ${Date.now()}`)
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByText(/^Found/).waitFor()
  }
  if (view === 'replay') {
    await page.setInputFiles('#trace', { name: 'split.jsonl', mimeType: '', buffer: await trace() })
    await page.getByRole('slider', { name: 'Time' }).fill('5040')
  }
  await page.waitForTimeout(500)
  await page.evaluate('scrollTo(0, 0)')
}

/** Half of the network is cut off for a while. */
async function trace(): Promise<Buffer> {
  const lines: string[] = []
  const onTrace = (record: unknown): void => void lines.push(JSON.stringify(record))
  const sim = new SimNetwork({ seed: 8, link: { delayMs: { min: 30, max: 120 } }, onTrace })
  const nodes = sim.addNodes(32, { overMs: 2000 })
  await sim.run(4000)
  const cut = sim.isolate(nodes.slice(0, 8))
  for (const [i, node] of nodes.entries()) void node.put(`key ${i}`, 'value').catch(() => {})
  await sim.run(4000)
  cut.heal()
  await sim.run(2000)
  await sim.close()
  return Buffer.from(lines.join('\n'))
}
