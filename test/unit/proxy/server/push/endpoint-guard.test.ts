// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import type { lookup } from 'node:dns'
import { suite, test } from 'node:test'
import {
  EndpointGuard,
  isLocalAddress,
} from '../../../../../src/proxy/server/push/endpoint-guard.ts'

/** A resolver that knows `names`. */
function resolver(names: Record<string, readonly string[]>): typeof lookup {
  const resolve = (host: string, _options: object, callback: (...args: unknown[]) => void) => {
    const addresses = names[host] ?? []
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return resolve as unknown as typeof lookup
}

function connectTo(guard: EndpointGuard, host: string): Promise<unknown> {
  return new Promise((resolve) => {
    guard.lookup(host, { all: true }, (error, addresses) => {
      const list = addresses as { address: string }[]
      resolve(error?.code ?? list.map(({ address }) => address))
    })
  })
}

suite('EndpointGuard', () => {
  test('takes public HTTPS URLs only', () => {
    const guard = new EndpointGuard(false)
    assert.equal(guard.complaint('https://push.example.org/abc?id=1'), undefined)
    assert.equal(guard.complaint('https://8.8.8.8:8443/abc'), undefined)
    for (const bad of [
      'http://push.example.org/abc',
      'ftp://push.example.org/abc',
      'push.example.org',
      'https://user:password@push.example.org/',
      `https://push.example.org/${'x'.repeat(3000)}`,
      'https://127.0.0.1/',
      'https://127.1/',
      'https://0x7f000001/',
      'https://2130706433/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://[fe80::1]/',
    ]) {
      assert(guard.complaint(bad) !== undefined, bad)
    }
  })

  test('knows what is not the public Internet', () => {
    const local =
      '0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.168.1.1 198.18.0.1 ' +
      '224.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:c0a8:101 fc00::1 fd12::1 ' +
      'fe80::1 ff02::1 64:ff9b::a00:1 ::ffff:0:7f00:1 2002:7f00:1:: 2001:db8::1 nonsense'
    for (const address of local.split(' ')) assert(isLocalAddress(address), address)
    const open = '8.8.8.8 172.32.0.1 100.128.0.1 2606:4700::1 2001:4860:4860::8888 ::ffff:8.8.8.8'
    for (const address of open.split(' ')) assert(!isLocalAddress(address), address)
  })

  test('connects to the public ones of the addresses of a name', async () => {
    const names = {
      'mixed.example.org': ['10.0.0.1', '8.8.8.8', '::1'],
      'inside.example.org': ['192.168.0.1', 'fd00::1'],
    }
    const guard = new EndpointGuard(false, resolver(names))
    assert.deepEqual(await connectTo(guard, 'mixed.example.org'), ['8.8.8.8'])
    assert.equal(await connectTo(guard, 'inside.example.org'), 'ERR_ENDPOINT_REFUSED')
  })

  test('lets everything pass when local endpoints are allowed', async () => {
    const guard = new EndpointGuard(true, resolver({ 'inside.example.org': ['192.168.0.1'] }))
    assert.equal(guard.complaint('http://127.0.0.1:8080/up'), undefined)
    assert.deepEqual(await connectTo(guard, 'inside.example.org'), ['192.168.0.1'])
    assert(guard.complaint('file:///etc/passwd') !== undefined)
  })
})
