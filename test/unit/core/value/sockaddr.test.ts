// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { packSockaddr, readSockaddr } from '../../../../src/core/value/sockaddr.ts'
import { fromHex, toHex } from '../../../support/vectors.ts'

const IPV4 = '107ec00002070000000000000000'
const IPV6 = '107e0000000020010db800000000000000000000000700000000'

suite('sockaddr', () => {
  test('is written as on Linux', () => {
    assert.equal(toHex(packSockaddr(SocketAddress.parse('192.0.2.7', 4222)!)), `0200${IPV4}`)
    assert.equal(toHex(packSockaddr(SocketAddress.parse('2001:db8::7', 4222)!)), `0a00${IPV6}`)
  })

  test('is read in the layout of every system', () => {
    for (const [hex, text] of [
      [`0200${IPV4}`, '192.0.2.7:4222'],
      [`0002${IPV4}`, '192.0.2.7:4222'], // big endian
      [`1002${IPV4}`, '192.0.2.7:4222'], // BSD
      [`0200${IPV4}0000`, '192.0.2.7:4222'],
      [`0a00${IPV6}`, '[2001:db8::7]:4222'],
      [`000a${IPV6}`, '[2001:db8::7]:4222'],
      [`1700${IPV6}`, '[2001:db8::7]:4222'], // Windows
      [`1c1e${IPV6}`, '[2001:db8::7]:4222'], // macOS
      [`1c1c${IPV6}`, '[2001:db8::7]:4222'], // FreeBSD
      [`1c18${IPV6}`, '[2001:db8::7]:4222'], // NetBSD
    ] as const) {
      assert.equal(`${readSockaddr(fromHex(hex))}`, text)
    }
  })

  test('is refused when it is short or of another family', () => {
    for (const hex of ['', '02', '0200', `0200${IPV4.slice(2)}`, `0a00${IPV6.slice(2)}`]) {
      assert.equal(readSockaddr(fromHex(hex)), undefined)
    }
    for (const family of ['0000', '0100', '0a02', '0505', '1003', 'ffff']) {
      assert.equal(readSockaddr(fromHex(family + IPV6)), undefined)
    }
  })
})
