// SPDX-License-Identifier: MIT
// REST proxies of the dhtnode program: flags, commands, the end by signal.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DHTNODE, runProgram, temporaryFolder } from '../support/cli-kit.ts'
import { DhtnodeProcess } from '../support/dhtnode-process.ts'
import { RawClient } from '../support/proxy-kit.ts'

const URL_LINE = /REST proxy at (https?:\/\/\S+)/
const LOCAL = ['--proxy-addr', '127.0.0.1']

async function start(t: TestContext, ...args: string[]): Promise<DhtnodeProcess> {
  const node = await DhtnodeProcess.start({ command: DHTNODE, args })
  t.after(() => node.close())
  return node
}

const post = (url: string, body: string) => fetch(url, { method: 'POST', body })

test('a proxy is served from the start, shown by ll, and ends with the program', async (t) => {
  const node = await start(t, '--demo', '4', '--proxyserver', '0', ...LOCAL)
  const [, url] = await node.waitForOutput(URL_LINE)
  const stored = await post(`${url}/key/fruit`, '{"data":"YXBwbGU=","utype":"text/plain"}')
  assert.equal(stored.status, 200)
  const { lines } = await node.get('fruit')
  assert.match(lines.join(), /"apple"/)
  const listen = new RawClient(Number(new URL(url!).port))
  t.after(() => listen.close())
  listen.send('GET /key/fruit/listen HTTP/1.1\r\nHost: x\r\n\r\n')
  await listen.until((text) => text.includes('YXBwbGU='))
  await node.ask(
    'll',
    /Stats for proxy server on port \d+\n {2}Listens: 1, Puts: 0, PushListeners: 0/,
  )
  node.send('x')
  assert.equal(await node.exited, 0)
  await listen.untilEnd()
  assert.equal(listen.ending, 'fin')
})

test('commands start and stop proxies, with TLS when the node has an identity', async (t) => {
  const node = await start(t, '--demo', '3', '-i', ...LOCAL)
  const [, plain] = await node.ask('pst 0', URL_LINE)
  assert.equal((await fetch(plain!)).status, 200)
  const [, secure] = await node.ask('psx 0', /REST proxy at (https:\S+)/)
  await assert.rejects(fetch(secure!), 'nobody vouches for the certificate')
  const { port } = new URL(plain!)
  await node.ask(`psp ${port}`, /No more proxy on port/)
  await assert.rejects(fetch(plain!))
})

test('a service ends at once with SIGTERM, however many listen', async (t) => {
  const node = await DhtnodeProcess.start({
    command: DHTNODE,
    args: ['-s', '--json', '--demo', '3', '--proxyserver', '0', ...LOCAL],
    prompt: false,
  })
  t.after(() => node.close())
  const [, json] = await node.waitForOutput(/"proxies":\[(\{[^}]+\})\]/)
  const { url, dashboardUrl } = JSON.parse(json!)
  assert.equal(dashboardUrl, `${url}/dashboard/`)
  assert.match(await (await fetch(dashboardUrl)).text(), /<title>OpenDHT/)
  const clients = Array.from({ length: 20 }, () => new RawClient(Number(new URL(url!).port)))
  t.after(() => {
    for (const client of clients) client.close()
  })
  for (const client of clients) {
    client.send('GET /key/fruit/listen HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.until((text) => text.includes('\r\n\r\n'))
  }
  const startedAt = performance.now()
  process.kill(node.pid!, 'SIGTERM')
  assert.equal(await node.exited, 0)
  assert.ok(performance.now() - startedAt < 5000)
  assert.ok(clients.every(({ ending }) => ending === 'fin'))
})

test('a port that is taken, and wrong files, are one line and status 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const { port } = other.address() as AddressInfo
  const run = (...args: string[]) => runProgram([...DHTNODE, '--demo', '2', ...LOCAL, ...args])
  const taken = await run('--proxyserver', String(port))
  assert.equal(taken.status, 1)
  assert.match(
    taken.stderr,
    new RegExp(`^Error: Cannot bind TCP port ${port} of 127.0.0.1: EADDRINUSE`),
  )
  const missing = join(temporaryFolder(t), 'missing')
  const files = ['--proxy-certificate', missing, '--proxy-privkey', missing]
  const unread = await run('--proxyserverssl', '0', ...files)
  assert.equal(unread.status, 1)
  assert.match(unread.stderr, /^Error: Cannot use .*missing as a certificate: ENOENT/m)
})
