// SPDX-License-Identifier: MIT
// The dashboard where it is not welcome: proxies with limits, without a token, and such that do not
// answer. The page says what is wrong, waits as long as it is told to, and goes on.
// test-timeout-s: 300

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { browserMissing, closeBrowser, openTab } from '../support/browser.ts'
import { type ServedNetwork, serveNetwork, TOKEN } from '../support/dashboard-kit.ts'
import { poll } from '../support/watch.ts'

const skip = browserMissing()

let served: ServedNetwork
const endings: (() => Promise<void>)[] = []
before(async () => {
  if (skip !== false) return
  served = await serveNetwork({ after: (end) => void endings.push(end) }, { nodes: 3 })
})
after(async () => {
  await closeBrowser()
  for (const end of endings.reverse()) await end()
})

describe('limits of the proxy', { skip }, () => {
  test('are said, and asked again no earlier than allowed', async (t) => {
    const proxy = await ProxyServer.start(served.node, {
      port: 0,
      address: '127.0.0.1',
      dashboard: true,
      limits: { maxListensPerAddress: 1 },
    })
    t.after(() => proxy.close())
    const stop = new AbortController()
    t.after(() => stop.abort())
    await fetch(`${proxy.url}/key/first/listen`, { signal: stop.signal })
    const { page, requests } = await openTab(t, 'about:blank')
    // Time passes as we like, however busy the machine is: the server says ten seconds.
    await page.clock.install({ time: 0 })
    await page.clock.pauseAt(1000)
    await page.goto(`${proxy.url}/dashboard/#/keys/second`)
    const refusal = page.getByText('More than 1 listen streams are open from your address')
    const isRefused = async (): Promise<boolean> => {
      await page.clock.runFor(50)
      return refusal.isVisible()
    }
    await poll(isRefused, 120_000, 'a refused listen')
    const attempts = (): number => requests.filter((it) => it.includes('/listen')).length
    assert.equal(attempts(), 1)
    await page.clock.runFor(5000)
    assert.equal(attempts(), 1, 'not before its time')
    stop.abort()
    await poll(() => proxy.counters.listens === 0, 10_000, 'the first listen ends')
    await page.clock.runFor(6000)
    await page.clock.resume()
    await page.getByText('listening', { exact: true }).waitFor()
  })

  test('of requests do not stop the page', async (t) => {
    const { page } = await openTab(t, served.url('keys/limited'))
    await page.getByText('listening', { exact: true }).waitFor()
    // As the server says it, once; how it counts is tested without a page.
    const body = '{"err":"More than 1000 requests per second: wait a second"}'
    const refuse = { status: 429, headers: { 'retry-after': '1' }, body }
    await page.route(/\/key\/[0-9a-f]{40}$/, (route) => route.fulfill(refuse), { times: 1 })
    await page.fill('#put-content', 'too many')
    const put = page.getByRole('button', { name: 'Put', exact: true })
    await put.click()
    await page.getByText('Not stored: More than 1000 requests per second: wait a').waitFor()
    assert.equal(await page.inputValue('#put-content'), 'too many', 'nothing is lost')
    await put.click()
    await page.getByText(/^Stored as value/).waitFor()
  })
})

describe('without a token', { skip }, () => {
  test('the page does not ask for one that nobody has', async (t) => {
    const { page } = await openTab(t, served.url('settings'))
    await page.getByText('start it with --dashboard-token FILE').waitFor()
    assert.equal(await page.isDisabled('#token'), true)
  })

  test('strangers are told why, and led to what they may do', async (t) => {
    const extraHTTPHeaders = { 'x-forwarded-for': '192.0.2.1' }
    const { page } = await openTab(t, served.url('overview'), { extraHTTPHeaders })
    await page.getByText(/^Only for browsers on the host of the proxy/).waitFor()
    assert.equal(await page.getByRole('link', { name: 'Give a token' }).count(), 0)
    await page.getByRole('link', { name: 'Go to the keys' }).click()
    await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
  })

  test('strangers are asked for the one that there is', async (t) => {
    const options = { port: 0, address: '127.0.0.1', dashboard: { token: TOKEN } }
    const proxy = await ProxyServer.start(served.node, options)
    t.after(() => proxy.close())
    const extraHTTPHeaders = { 'x-forwarded-for': '192.0.2.1' }
    const { page } = await openTab(t, `${proxy.url}/dashboard/`, { extraHTTPHeaders })
    await page.getByRole('link', { name: 'Give a token' }).click()
    await page.fill('#token', 'a-token-of-nobody')
    await page.getByRole('button', { name: 'Use' }).click()
    await page.getByText('The proxy does not accept it.').waitFor()
    await page.fill('#token', TOKEN)
    await page.getByRole('button', { name: 'Use' }).click()
    await page.getByText('In use.').waitFor()
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByText('Ready', { exact: true }).waitFor()
  })
})

describe('a proxy that does not answer', { skip }, () => {
  test('is not waited for without end', async (t) => {
    const { page } = await openTab(t, 'about:blank')
    await page.clock.install()
    await page.goto(served.url('keys/silence'))
    await page.getByText('listening', { exact: true }).waitFor()
    await page.route(/\/key\/[0-9a-f]{40}$/, () => {}) // never answered
    await page.fill('#put-content', 'hello')
    await page.getByRole('button', { name: 'Put', exact: true }).click()
    await page.getByText('Storing…').waitFor()
    await page.getByRole('button', { name: 'Get once' }).click()
    await page.getByText('Asking the network…').waitFor()
    await page.clock.fastForward(61_000)
    await page.getByText('Not stored: No answer within 15 s').waitFor()
    await page.getByText('Get failed: No answer within 60 s').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Put', exact: true }).isEnabled(), true)
  })
})
