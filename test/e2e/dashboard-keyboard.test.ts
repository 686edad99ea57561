// SPDX-License-Identifier: MIT
// The dashboard for who has no pointer: every step is a key that is pressed.
// test-timeout-s: 240

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { browserMissing, closeBrowser, openTab } from '../support/browser.ts'
import { serveNetwork } from '../support/dashboard-kit.ts'
import { poll } from '../support/watch.ts'

const skip = browserMissing()
/** What a person would call the element that has the keyboard. */
const FOCUSED = `(({ ariaLabel, id, textContent }) =>
  ariaLabel || id || textContent.trim())(document.activeElement)`

after(closeBrowser)

test('the keyboard alone is enough, however many values there are', { skip }, async (t) => {
  const { node, url } = await serveNetwork(t, { nodes: 4 })
  await Promise.all(Array.from({ length: 60 }, (_, i) => node.put('typed', `value ${i}`)))
  const { page } = await openTab(t, url('overview'))
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  const tabTo = async (name: string, most: number): Promise<void> => {
    const seen: string[] = []
    for (let i = 0; i < most; i++) {
      await page.keyboard.press('Tab')
      seen.push(String(await page.evaluate(FOCUSED)))
      if (seen.at(-1) === name) return
    }
    assert.fail(`${name} is not among ${seen.join(', ')}`)
  }
  await tabTo('Skip to the content', 1)
  await tabTo('Keys', 3)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
  await page.locator('main:focus').waitFor()
  await tabTo('key', 1)
  await page.keyboard.type('typed')
  await page.keyboard.press('Enter')
  await page.getByText('listening', { exact: true }).waitFor()
  const details = page.getByRole('region', { name: 'The chosen value' })
  const list = page.getByRole('region', { name: 'Values, newest first' })
  await details.waitFor()
  await tabTo('Values, newest first', 4)
  await page.keyboard.press('Tab')
  let focused = String(await page.evaluate(FOCUSED))
  for (const key of [...Array.from({ length: 20 }, () => 'ArrowDown'), 'ArrowUp']) {
    const before = focused
    await page.keyboard.press(key)
    await poll(
      async () => {
        focused = String(await page.evaluate(FOCUSED))
        return focused !== before
      },
      10_000,
      `another value than ${before}`,
    )
    assert.match(focused, /^value \d+$/)
  }
  await details.locator('pre').getByText(focused, { exact: true }).waitFor()
  const pressed = list.getByRole('button', { pressed: true })
  assert.equal(await pressed.innerText(), focused)
  await tabTo('put-content', 2)
  await page.keyboard.type('by hand')
  await tabTo('Put', 6)
  await page.keyboard.press('Space')
  await page.getByText(/Stored as value/).waitFor()
})
