// SPDX-License-Identifier: MIT
// Names of subjects and issuers, with all kinds of strings.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeItem, writeOid, writeSequence } from '../../../src/crypto/der-writer.ts'
import { DistinguishedName } from '../../../src/crypto/distinguished-name.ts'

const CN = '2.5.4.3'
const UID = '0.9.2342.19200300.100.1.1'

function attribute(oid: string, tag: number, value: Uint8Array | string): Uint8Array {
  return writeSequence(writeOid(oid), writeItem(tag, Buffer.from(value)))
}

function name(...parts: Uint8Array[][]): DistinguishedName {
  return new DistinguishedName(writeSequence(...parts.map((it) => writeItem(0x31, ...it))))
}

test('the last part comes first in the text', () => {
  const parts = [
    [attribute('2.5.4.6', 0x13, 'CA')],
    [attribute('2.5.4.10', 0x0c, 'Org')],
    [attribute(CN, 0x0c, 'a'), attribute(UID, 0x0c, 'b')],
  ]
  const it = name(...parts)
  assert.equal(it.toString(), 'CN=a+UID=b,O=Org,C=CA')
  assert.equal(it.commonName, 'a')
  assert.equal(it.userId, 'b')
  assert.ok(it.equals(name(...parts)))
  assert.ok(!it.equals(name(...parts.slice(1))))
})

test('the first of several common names is the one', () => {
  const it = name([attribute(CN, 0x0c, 'first')], [attribute(CN, 0x0c, 'second')])
  assert.equal(it.commonName, 'first')
  assert.equal(name().commonName, '')
  assert.equal(name().toString(), '')
})

test('strings of all kinds are read', () => {
  const cases: [tag: number, bytes: Uint8Array, text: string][] = [
    [0x0c, Buffer.from('Zoë'), 'Zoë'],
    [0x13, Buffer.from('plain'), 'plain'],
    [0x14, Buffer.from('Zoë', 'latin1'), 'Zoë'],
    [0x16, Buffer.from('a@b'), 'a@b'],
    [0x1e, Buffer.from('005a006f00eb', 'hex'), 'Zoë'],
    [0x1c, Buffer.from('0000005a0001f98a', 'hex'), 'Z🦊'],
  ]
  for (const [tag, bytes, text] of cases) {
    assert.equal(name([attribute(CN, tag, bytes)]).commonName, text)
  }
})

test('what is no text, or has no short name, is written in hexadecimal', () => {
  assert.equal(name([attribute('1.2.3', 0x0c, 'a')]).toString(), '1.2.3=#0c0161')
  const odd = name([attribute(CN, 0x04, 'a')])
  assert.equal(odd.toString(), 'CN=#040161')
  assert.equal(odd.commonName, '')
  assert.equal(name([attribute(CN, 0x1e, 'a')]).commonName, '')
  assert.equal(name([attribute(CN, 0x1c, Buffer.from('ffffffff', 'hex'))]).commonName, '')
})

test('what has a meaning in the text is escaped', () => {
  const texts = {
    '#a ': '\\#a\\ ',
    ' ': '\\ ',
    'a b': 'a b',
    'a\\ ': 'a\\\\\\ ',
    '"+,;<>\\': '\\"\\+\\,\\;\\<\\>\\\\',
    'a=b#': 'a=b#',
    '\0\u0085': '\\00\\c2\\85',
  }
  for (const [text, escaped] of Object.entries(texts)) {
    assert.equal(name([attribute(CN, 0x0c, text)]).toString(), `CN=${escaped}`)
  }
})

test('what is no name is refused', () => {
  const inputs = [
    new Uint8Array(),
    Uint8Array.of(0x30),
    Uint8Array.of(0x30, 1, 0),
    writeSequence(writeItem(0x31, writeSequence(writeOid(CN)))),
    writeSequence(writeItem(0x31, writeSequence())),
    writeSequence(writeItem(0x31, attribute(`1.2${'.3'.repeat(70)}`, 0x0c, 'a'))),
  ]
  for (const input of inputs) assert.throws(() => new DistinguishedName(input), RangeError)
})
