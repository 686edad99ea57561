// SPDX-License-Identifier: MIT
// Addresses of senders, as text and as numbers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SocketAddress } from '../../../src/core/id/socket-address.ts'
import { AddressCache } from '../../../src/nodejs/address-cache.ts'

const TEXTS = ['127.0.0.1', '0.0.0.0', '255.255.255.255', '::1', '2001:db8::5', '10.200.30.4']

test('an address is one object, however it comes', () => {
  const cache = new AddressCache()
  for (const text of TEXTS) {
    const address = cache.get(text, 4222)!
    assert.equal(`${address}`, `${SocketAddress.parse(text, 4222)}`)
    assert.equal(cache.get(text, 4222), address)
    const { a0, a1, a2, a3 } = address
    const known = address.family === 4 ? cache.v4(a0, 4222) : cache.v6(a0, a1, a2, a3, 4222)
    assert.equal(known, address)
    assert.notEqual(cache.get(text, 4223), address)
  }
})

test('what is no address literal is refused', () => {
  const cache = new AddressCache()
  const wrong = ['', 'localhost', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1..2.3', '1.2.3.']
  for (const text of [...wrong, '::g', '1:2']) assert.equal(cache.get(text, 1), undefined, text)
  assert.equal(`${cache.get('fe80::1%lo', 1)}`, '[fe80::1]:1')
  assert.equal(`${cache.get('::ffff:1.2.3.4', 1)}`, '1.2.3.4:1')
})

test('many addresses are told apart in a small cache', () => {
  const cache = new AddressCache(4)
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 500; i++) {
      assert.ok(cache.v4(i, i).equals(SocketAddress.v4(i, i)))
      assert.ok(cache.v6(i, i, 1, 0, 7).equals(SocketAddress.v6(i, i, 1, 0, 7)))
      assert.ok(cache.v6(1, i, 1, 0, 7).equals(SocketAddress.v6(1, i, 1, 0, 7)))
      assert.ok(cache.get(`::${i}`, i)!.equals(SocketAddress.parse(`::${i}`, i)!))
    }
  }
})
