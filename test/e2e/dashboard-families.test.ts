// SPDX-License-Identifier: MIT
// The dashboard of a node in both families, and of one in IPv6 alone: peers that are known in both
// are two, at one place of the ring.
// test-timeout-s: 240

import assert from 'node:assert/strict'
import { after, describe, type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { InfoHash } from '../../src/core/id/info-hash.ts'
import { DhtRunner } from '../../src/nodejs/dht-runner.ts'
import { ProxyServer } from '../../src/proxy/server/proxy-server.ts'
import { browserMissing, closeBrowser, openTab } from '../support/browser.ts'
import { poll } from '../support/watch.ts'

const skip = browserMissing()
const NODES = 5
/** Apart from each other in the ring: marks that overlap could not be clicked. */
const idOf = (i: number): InfoHash => InfoHash.fromHex((3 * i).toString(16).padEnd(40, '5'))!
const NETWORK = 8086

after(closeBrowser)

interface Families {
  readonly bind4: '127.0.0.1' | false
  readonly bind6: '::1' | false
}

/** The first of some nodes that all know each other, and its proxy. */
async function serve(
  t: TestContext,
  families: Families,
): Promise<{ readonly node: DhtRunner; readonly proxy: ProxyServer }> {
  const options = { ...families, port: 0, network: NETWORK, maxRequestsPerSecond: -1 }
  const first = await DhtRunner.start({ ...options, id: idOf(0) })
  t.after(() => first.close())
  const bootstrap = [
    ...(families.bind4 ? [`127.0.0.1:${first.port4}`] : []),
    ...(families.bind6 ? [`[::1]:${first.port6}`] : []),
  ]
  for (let i = 1; i < NODES; i++) {
    const node = await DhtRunner.start({ ...options, bootstrap, id: idOf(i) })
    t.after(() => node.close())
  }
  const peers = NODES - 1
  const isComplete = async (): Promise<boolean> => {
    const { ipv4, ipv6 } = await first.stats()
    return (!families.bind4 || ipv4.good === peers) && (!families.bind6 || ipv6.good === peers)
  }
  await poll(isComplete, 60_000, 'all peers in the tables')
  const proxy = await ProxyServer.start(first, { port: 0, address: '127.0.0.1', dashboard: true })
  t.after(() => proxy.close())
  return { node: first, proxy }
}

const rows = (page: Page) => page.getByRole('region', { name: 'Peers of the routing table' })

describe('the network', { skip }, () => {
  test('of both families shows each peer in both, and which is which', async (t) => {
    const { proxy } = await serve(t, { bind4: '127.0.0.1', bind6: '::1' })
    const { page, complaints } = await openTab(t, `${proxy.url}/dashboard/#/network`)
    const squares = page.locator('.ring .peer rect')
    const circles = page.locator('.ring .peer circle')
    await poll(async () => (await squares.count()) === NODES - 1, 30_000, 'squares')
    assert.equal(await circles.count(), NODES - 1)
    assert.equal(await rows(page).getByRole('button').count(), 2 * (NODES - 1))

    const square = squares.first()
    const title = (await square.locator('xpath=../*[local-name()="title"]').textContent())!
    const [id] = title.split('…')
    const address = / (\S+)\n/.exec(title)![1]!
    assert.match(address, /^\[::1\]:\d+$/)
    const circle = circles.locator('xpath=..').filter({ hasText: id! }).locator('circle')
    const [left, right] = [(await circle.boundingBox())!, (await square.boundingBox())!]
    assert.ok(left.x + left.width <= right.x + 1, 'side by side')
    await square.click()
    const card = page.locator('.stack').getByText(address, { exact: true })
    await card.waitFor()
    const picked = page.locator('tr.picked')
    assert.equal(await picked.count(), 1, 'one of the two')
    assert.match(await picked.innerText(), new RegExp(`^${id}`))
    assert.ok((await picked.innerText()).includes(address))

    await circle.click()
    await card.waitFor({ state: 'detached' })
    assert.match(await page.locator('tr.picked').innerText(), /127\.0\.0\.1/)

    await page.getByRole('button', { name: `IPv6 (${NODES - 1})` }).click()
    await circles.first().waitFor({ state: 'detached' })
    assert.equal(await squares.count(), NODES - 1)
    await page.getByRole('button', { name: `IPv4 (${NODES - 1})` }).click()
    await squares.first().waitFor({ state: 'detached' })
    assert.equal(await circles.count(), NODES - 1)
    assert.deepEqual(complaints, [])
  })

  test('of IPv6 alone has buckets, estimates and lookups', async (t) => {
    const { node, proxy } = await serve(t, { bind4: false, bind6: '::1' })
    const { page, complaints } = await openTab(t, `${proxy.url}/dashboard/#/overview`)
    await page.getByText('Ready', { exact: true }).waitFor()
    const facts = page.locator('.facts')
    await facts.getByText('not used', { exact: true }).waitFor()
    await facts
      .getByText(/^\[::1\]:\d+$/)
      .first()
      .waitFor()
    await page.getByText(`IPv4 0, IPv6 ${NODES - 1}; 0 dubious`).waitFor()
    await page.getByRole('link', { name: 'Network' }).click()
    await page.locator('.ring-buckets path').first().waitFor()
    assert.equal(await page.locator('.ring .peer rect').count(), NODES - 1)
    await page.getByText(/^[1-9]\d* nodes$/).waitFor()
    await page.getByRole('link', { name: 'Searches' }).click()
    await page.fill('#lookup-key', 'looked up')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByText(/^Found 0 values in/).waitFor()
    await page.getByText(`IPv6, ${NODES - 1} nodes`).waitFor()
    await page.locator('.lookup .step.answered').first().waitFor()
    // Who started one goes on seeing it when others run.
    await node.getAll('another')
    const another = String(InfoHash.get('another')).slice(0, 20)
    await page.getByRole('button', { name: `${another}…`, pressed: false }).waitFor()
    const heading = page.getByRole('heading', { level: 2 })
    await heading.getByText(String(InfoHash.get('looked up'))).waitFor()
    assert.deepEqual(complaints, [])
  })
})
