// SPDX-License-Identifier: MIT
// The keys view of the dashboard in a real browser: what people put and see there is what nodes,
// those in C++ too, get and put; and nothing that a value holds does anything to the page.
// test-timeout-s: 300

import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { Value } from '../../src/core/value/value.ts'
import { packMsgpackValue } from '../../src/discovery/msgpack-value.ts'
import { browserMissing, closeBrowser, openTab, type Tab } from '../support/browser.ts'
import { cppAvailable } from '../support/cpp-available.ts'
import { CppHost, type CppNode } from '../support/cpp-node.ts'
import { type ServedNetwork, serveNetwork } from '../support/dashboard-kit.ts'
import { poll } from '../support/watch.ts'

const skip = browserMissing()
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

let served: ServedNetwork
const endings: (() => Promise<void>)[] = []
before(async () => {
  if (skip !== false) return
  served = await serveNetwork({ after: (end) => void endings.push(end) }, { hasIdentity: true })
})
after(async () => {
  await closeBrowser()
  for (const end of endings.reverse()) await end()
})

function openKey(t: TestContext, key: string): Promise<Tab> {
  return openTab(t, served.url(`keys/${encodeURIComponent(key)}`))
}

async function cppNode(t: TestContext): Promise<CppNode> {
  const host = await CppHost.start()
  t.after(() => host.close())
  const node = await host.createNode({ families: 'ipv4', network: served.demo.network })
  const [address, port] = served.demo.entry.split(':')
  await node.bootstrap(address!, Number(port))
  await node.waitForGoodNodes(2)
  return node
}

async function putInPage(page: Page, content: string): Promise<void> {
  await page.fill('#put-content', content)
  await page.getByRole('button', { name: 'Put', exact: true }).click()
}

const list = (page: Page) => page.getByRole('region', { name: 'Values, newest first' })
const history = (page: Page) => page.getByRole('region', { name: 'Changes, newest first' })
const details = (page: Page) => page.getByRole('region', { name: 'The chosen value' })

describe('with C++ nodes', { skip: skip || cppAvailable() }, () => {
  test('they get what is put in the page, and the page hears what they put', async (t) => {
    const cpp = await cppNode(t)
    const { page, complaints } = await openKey(t, 'between pages and C++')
    await page.getByText('listening', { exact: true }).waitFor()
    await putInPage(page, 'from the page')
    await page.getByText(/Stored as value \d+ in/).waitFor()
    const key = String(InfoHash.get('between pages and C++'))
    const { values } = await cpp.get(key)
    assert.deepEqual(
      values.map(({ data }) => text(data)),
      ['from the page'],
    )
    assert.equal((await cpp.put(key, 'from C++')).ok, true)
    await list(page).getByText('from C++').waitFor()
    const change = history(page).getByRole('listitem').filter({ hasText: 'from C++' })
    assert.match(await change.innerText(), /new/)
    assert.deepEqual(complaints, [])
  })
})

