// SPDX-License-Identifier: MIT
// Debian's Chromium, driven by playwright-core, with a fresh profile for each test. Whatever a page
// complains about (errors, refused by policy, requests to elsewhere) is kept for the test to judge.

import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const EXECUTABLE = '/usr/bin/chromium'
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const TIMEOUT_MS = 30_000

export interface Tab {
  readonly page: Page
  /** Errors of scripts and of the console. */
  readonly complaints: string[]
  /** Addresses of all requests. */
  readonly requests: string[]
}

/** False, or why there is no browser: made for `test(name, { skip: … })`. */
export function browserMissing(): string | false {
  const reason = existsSync(EXECUTABLE) ? false : `${EXECUTABLE} is not installed`
  if (reason !== false && process.env['CI'] === 'true') throw new Error(reason)
  return reason
}

let launched: Promise<Browser> | undefined

/** Closed when the process ends, or by `closeBrowser`. */
function launch(): Promise<Browser> {
  launched ??= chromium.launch({ executablePath: EXECUTABLE, args: ARGS })
  return launched
}

export async function closeBrowser(): Promise<void> {
  await (await launched)?.close()
  launched = undefined
}

/** A tab of its own profile, closed when the test ends. */
export async function openTab(
  t: Pick<TestContext, 'after'>,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const browser = await launch()
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(TIMEOUT_MS)
  const complaints: string[] = []
  const requests: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error.stack)))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => requests.push(request.url()))
  await page.goto(url)
  return { page, complaints, requests }
}
