// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InfoHash } from '../../../../src/core/id/info-hash.ts'
import { SocketAddress } from '../../../../src/core/id/socket-address.ts'
import { serviceAddressData } from '../../../../src/core/value/service-data.ts'
import { Value } from '../../../../src/core/value/value.ts'
import { valueToText } from '../../../../src/core/value/value-text.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const HELLO = utf8('hello')

suite('valueToText()', () => {
  for (const [name, init, text] of [
    [
      'text',
      { id: 0x606ad4dc14c0bbbdn, data: HELLO, userType: 'text/plain' },
      'Value[id:606ad4dc14c0bbbd data(text/plain):"hello"]',
    ],
    ['bytes', { id: 0x0fn, data: HELLO }, 'Value[id:f data:68656c6c6f]'],
    ['another user type', { id: 1n, data: HELLO, userType: 'x' }, 'Value[id:1 data(x):68656c6c6f]'],
    ['no data', { id: 1n }, 'Value[id:1 data:]'],
    ['long data', { id: 1n, data: new Uint8Array(1024) }, 'Value[id:1 data:1024 bytes]'],
    [
      'a signed value',
      { id: 1n, owner: HELLO, signature: HELLO, seq: 2, data: utf8('a') },
      'Value[id:1 signed (v2) data:61]',
    ],
    [
      'a decrypted value',
      { id: 1n, owner: HELLO, signature: HELLO, recipient: InfoHash.get('x'), data: utf8('a') },
      'Value[id:1 signed (v0) decrypted data:61]',
    ],
    ['an encrypted value', { id: 1n, cypher: HELLO }, 'Value[id:1 encrypted ]'],
    ['a certificate', { id: 1n, type: 8, data: HELLO }, 'Value[id:1 Certificate]'],
    [
      'an announcement',
      { id: 1n, type: 2, data: serviceAddressData(SocketAddress.parse('192.0.2.7', 80)!) },
      'Value[id:1 192.0.2.7:80]',
    ],
    ['a broken announcement', { id: 1n, type: 2 }, 'Value[id:1 ]'],
    [
      'control characters as escapes',
      { id: 1n, data: utf8('a\x1b[31m\nb\u202eé'), userType: 'text/plain' },
      'Value[id:1 data(text/plain):"a\\u001b[31m\\u000ab\\u202eé"]',
    ],
  ] as const) {
    test(`prints ${name}`, () => assert.equal(valueToText(new Value(init)), text))
  }
})
