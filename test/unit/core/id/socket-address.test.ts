// SPDX-License-Identifier: MIT
// SocketAddress: literals read and written (RFC 5952), IPv4-mapped addresses, byte forms and the
// rules for addresses that no honest datagram comes from.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'

function address(host: string, port = 4222): SocketAddress {
  const parsed = SocketAddress.parse(host, port)
  assert(parsed !== undefined, `not an address: ${host}`)
  return parsed
}

describe('SocketAddress text', () => {
  it('reads and prints IPv4', () => {
    for (const host of ['0.0.0.0', '1.2.3.4', '127.0.0.1', '192.0.2.255', '255.255.255.255']) {
      assert.equal(address(host).host, host)
      assert.equal(address(host).family, 4)
    }
    assert.equal(address('192.0.2.1', 80).toString(), '192.0.2.1:80')
  })

  it('refuses IPv4 that others would read in another way', () => {
    const bad = ['', '1', '1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.-4', '1.2.3.4 ', ' 1.2.3.4']
    bad.push('01.2.3.4', '1.2.3.00', '1.2.3.0x4', '1.2..4', '1.2.3.', '.1.2.3', '1,2,3,4')
    bad.push('1.2.3.4\n', '1.2.3.1e1', '١.2.3.4', '1.2.3.0004', '1.2.3.4%eth0')
    for (const host of bad) assert.equal(SocketAddress.parse(host, 1), undefined, host)
  })

  it('prints IPv6 in the form of RFC 5952', () => {
    const forms: [string, string][] = [
      ['::', '::'],
      ['::1', '::1'],
      ['0:0:0:0:0:0:0:0', '::'],
      ['2001:DB8::0001', '2001:db8::1'],
      ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
      // One group of zeros alone is not shortened.
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      // The longest run is, the first one of equals.
      ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['0:0:1:0:0:0:0:0', '0:0:1::'],
      ['1:0:0:0:0:0:0:0', '1::'],
      ['0:0:0:0:0:0:1:0', '::1:0'],
      ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
      ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
      ['ABCD:EF01:2345:6789:ABCD:EF01:2345:6789', 'abcd:ef01:2345:6789:abcd:ef01:2345:6789'],
      ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
      ['1:2:3:4:5:6:255.254.253.252', '1:2:3:4:5:6:fffe:fdfc'],
    ]
    for (const [given, printed] of forms) {
      assert.equal(address(given).host, printed, given)
      assert.equal(address(given).family, 6)
    }
    assert.equal(address('2001:db8::1', 80).toString(), '[2001:db8::1]:80')
  })

  it('refuses malformed IPv6', () => {
    const bad = [':', ':::', '::1::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::']
    bad.push('::1:2:3:4:5:6:7:8', '12345::', 'g::', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', '1:::2')
    bad.push('::1.2.3', '::1.2.3.4.5', '::1.2.3.256', '1.2.3.4::', '::1.2.3.4:5', '1::2.3.4.5::')
    bad.push('1:2:3:4:5:6:7:1.2.3.4', '1.2.3.4::1.2.3.4', '[::1]', '::1]', '::-1', '::+1', '::0x1')
    bad.push('::1 ', ' ::1', '::01.2.3.4', '::1/64', ':'.repeat(1000))
    for (const host of bad) assert.equal(SocketAddress.parse(host, 1), undefined, host)
  })

  it('cuts off the zone of an IPv6 address', () => {
    assert.equal(address('fe80::1%eth0').host, 'fe80::1')
    assert.equal(address('fe80::1%3').host, 'fe80::1')
    assert.equal(address('fe80::1%a:b%c').host, 'fe80::1')
    assert(address('fe80::1%eth0').equals(address('fe80::1')))
    assert.equal(SocketAddress.parse('%eth0', 1), undefined)
    assert.equal(SocketAddress.parse('%::1', 1), undefined)
  })

  it('gives the same text each time it is asked', () => {
    const one = address('2001:db8::1')
    assert.equal(one.host, one.host)
    assert.equal(one.withPort(9).toString(), '[2001:db8::1]:9')
  })
})

describe('SocketAddress forms', () => {
  it('turns IPv4-mapped addresses into IPv4', () => {
    const plain = address('192.0.2.1')
    for (const host of ['::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:192.0.2.1']) {
      assert.equal(address(host).family, 4)
      assert.equal(address(host).host, '192.0.2.1')
      assert(address(host).equals(plain))
    }
    const mapped = new Uint8Array(16)
    mapped.set([0xff, 0xff, 192, 0, 2, 1], 10)
    assert(SocketAddress.fromBytes(mapped, 0, 16, 4222).equals(plain))
    assert(SocketAddress.v6(0, 0, 0xffff, 0xc0000201, 4222).equals(plain))
  })

  it('leaves addresses alone that only look mapped', () => {
    const near = ['::fffe:c000:201', '::ffff:0:c000:201', '::1:ffff:c000:201', '::c000:201']
    for (const host of near) {
      assert.equal(address(host).family, 6, host)
    }
    assert.equal(address('1::ffff:c000:201').family, 6)
    assert.equal(address('0:0:1::ffff:c000:201').family, 6)
  })

  it('reads and writes bytes in network order', () => {
    const bytes = Uint8Array.from({ length: 20 }, (_, i) => 0xf0 ^ i)
    const four = SocketAddress.fromBytes(bytes, 1, 4, 1)
    assert.equal(four.host, '241.242.243.244')
    assert.equal(four.ipBytes, 4)
    const six = SocketAddress.fromBytes(bytes, 1, 16, 1)
    assert.equal(six.host, 'f1f2:f3f4:f5f6:f7f8:f9fa:fbfc:fdfe:ffe0')
    assert.equal(six.ipBytes, 16)
    for (const one of [four, six]) {
      const target = new Uint8Array(20).fill(9)
      one.writeIp(target, 2)
      assert.deepEqual(target.subarray(2, 2 + one.ipBytes), bytes.subarray(1, 1 + one.ipBytes))
      assert.equal(target[1], 9)
      assert.equal(target[2 + one.ipBytes], 9)
    }
  })

  it('takes words of either sign', () => {
    assert(SocketAddress.v4(0xc0000201, 1).equals(SocketAddress.v4(0xc0000201 | 0, 1)))
    const unsigned = SocketAddress.v6(0xfe800000, 0, 0, 0xffffffff, 1)
    assert(unsigned.equals(SocketAddress.v6(0xfe800000 | 0, 0, 0, -1, 1)))
  })

  it('compares address and port, or the address alone', () => {
    const one = address('192.0.2.1', 1)
    assert(one.equals(address('192.0.2.1', 1)))
    assert(!one.equals(address('192.0.2.1', 2)))
    assert(one.sameIp(address('192.0.2.1', 2)))
    assert(one.withPort(2).equals(address('192.0.2.1', 2)))
    assert(!one.sameIp(address('192.0.2.2', 1)))
    // The same words in the other family.
    assert(!address('192.0.2.1').sameIp(address('c000:201::')))
    for (const other of ['2001::', '::2001:0:0:0', '::2001:0:0', '::2001']) {
      assert(!address('::').sameIp(address(other)))
    }
  })
})

describe('SocketAddress classes', () => {
  it('knows loopback', () => {
    for (const host of ['127.0.0.1', '127.0.0.0', '127.255.255.255', '::1', '::ffff:127.0.0.1']) {
      assert(address(host).isLoopback, host)
    }
    const others = ['126.255.255.255', '128.0.0.1', '::', '::2', '1::1', '0:0:0:1::1', '7f00::']
    for (const host of others) {
      assert(!address(host).isLoopback, host)
    }
  })

  it('knows the unspecified address', () => {
    for (const host of ['0.0.0.0', '::', '::ffff:0.0.0.0']) assert(address(host).isUnspecified)
    for (const host of ['0.0.0.1', '::1', '1::', '0:0:1::']) assert(!address(host).isUnspecified)
  })

  it('refuses martians', () => {
    const v4 = ['0.0.0.0', '0.0.0.1', '0.255.255.255', '224.0.0.1', '239.1.2.3', '240.0.0.1']
    const v6 = ['::', 'ff00::', 'ff02::1', 'ffff::1']
    const mapped = ['::ffff:0.0.0.1', '::ffff:224.0.0.1', '::ffff:255.255.255.255']
    for (const host of [...v4, '255.255.255.255', ...v6, ...mapped]) {
      assert(address(host).isMartian, host)
    }
  })

  it('accepts private, loopback and link-local addresses', () => {
    const v4 = ['1.0.0.0', '10.0.0.1', '127.0.0.1', '169.254.1.1', '192.168.0.1', '223.255.255.255']
    const v6 = ['::1', 'fe80::1', 'fc00::1', 'feff::1', '2001:db8::1', '::ffff:192.0.2.1']
    for (const host of [...v4, ...v6]) assert(!address(host).isMartian, host)
  })

  it('refuses port 0 of every address', () => {
    for (const host of ['192.0.2.1', '127.0.0.1', '2001:db8::1']) {
      assert(address(host, 0).isMartian)
      assert(!address(host, 1).isMartian)
      assert(!address(host, 65535).isMartian)
    }
  })
})

describe('SocketAddress in logs', () => {
  it('is its text', () => {
    const v6 = address('2001:db8::1', 4222)
    assert.equal(inspect(v6), 'SocketAddress([2001:db8::1]:4222)')
    assert.equal(inspect({ from: address('192.0.2.1', 1) }), '{ from: SocketAddress(192.0.2.1:1) }')
    assert.equal(JSON.stringify([v6]), '["[2001:db8::1]:4222"]')
  })
})