describe('values', { skip }, () => {
  test('are counted down, and seen to expire', async (t) => {
    const { page } = await openKey(t, 'brief')
    const created = new Date(Date.now() - 585_000)
    await served.node.put('brief', 'gone in seconds', { created })
    await list(page).getByText('gone in seconds').waitFor()
    await details(page)
      .getByText(/^in \d+ s$/)
      .waitFor()
    const change = history(page).getByRole('listitem').filter({ hasText: 'expired' })
    await change.getByText('gone in seconds').waitFor({ timeout: 60_000 })
    await page.getByText('No values yet: put one.').waitFor()
  })

  test('can be signed by the node; the browser checks the signature', async (t) => {
    const { page } = await openKey(t, 'signed in the page')
    await page.getByLabel('signed by the node').check()
    await putInPage(page, '{"from": "me"}')
    await details(page).getByText('Signature valid').waitFor()
    const shown = await details(page).innerText()
    assert.ok(shown.includes(String(served.node.publicKey!.id)), 'names the owner')
    assert.match(shown, /"from": "me"/, 'as JSON')
    const [value] = await served.demo.nodes[0]!.getAll('signed in the page')
    assert.equal(value!.isSigned, true)
  })

  test('are shown as text, JSON, MessagePack and bytes', async (t) => {
    const { node } = served
    const packed = packMsgpackValue({ colour: 'red', sizes: [1, 2, 3] })
    await node.put('forms', new Value({ id: 1n, data: packed }))
    const { page } = await openKey(t, 'forms')
    const shown = details(page).locator('pre')
    await shown.getByText('"colour": "red"').waitFor()
    await page.getByRole('button', { name: 'Hex' }).click()
    await shown.getByText('00000  82 a6 63 6f').waitFor()
    const huge = new Uint8Array(64_000).map((_, i) => i * 31)
    await node.put('forms', new Value({ id: 2n, data: huge }))
    await page.getByText('Show all 64.0 kB').click()
    await shown.getByText('0f9f0  ').waitFor()
  })

  test('are shown as registers with the state that prevails', async (t) => {
    const register = served.node.register('states')
    await register.set('first')
    await register.set('second')
    const { page } = await openKey(t, 'states')
    await page.getByRole('heading', { name: 'Registers' }).waitFor()
    await page.locator('.plain').getByText('revision 1', { exact: true }).waitFor()
    await page.locator('.plain').getByText('second').waitFor()
  })

  test('are not listened to by a tab that nobody sees, and made up for later', async (t) => {
    const { node, proxy } = served
    const { page } = await openKey(t, 'hidden')
    await node.put('hidden', new Value({ id: 1n, data: new TextEncoder().encode('seen') }))
    await list(page).getByText('seen').waitFor()
    const show = (state: string): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'visibilityState',
        { value: '${state}', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`)
    await show('hidden')
    await poll(() => proxy.counters.listens === 0, 5000, 'no listens')
    await node.put('hidden', 'put meanwhile')
    await show('visible')
    await list(page).getByText('put meanwhile').waitFor()
    const changes = history(page).getByRole('listitem')
    assert.equal(await changes.filter({ hasText: 'seen' }).first().isVisible(), true)
    assert.deepEqual(await page.getByText('Connection lost').count(), 0)
  })

  test('do nothing to the page, whatever they hold', async (t) => {
    const hostile = [
      '<img src=x onerror="globalThis.harm=1">',
      '</pre><script>globalThis.harm=2</script>',
      '"><svg/onload=globalThis.harm=3>',
      'javascript:globalThis.harm=4',
      '{{constructor.constructor("globalThis.harm=5")()}}',
      '{"__proto__":{"harm":6},"constructor":{"prototype":{"harm":7}}}',
      'abc\u202egnp.exe',
      'with \u0000\u001b[31m controls',
    ]
    const key = `<b onmouseover=alert(1)>${hostile[0]}`
    for (const [i, content] of hostile.entries()) {
      const data = new TextEncoder().encode(content)
      await served.node.put(key, new Value({ id: BigInt(i + 1), data, userType: content }))
    }
    const { page, complaints } = await openKey(t, key)
    for (const content of hostile.slice(0, 5)) {
      await list(page).getByText(content, { exact: true }).click()
      await details(page).locator('pre').getByText(content).waitFor()
    }
    await list(page).getByText('abc[U+202E]gnp.exe').waitFor()
    const all = await page.locator('main').innerText()
    for (const sign of ['\u202e', '\u0000', '\u001b']) assert.ok(!all.includes(sign))
    assert.equal(await page.evaluate('globalThis.harm'), undefined)
    assert.equal(await page.evaluate('({}).harm'), undefined)
    assert.equal(await page.locator('main img, main script').count(), 0)
    assert.deepEqual(complaints, [], 'not even tried')
  })
})

describe('mistakes', { skip }, () => {
  test('in what is put are explained, and nothing is sent', async (t) => {
    const { page, requests } = await openKey(t, 'mistakes')
    await page.getByText('listening', { exact: true }).waitFor()
    await putInPage(page, '')
    await page.getByText('Not stored: expected some content').waitFor()
    await page.selectOption('#put-form', 'hex')
    await putInPage(page, 'abc')
    await page.getByText('expected pairs of hexadecimal digits').waitFor()
    await page.selectOption('#put-form', 'json')
    await putInPage(page, '{"a":')
    await page.getByText(/Not stored: expected JSON: /).waitFor()
    await page.selectOption('#put-form', 'text')
    await page.fill('#put-id', '18446744073709551616')
    await putInPage(page, 'x')
    await page.getByText(/expected a value id of 0 to/).waitFor()
    await page.fill('#put-id', '')
    await putInPage(page, 'x'.repeat(65_001))
    await page.getByText('expected at most 65000 bytes, got 65001').waitFor()
    const path = `/key/${InfoHash.get('mistakes')}`
    assert.ok(!requests.some((it) => it.endsWith(path)), 'no put was sent')
    await putInPage(page, 'and now right')
    await list(page).getByText('and now right').waitFor()
  })

  test('in keys do not confuse the page', async (t) => {
    const { page, complaints } = await openKey(t, '')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('Expected a key').waitFor()
    for (const key of ['..', '/', '%zz', '?#&', '0'.repeat(40), 'ключ 🔑', 'x'.repeat(5000)]) {
      await page.fill('#key', key)
      await page.getByRole('button', { name: 'Open' }).click()
      await page.getByRole('heading', { level: 2, name: key, exact: true }).waitFor()
      await page.getByText('listening', { exact: true }).waitFor()
      assert.ok(await page.getByText(String(InfoHash.get(key))).isVisible(), key.slice(0, 20))
    }
    assert.deepEqual(complaints, [])
  })
})
