// SPDX-License-Identifier: MIT
// The dashboard on a phone: what is written can be read, what is tapped shows what it leads to, and
// browsers that lack what Chromium has, as Safari does, are good enough.
// test-timeout-s: 240

import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { Value } from '../../src/core/value/value.ts'
import { browserMissing, closeBrowser, openTab, type Tab } from '../support/browser.ts'
import { type ServedNetwork, serveNetwork } from '../support/dashboard-kit.ts'

const skip = browserMissing()
const PHONE = { viewport: { width: 390, height: 740 }, hasTouch: true, isMobile: true }
/** Pixels of the page: what one has to look closely for is no smaller on paper. */
const MIN_TEXT = 9

let served: ServedNetwork
const endings: (() => Promise<void>)[] = []
before(async () => {
  if (skip !== false) return
  served = await serveNetwork({ after: (end) => void endings.push(end) }, { nodes: 12 })
})
after(async () => {
  await closeBrowser()
  for (const end of endings.reverse()) await end()
})

const phone = (t: TestContext, view: string): Promise<Tab> => openTab(t, served.url(view), PHONE)

/** Sizes of all texts of a picture, as they are seen. */
async function textSizes(page: Page, picture: string): Promise<number[]> {
  const sizes = await page.evaluate(`[...document.querySelectorAll('${picture} text')].map((it) =>
    Number.parseFloat(getComputedStyle(it).fontSize) * it.getScreenCTM().a)`)
  return sizes as number[]
}

/** Whether its upper edge is above the navigation at the lower edge of the screen. */
async function isInSight(element: Locator): Promise<boolean> {
  const box = (await element.boundingBox())!
  return box.y >= -1 && box.y + Math.min(box.height, 60) < PHONE.viewport.height - 56
}

describe('on a phone', { skip }, () => {
  test('pictures can be read, and their dots be hit', async (t) => {
    const { page } = await phone(t, 'network')
    await page.locator('.ring .peer').first().waitFor()
    for (const size of await textSizes(page, '.ring')) assert.ok(size >= MIN_TEXT, `ring: ${size}`)
    const peer = (await page.locator('.ring .peer').first().boundingBox())!
    assert.ok(peer.width >= 9, `a peer is ${peer.width} wide`)
    await page.getByRole('link', { name: 'Searches' }).click()
    await page.fill('#lookup-key', 'small')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.locator('.lookup .step.answered').first().waitFor()
    const sizes = await textSizes(page, '.lookup')
    assert.ok(sizes.length > 2)
    for (const size of sizes) assert.ok(size >= MIN_TEXT, `lookup: ${size}`)
  })

  test('what is picked comes into sight, again and again', async (t) => {
    for (let i = 1n; i <= 12n; i++) {
      const data = new TextEncoder().encode(`line ${i}\n`.repeat(3))
      await served.node.put('long', new Value({ id: i, data }))
    }
    const { page } = await phone(t, 'keys/long')
    const value = page.getByRole('button', { name: /^line 1 / })
    const details = page.getByRole('region', { name: 'The chosen value' })
    for (let i = 0; i < 2; i++) {
      await value.scrollIntoViewIfNeeded()
      assert.equal(await isInSight(details), false)
      await value.tap()
      await details.getByRole('heading', { name: 'Value 1', exact: true }).waitFor()
      assert.equal(await isInSight(details), true, 'the value')
    }
    await page.getByRole('link', { name: 'Network' }).click()
    const last = page.locator('td button.mono').last()
    await last.tap()
    await page.getByText('Last answer').waitFor()
    const card = page.locator('section.card', { hasText: 'Last answer' })
    assert.equal(await isInSight(card), true, 'the peer')
  })
})

describe('a browser without loops over streams', { skip }, () => {
  test('shows the node, listens, gets and replays', async (t) => {
    const { page, complaints } = await openTab(t, 'about:blank')
    await page.addInitScript('delete ReadableStream.prototype[Symbol.asyncIterator]')
    await page.goto(served.url('keys/elsewhere'))
    await page.getByText('listening', { exact: true }).waitFor()
    await served.node.put('elsewhere', 'seen')
    await page.getByRole('button', { name: 'seen', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Get once' }).click()
    await page.getByText(/^The network has 1 of them/).waitFor()
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByText('Ready', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Replay' }).click()
    await page.setInputFiles('#trace', { name: 'b', mimeType: '', buffer: Buffer.from('no\n') })
    await page.getByText(/^Line 1 is no record of a trace/).waitFor()
    assert.deepEqual(complaints, [])
  })
})
