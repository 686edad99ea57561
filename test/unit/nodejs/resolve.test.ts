// SPDX-License-Identifier: MIT
// Bootstrap hosts: what users write, what becomes of it, and who hears of failures.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SocketAddress } from '../../../src/core/id/socket-address.ts'
import type { Log } from '../../../src/core/ports.ts'
import { Bootstrapper } from '../../../src/nodejs/bootstrapper.ts'
import { parseHostPort, type Resolver, resolveHost } from '../../../src/nodejs/resolve.ts'

test('hosts are read in all their forms', () => {
  const forms: [string, string, number][] = [
    ['example.org', 'example.org', 4222],
    ['example.org:5000', 'example.org', 5000],
    ['example.org:', 'example.org', 4222],
    ['example.org:0', 'example.org', 4222],
    [' example.org:5000 ', 'example.org', 5000],
    ['192.0.2.1', '192.0.2.1', 4222],
    ['192.0.2.1:65535', '192.0.2.1', 65_535],
    ['2001:db8::1', '2001:db8::1', 4222],
    ['::1', '::1', 4222],
    ['[2001:db8::1]', '2001:db8::1', 4222],
    ['[2001:db8::1]:5000', '2001:db8::1', 5000],
    ['[2001:db8::1]:', '2001:db8::1', 4222],
  ]
  for (const [text, host, port] of forms) {
    assert.deepEqual(parseHostPort(text), { host, port }, text)
  }
})

test('malformed hosts are refused with the text in question', () => {
  const wrong = ['', ' ', ':5000', '[]:5000', '[::1', 'a b', 'http://example.org']
  for (const text of wrong) assert.throws(() => parseHostPort(text), RangeError, text)
  for (const port of ['x', '-1', '65536', '1.5', '1e3', ' 5']) {
    assert.throws(() => parseHostPort(`example.org:${port}`), {
      name: 'RangeError',
      message: new RegExp(`^port .*"example.org:${port.replace('.', '\\.')}"$`),
    })
  }
  assert.throws(() => parseHostPort(5 as never), TypeError)
})

test('a name stands for all its addresses, each once', async () => {
  const resolver: Resolver = async () => ['192.0.2.1', '2001:db8::1', '192.0.2.1', 'fe80::1%eth0']
  const addresses = await resolveHost({ host: 'example.org', port: 5000 }, resolver)
  assert.deepEqual(addresses.map(String), [
    '192.0.2.1:5000',
    '[2001:db8::1]:5000',
    '[fe80::1]:5000',
  ])
})

test('literals need no resolver', async () => {
  const resolver: Resolver = () => assert.fail('not to be asked')
  const addresses = await resolveHost({ host: '::1', port: 5000 }, resolver)
  assert.deepEqual(addresses.map(String), ['[::1]:5000'])
})

test('the system resolver knows this host', async () => {
  const addresses = await resolveHost({ host: 'localhost', port: 1 })
  assert.ok(addresses.length > 0 && addresses.every(({ isLoopback }) => isLoopback))
})

test('a failure names the host and keeps its cause', async () => {
  const cause = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })
  const failing: Resolver = () => Promise.reject(cause)
  await assert.rejects(resolveHost({ host: 'example.org', port: 1 }, failing), {
    name: 'DhtError',
    code: 'ERR_DHT_RESOLVE',
    message: 'Cannot resolve host "example.org": ENOTFOUND',
    cause,
  })
  await assert.rejects(
    resolveHost({ host: 'example.org', port: 1 }, async () => []),
    { code: 'ERR_DHT_RESOLVE', message: /"example.org"/ },
  )
})

class Recorder {
  readonly handedOver: string[][] = []
  readonly logged: string[] = []
  expected = 0
  readonly log: Log = {
    enabled: () => true,
    write: (_level, text) => void this.logged.push(text),
  }

  expectBootstrap(): void {
    this.expected++
  }

  bootstrap(addresses: readonly SocketAddress[]): void {
    this.handedOver.push(addresses.map(String))
  }
}

test('names are resolved anew each time, and the fast do not wait for the slow', async () => {
  const recorder = new Recorder()
  let release: (() => void) | undefined
  const asked: string[] = []
  const resolver: Resolver = async (host) => {
    asked.push(host)
    if (host === 'slow') await new Promise<void>((resolve) => (release = resolve))
    return [host === 'slow' ? '192.0.2.2' : '192.0.2.1']
  }
  const bootstrapper = new Bootstrapper(recorder, { resolver })
  bootstrapper.add(['slow', 'fast:5000', 'fast:5000'])
  bootstrapper.add(['fast:5000'])
  assert.equal(recorder.expected, 1)
  assert.deepEqual(bootstrapper.names, ['slow', 'fast:5000'])
  const first = bootstrapper.run()
  await bootstrapper.run()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(recorder.handedOver, [['192.0.2.1:5000']])
  await bootstrapper.run()
  release?.()
  await first
  assert.deepEqual(asked, ['slow', 'fast', 'fast'])
  assert.deepEqual(recorder.handedOver.at(-1), ['192.0.2.2:4222'])
})

test('an attempt that comes to nothing is reported as such', async () => {
  const recorder = new Recorder()
  const bootstrapper = new Bootstrapper(recorder, { resolver: () => Promise.reject(new Error()) })
  await bootstrapper.run()
  bootstrapper.add(['unknown'])
  await bootstrapper.run()
  assert.deepEqual(recorder.handedOver, [[], []])
})

test('problems of a name are logged once per change', async () => {
  const recorder = new Recorder()
  let code: string | undefined = 'ENOTFOUND'
  const resolver: Resolver = async () => {
    if (code === undefined) return ['192.0.2.1']
    throw Object.assign(new Error('failed'), { code })
  }
  const bootstrapper = new Bootstrapper(recorder, { resolver, log: recorder.log })
  bootstrapper.add(['example.org'])
  for (const next of ['ENOTFOUND', 'EAI_AGAIN', 'EAI_AGAIN', undefined, undefined, 'ENOTFOUND']) {
    code = next
    await bootstrapper.run()
  }
  assert.deepEqual(recorder.logged, [
    'Cannot resolve host "example.org": ENOTFOUND',
    'Cannot resolve host "example.org": EAI_AGAIN',
    'Bootstrap host "example.org" can be resolved again',
    'Cannot resolve host "example.org": ENOTFOUND',
  ])
})

test('one malformed name spoils the whole call, and after close nothing happens', async () => {
  const recorder = new Recorder()
  const bootstrapper = new Bootstrapper(recorder, { resolver: async () => ['192.0.2.1'] })
  assert.throws(() => bootstrapper.add(['example.org', 'example.org:x']), RangeError)
  assert.deepEqual(bootstrapper.names, [])
  bootstrapper.add(['example.org'])
  const running = bootstrapper.run()
  bootstrapper.close()
  await running
  assert.deepEqual(recorder.handedOver, [])
})
