// SPDX-License-Identifier: MIT
// Which interfaces of a host peer discovery uses, and whose datagrams it reads.

import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { type Family, SocketAddress } from '../../../src/core/id/socket-address.ts'
import { Interfaces, MAX_INTERFACES } from '../../../src/nodejs/discovery/interfaces.ts'

const ANY: ReadonlyMap<Family, undefined> = new Map([
  [4, undefined],
  [6, undefined],
])
const LOOPBACK = { lo: [info('127.0.0.1/8', true), info('::1/128', true)] }
const HOST = {
  ...LOOPBACK,
  eth0: [info('192.168.1.5/24'), info('192.168.2.5/24'), info('fd00::5/64'), info('fe80::5/64')],
  tun0: [info('10.8.0.2/32')],
}

function info(cidr: string, internal = false): NetworkInterfaceInfo {
  const address = cidr.split('/')[0]!
  const common = { address, cidr, internal, netmask: '', mac: '' }
  return address.includes(':')
    ? { ...common, family: 'IPv6', scopeid: address.startsWith('fe80') ? 2 : 0 }
    : { ...common, family: 'IPv4' }
}

function names({ used }: Interfaces): string[] {
  return used.map(({ name, family, key }) => `${name} ${family} ${key}`)
}

function address(host: string): SocketAddress {
  return SocketAddress.parse(host, 1)!
}

test('each interface is used once per family', () => {
  assert.deepEqual(names(new Interfaces(HOST, ANY)), [
    'eth0 4 192.168.1.5',
    'tun0 4 10.8.0.2',
    'eth0 6 ::%eth0',
  ])
})

test('loopback is used where there is nothing else', () => {
  assert.deepEqual(names(new Interfaces(LOOPBACK, ANY)), ['lo 4 127.0.0.1', 'lo 6 ::%lo'])
  assert.deepEqual(names(new Interfaces({}, ANY)), [])
})

test('who is bound to an address keeps to its interface and its family', () => {
  const bound = new Interfaces(HOST, new Map([[4, '127.0.0.1'] as const]))
  assert.deepEqual(names(bound), ['lo 4 127.0.0.1'])
  assert.ok(bound.isOnLink(address('127.0.0.9')))
  assert.ok(!bound.isOnLink(address('192.168.1.9')))
})

test('honest senders are in one of the own networks', () => {
  const interfaces = new Interfaces(HOST, ANY)
  const near = ['192.168.1.77', '192.168.2.1', 'fd00::77', 'fe80::1234', '169.254.3.3', '10.8.0.2']
  const far = ['192.168.3.1', '8.8.8.8', '10.8.0.3', '2001:db8::1', 'fd00:0:0:1::1', '127.0.0.1']
  for (const host of near) assert.ok(interfaces.isOnLink(address(host)), host)
  for (const host of far) assert.ok(!interfaces.isOnLink(address(host)), host)
  for (const host of ['127.0.0.1', 'fe80::5', '192.168.2.5']) {
    assert.ok(interfaces.isOwn(address(host)), host)
  }
  assert.ok(!interfaces.isOwn(address('192.168.1.77')))
})

test('more interfaces than a socket can join are left out', () => {
  const many = Array.from({ length: 40 }, (_, i) => [`veth${i}`, [info(`10.0.${i}.1/24`)]])
  const interfaces = new Interfaces(Object.fromEntries(many), ANY)
  assert.equal(interfaces.used.length, MAX_INTERFACES)
  assert.equal(interfaces.omitted, 40 - MAX_INTERFACES)
})

test('interfaces compare by what they are', () => {
  const { tun0: _, ...less } = HOST
  assert.equal(`${new Interfaces(HOST, ANY)}`, `${new Interfaces({ ...HOST }, ANY)}`)
  assert.notEqual(`${new Interfaces(HOST, ANY)}`, `${new Interfaces(less, ANY)}`)
  const moved = { ...HOST, tun0: [info('10.8.0.3/32')] }
  assert.notEqual(`${new Interfaces(HOST, ANY)}`, `${new Interfaces(moved, ANY)}`)
})
