// SPDX-License-Identifier: MIT
// What command lines and commands say about REST proxies.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readArguments, UsageError } from '../../../src/cli/given.ts'
import { type NodeOptions, toNodeOptions } from '../../../src/cli/options.ts'
import { hasProxies } from '../../../src/cli/proxies/proxy-options.ts'
import { DHTNODE } from '../../../src/cli/tools/dhtnode-tool.ts'
import { temporaryFolder } from '../../support/cli-kit.ts'
import { Console } from './console.ts'

function options(...args: string[]): NodeOptions {
  return toNodeOptions(readArguments(args, DHTNODE.flags))
}

function refused(args: string[], expected: RegExp): void {
  assert.throws(
    () => options(...args),
    (error) => error instanceof UsageError && expected.test(error.message),
  )
}

describe('the flags of proxies', () => {
  test('give ports, address and push gateway', () => {
    const line = '--proxyserver 8080 --proxy-addr ::1 --pushserver localhost:8088 --bundleid org.x'
    const { proxy } = options(...line.split(' '))
    assert.deepEqual(proxy, {
      httpPort: 8080,
      httpsPort: undefined,
      address: '::1',
      identity: undefined,
      push: {
        gateway: 'localhost:8088',
        bundleId: 'org.x',
        format: undefined,
        contact: undefined,
        allowLocalEndpoints: false,
      },
      redis: undefined,
      token: undefined,
    })
    assert.ok(hasProxies(proxy))
    assert.ok(!hasProxies(options().proxy))
  })

  test('say how devices are notified, and where subscriptions are kept', () => {
    const line = '--push-format 2.4 --push-contact mailto:a@example.org --push-local'
    const { proxy } = options(...line.split(' '), '--redis', 'redis://:secret@localhost:6380/2')
    const { format, contact, allowLocalEndpoints } = proxy.push
    assert.deepEqual([format, contact], ['2.4', 'mailto:a@example.org'])
    assert.ok(allowLocalEndpoints)
    assert.equal(proxy.redis, 'redis://:secret@localhost:6380/2')
    refused(['--push-format', '3'], /^Invalid argument of --push-format: 3 \(one of 4\.3, 2\.4\)$/)
    refused(['--push-contact', 'me'], /^Invalid contact: me/)
    refused(['--redis', 'http://:secret@host'], /^Invalid argument of --redis \(redis:/)
  })

  test('give the certificate of HTTPS, or leave it to the node', () => {
    const own = ['--proxy-certificate', 'c.crt', '--proxy-privkey', 'k.pem']
    const files = { kind: 'files', certificate: 'c.crt', privateKey: 'k.pem' }
    const { httpsPort, identity } = options('--proxyserverssl', '0', ...own).proxy
    assert.deepEqual({ httpsPort, identity }, { httpsPort: 0, identity: files })
    const locked = options(...own, '--proxy-privkey-password', 'secret').proxy.identity
    assert.deepEqual(locked, { ...files, password: { text: 'secret' } })
    assert.equal(options('--proxyserverssl', '1', '-i').proxy.identity, undefined)
  })

  test('name the file of the dashboard token', (t) => {
    const file = join(temporaryFolder(t), 'token')
    writeFileSync(file, 'a-token-of-this-test\n')
    assert.equal(options('--dashboard-token', file).proxy.token, 'a-token-of-this-test')
    writeFileSync(file, 'short')
    refused(['--dashboard-token', file], /^Invalid dashboard token in /)
    refused(['--dashboard-token', `${file}.none`], /^Cannot read the dashboard token: ENOENT/)
  })

  test('are refused when they cannot be meant', () => {
    for (const port of ['65536', '-1', 'x', '']) {
      refused(['--proxyserver', port], /^Invalid port of the proxy: /)
      refused(['--proxyserverssl', port, '-i'], /^Invalid port of the HTTPS proxy: /)
    }
    refused(['--proxyserverssl', '1'], /needs --proxy-certificate FILE and --proxy-privkey FILE/)
    refused(['--proxy-certificate', 'c'], /^Option --proxy-certificate needs --proxy-privkey/)
    refused(['--proxy-privkey', 'k'], /^Option --proxy-privkey needs --proxy-certificate/)
    refused(['--proxy-privkey-password', 'p'], /^Option --proxy-privkey-password needs --proxy-/)
    refused(['--proxy-addr', 'localhost'], /^Invalid address of the proxy: localhost$/)
    refused(['--pushserver', 'a:b:c'], /^Invalid push server: a:b:c/)
  })
})

test('commands start proxies, show and stop them', async () => {
  const started: string[] = []
  const counts = { listens: 2, puts: 3, pushListeners: 4, requestsPerSecond: 0.5 }
  const summary = { url: 'http://localhost:81', dashboardUrl: undefined, port: 81, ...counts }
  const servers = {
    start: async (port: number, push?: string) => {
      started.push(`http ${port} ${push}`)
      const url = `http://localhost:${port}`
      return { url, dashboardUrl: `${url}/dashboard/` }
    },
    startSecure: async (port: number) => {
      throw new Error(`no certificate for ${port}`)
    },
    stop: async (port: number) => port === 81,
  }
  const console = new Console({
    proxies: { list: [{ summary }], open: async () => servers },
  })
  for (const line of ['pst 80 push:1', 'psx 82', 'psp 81', 'psp 83', 'pst', 'pst 1 a:b:c', 'll']) {
    console.type(line)
  }
  await console.until(/Requests: 0.5 per second/)
  console.stdin.end()
  await console.done
  assert.deepEqual(started, ['http 80 push:1'])
  assert.match(
    console.out,
    /^REST proxy at http:\/\/localhost:80\nDashboard at http:\/\/localhost:80\/dashboard\/$/m,
  )
  assert.match(console.out, /^No more proxy on port 81$/m)
  assert.match(
    console.out,
    /^Stats for proxy server on port 81\n {2}Listens: 2, Puts: 3, PushListeners: 4\nRequests: 0/m,
  )
  assert.match(console.errors, /^no certificate for 82$/m)
  assert.match(console.errors, /^There is no proxy on port 83$/m)
  assert.match(console.errors, /^Invalid port: none \(0 to 65535\)\. Syntax: pst PORT \[PUSH\]$/m)
  assert.match(console.errors, /^Invalid push server: a:b:c/m)
})
