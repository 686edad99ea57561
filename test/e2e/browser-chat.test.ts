// SPDX-License-Identifier: MIT
// The bundle of the proxy client in a real browser, through the example that uses it: two pages
// from static files talk to each other over the proxies of two nodes.
// test-timeout-s: 300

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { browserMissing, closeBrowser, openTab } from '../support/browser.ts'
import { serveNetwork } from '../support/dashboard-kit.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = pathToFileURL(join(ROOT, 'examples/browser-chat/index.html')).href

after(closeBrowser)

async function enter(page: Page, proxy: string, name: string): Promise<void> {
  await page.getByLabel('Proxy').fill(proxy)
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Join' }).click()
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

test('two pages chat over two proxies', { skip: browserMissing() }, async (t) => {
  const { demo, proxy } = await serveNetwork(t, { nodes: 4 })
  const other = await ProxyServer.start(demo.nodes[1]!, { port: 0, address: '127.0.0.1' })
  t.after(() => other.close())
  const alice = await openTab(t, PAGE)
  const bob = await openTab(t, PAGE)
  await enter(alice.page, proxy.url, 'Alice')
  await enter(bob.page, other.url, 'Bob')
  await say(alice.page, 'hello <b>Bob</b>')
  await bob.page.getByText('hello <b>Bob</b>').waitFor()
  await say(bob.page, 'hello Alice')
  await alice.page.getByText('hello Alice').waitFor()
  for (const { page, complaints } of [alice, bob]) {
    const lines = await page.locator('#lines li').allInnerTexts()
    assert.deepEqual(lines, ['Alice: hello <b>Bob</b>', 'Bob: hello Alice'])
    assert.deepEqual(complaints, [])
  }
})

test('a proxy that goes away loses no message', { skip: browserMissing() }, async (t) => {
  const { node } = await serveNetwork(t, { nodes: 4 })
  let proxy = await ProxyServer.start(node, { port: 0, address: '127.0.0.1' })
  t.after(() => proxy.close())
  const { port, url } = proxy
  const { page } = await openTab(t, PAGE)
  await enter(page, url, 'Alice')
  await page.getByText('In lobby', { exact: true }).waitFor()
  await proxy.close()
  await page.getByText(`${url} cannot be used now: trying again`).waitFor()
  await say(page, 'nobody hears')
  await page.getByText(/^Not sent: /).waitFor()
  assert.equal(await page.getByLabel('Message').inputValue(), 'nobody hears')
  proxy = await ProxyServer.start(node, { port, address: '127.0.0.1' })
  await page.getByText('In lobby', { exact: true }).waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('listitem').getByText('nobody hears').waitFor()
  assert.equal(await page.locator('#state').innerText(), '')
})

test('the bundle needs nothing of Node.js and is small', () => {
  const bundle = readFileSync(join(ROOT, 'dist/browser/proxy-client.js'), 'utf8')
  assert.doesNotMatch(bundle, /from ?["']|\brequire\(|\bnode:[a-z]|\bBuffer\b|\bprocess\./)
  assert.ok(bundle.length < 100_000, `${bundle.length} characters`)
})
