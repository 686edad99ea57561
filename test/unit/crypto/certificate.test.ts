// SPDX-License-Identifier: MIT
// Certificates that are read: their forms, their chains, what is refused, and what they say.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Certificate } from '../../../src/crypto/certificate.ts'
import { writeItem, writeOid, writeSequence } from '../../../src/crypto/der-writer.ts'
import { alone, curveKey, DAY_MS, makeIdentity, OID } from '../../support/certificate-kit.ts'

const root = await makeIdentity('root', { isCa: true })
const middle = await makeIdentity('middle', { isCa: true, issuer: root })
const { certificate: leaf } = await makeIdentity('leaf', { issuer: middle })
const PEM = leaf.toPem()
const DER = leaf.toDer()
const [leafPem = '', middlePem = '', rootPem = ''] = leaf
  .chain()
  .map((it) => it.toPem({ chain: false }))

function bin(bytes: Uint8Array): Uint8Array {
  return Buffer.from([0xc5, bytes.length >> 8, bytes.length & 0xff, ...bytes])
}

suite('forms of certificates', () => {
  const assertRead = (input: Uint8Array | string, expected = PEM): void =>
    assert.equal(Certificate.from(input).toPem(), expected)

  test('text and bytes around the blocks are skipped', () => {
    const noise = Buffer.from([0, 0xff, 0x30, 0x80, 0xc4])
    const inputs = [
      `Subject: leaf\n${PEM}`,
      `${PEM}\0`,
      Buffer.concat([noise, Buffer.from(PEM), noise]),
      // The character that DER begins with.
      Buffer.from(`0${PEM}`),
    ]
    for (const input of inputs) assertRead(input)
  })

  test('line ends may be those of other systems', () => {
    assertRead(PEM.replaceAll('\n', '\r\n'))
  })

  test('blocks of other kinds are skipped', async () => {
    const key = await curveKey().toPem()
    assertRead(key + PEM)
    assertRead(leafPem + key + middlePem + rootPem)
    assertRead(PEM.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'))
  })

  test('MessagePack headers of every length are read', () => {
    const bytes = Buffer.from(PEM)
    assertRead(bin(bytes))
    assertRead(Buffer.from([0xc6, 0, 0, bytes.length >> 8, bytes.length & 0xff, ...bytes]))
    assertRead(bin(DER), leafPem)
  })

  test('what was read is independent of the buffer it came in', () => {
    const buffer = new Uint8Array(5000)
    buffer.set(DER, 100)
    const certificate = Certificate.from(buffer.subarray(100, 100 + DER.length))
    buffer.fill(0)
    certificate.toDer().fill(0)
    certificate.serialNumber.fill(0)
    assert.deepEqual(certificate.toDer(), DER)
    assert.deepEqual(certificate.serialNumber, leaf.serialNumber)
    assert.equal(certificate.name, 'leaf')
  })
})

suite('certificates that are refused', () => {
  const flipped = DER.slice()
  flipped[1]! ^= 0xff
  const ecKey = '06072a8648ce3d0201'
  const unknownKey = Buffer.from(DER).toString('hex').replace(ecKey, ecKey.replace('86', '00'))
  const cases: [what: string, input: Uint8Array | string, code: string][] = [
    ['nothing', new Uint8Array(), 'CERTIFICATE'],
    ['an empty text', '', 'CERTIFICATE'],
    ['some bytes', new Uint8Array([1, 2, 3]), 'CERTIFICATE'],
    ['a text', 'hello', 'CERTIFICATE'],
    ['DER as a text', Buffer.from(DER).toString('latin1'), 'CERTIFICATE'],
    ['DER that lacks a byte', DER.subarray(0, -1), 'CERTIFICATE'],
    ['DER with a byte behind', Uint8Array.of(...DER, 0), 'CERTIFICATE'],
    ['DER of another length', flipped, 'CERTIFICATE'],
    ['DER with a key of a damaged kind', Buffer.from(unknownKey, 'hex'), 'CERTIFICATE'],
    ['DER of something else', writeSequence(writeOid('1.2.3')), 'CERTIFICATE'],
    ['DER in a damaged MessagePack header', bin(DER).subarray(0, -1), 'CERTIFICATE'],
    ['PEM that lacks its end', leafPem.slice(0, -10), 'CERTIFICATE'],
    ['a chain whose last block lacks its end', PEM.slice(0, -10), 'CERTIFICATE'],
    ['PEM that lacks some lines', leafPem.replace(/\n.*\n.*\n/, '\n'), 'CERTIFICATE'],
    ['PEM of another alphabet', leafPem.replaceAll('A', '_'), 'CERTIFICATE'],
    ['a request', leafPem.replaceAll('CERT', 'NEW CERTIFICATE REQUEST'), 'CERTIFICATE'],
    ['an empty block', leafPem.replace(/\n[^-]+/, '\n'), 'CERTIFICATE'],
    ['a chain in the wrong order', rootPem + middlePem + leafPem, 'CHAIN'],
    ['a chain with a gap', leafPem + rootPem, 'CHAIN'],
    ['certificates that have nothing to do with each other', leafPem + leafPem, 'CHAIN'],
    ['17 certificates', rootPem.repeat(17), 'CHAIN'],
    ['more than 64 KiB', `${PEM}${' '.repeat(65_536)}`, 'CHAIN'],
  ]
  for (const [what, input, code] of cases) {
    test(what, () => {
      const expected = { name: 'CryptoError', code: `ERR_CRYPTO_${code}` }
      assert.throws(() => Certificate.from(input), expected)
      if (typeof input === 'string') {
        assert.throws(() => Certificate.from(Buffer.from(input)), expected)
      }
    })
  }

  test('keys of a kind that OpenDHT does not use', () => {
    const ed25519 = Buffer.from(ED25519, 'base64')
    assert.throws(() => Certificate.from(ed25519), { code: 'ERR_CRYPTO_KEY' })
  })
})

suite('chains of certificates', () => {
  test('lead from the subject to its issuers', () => {
    assert.deepEqual(
      leaf.chain().map(({ name }) => name),
      ['leaf', 'middle', 'root'],
    )
    assert.equal(leaf.issuer, middle.certificate)
    assert.equal(root.certificate.issuer, undefined)
    assert.equal(PEM, leafPem + middlePem + rootPem)
    assert.deepEqual(leaf.packed, new TextEncoder().encode(PEM))
  })

  test('of 16 certificates are read, and get no longer', () => {
    const long = Certificate.from(rootPem.repeat(16))
    assert.equal(long.chain().length, 16)
    assert.throws(() => Certificate.fromDer(root.certificate.toDer(), long), {
      code: 'ERR_CRYPTO_CHAIN',
    })
  })

  test('tell whose signature it is', () => {
    assert.ok(leaf.isSignedBy(middle.publicKey))
    assert.ok(!leaf.isSignedBy(root.publicKey))
    assert.ok(root.certificate.isSignedBy(root.publicKey))
  })
})

suite('what certificates say', () => {
  test('alternative names of all kinds', async () => {
    const encoded = (tag: number, text: string): Uint8Array => writeItem(tag, Buffer.from(text))
    const names = writeSequence(
      encoded(0x81, 'a@example.org'),
      encoded(0x82, 'example.org'),
      encoded(0x86, 'https://example.org/'),
      writeItem(0x87, Uint8Array.of(192, 0, 2, 1)),
      writeItem(0x87, Buffer.from('20010db8000000000000000000000001', 'hex')),
      writeItem(0x87, Uint8Array.of(1, 2, 3)),
      writeItem(0x88, Uint8Array.of(42)),
    )
    const { certificate } = await makeIdentity('named', {
      extensions: (all) => [...all, { oid: OID.altNames, isCritical: false, value: names }],
    })
    assert.deepEqual(certificate.subjectAltNames, [
      { type: 'email', value: 'a@example.org' },
      { type: 'dns', value: 'example.org' },
      { type: 'uri', value: 'https://example.org/' },
      { type: 'ip', value: '192.0.2.1' },
      { type: 'ip', value: '2001:db8::1' },
      { type: 'ip', value: '010203' },
      { type: 'other', value: '88012a' },
    ])
    assert.match(String(certificate), /Also known as: email:a@example.org, dns:example.org, /)
  })

  test('numbers that are negative', async () => {
    const serialNumber = Uint8Array.of(0x9e, 0x8f)
    const { certificate } = await makeIdentity('negative', { serialNumber })
    assert.deepEqual(certificate.serialNumber, serialNumber)
    assert.match(String(certificate), /Serial number: 9e8f\n/)
  })

  test('nothing of extensions that are not there', async () => {
    const { certificate } = await makeIdentity('plain', { extensions: () => [] })
    assert.equal(certificate.isCa, false)
    assert.deepEqual(certificate.subjectAltNames, [])
    assert.equal(certificate.fields.keyUsage, undefined)
  })

  test('dates beyond 2050', async () => {
    const { certificate } = await makeIdentity('late', { toMs: 40 * 366 * DAY_MS })
    const years = certificate.notAfter.getUTCFullYear() - new Date().getUTCFullYear()
    assert.equal(years, 40)
  })

  test('whether they are authorities', async () => {
    const withUsage = async (bits: number, isCritical: boolean) => {
      const { certificate } = await makeIdentity('usage', {
        isCa: true,
        extensions: (all) =>
          all.map((it) => {
            const value = Uint8Array.of(3, 2, 0, bits)
            return it.oid === OID.keyUsage ? { ...it, isCritical, value } : it
          }),
      })
      return certificate.isCa
    }
    assert.equal(root.certificate.isCa, true)
    assert.equal(leaf.isCa, false)
    assert.equal(await withUsage(0x04, true), true)
    assert.equal(await withUsage(0x80, true), false)
    assert.equal(await withUsage(0x80, false), true)
    const { certificate } = await makeIdentity('without', {
      isCa: true,
      extensions: (all) => all.filter((it) => it.oid !== OID.keyUsage),
    })
    assert.equal(certificate.isCa, false)
  })

  test('when they are valid', () => {
    const { notBefore, notAfter } = leaf
    for (const time of [notBefore, notAfter]) leaf.checkValidity(time)
    const check = (time: number) => () => leaf.checkValidity(new Date(time))
    assert.throws(check(+notAfter + 1), {
      code: 'ERR_CRYPTO_EXPIRED',
      message: new RegExp(`^The certificate "leaf" expired at ${notAfter.toISOString()}: it is `),
    })
    assert.throws(check(+notBefore - 1), {
      code: 'ERR_CRYPTO_EXPIRED',
      message: new RegExp(`"leaf" is valid from ${notBefore.toISOString()} on: it is `),
    })
    assert.throws(check(Number.NaN), RangeError)
  })

  test('which are the same', () => {
    assert.ok(leaf.equals(Certificate.from(leafPem)))
    assert.ok(alone(root).certificate.equals(root.certificate))
    assert.ok(!leaf.equals(middle.certificate))
  })
})

/** Made with `openssl req -x509 -newkey ed25519`. */
const ED25519 = [
  'MIIBLjCB4aADAgECAhQs5+1zNdfyj2YBRcPysm33NoWB2TAFBgMrZXAwDDEKMAgGA1UEAwwBZTAgFw0yNjExMjIyMj',
  'Q2MTRaGA8yMTI2MTAyOTIyNDYxNFowDDEKMAgGA1UEAwwBZTAqMAUGAytlcAMhAJ1bqg0Ar3CToly0hwicmzykN9XS',
  'EzZ7qrzgnmdp9zuqo1MwUTAdBgNVHQ4EFgQUKWpqMLoEJPo7TI8FXYPgjAHWn3AwHwYDVR0jBBgwFoAUKWpqMLoEJP',
  'o7TI8FXYPgjAHWn3AwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQB0XM6PO/r6llUBSBN8r505yrehvTYtha3Z00oH',
  'iEAlPHEX6pfgPHPKb8X/EYBgw5G7mn6wC19bqPoIr9gF6+4C',
].join('')
