// SPDX-License-Identifier: MIT
// Certificates that are made: for all pairs of keys, from requests, renewed, and refused.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { suite, test } from 'node:test'
import { Certificate } from '../../../src/crypto/certificate.ts'
import { CertificateRequest } from '../../../src/crypto/certificate-request.ts'
import { Identity } from '../../../src/crypto/identity.ts'
import type { PrivateKey } from '../../../src/crypto/private-key.ts'
import { TrustList } from '../../../src/crypto/trust-list.ts'
import { curveKey, DAY_MS, makeIdentity, rsaKey } from '../../support/certificate-kit.ts'

const YEARS_MS = 10 * 365 * DAY_MS
/** Contents of AlgorithmIdentifier, in hex. */
const ALGORITHMS: Record<string, string> = {
  sha256WithRSA: '06092a864886f70d01010b0500',
  sha384WithRSA: '06092a864886f70d01010c0500',
  'ecdsa-with-SHA256': '06082a8648ce3d040302',
  'ecdsa-with-SHA384': '06082a8648ce3d040303',
}

const keys = { rsa2048: rsaKey(2048), rsa4096: rsaKey(4096), ec: curveKey() }
const issuerKeys = { rsa: rsaKey(2048), ec: curveKey() }
const authorities = {
  rsa: await authority(issuerKeys.rsa),
  ec: await authority(issuerKeys.ec),
}

async function authority(key: PrivateKey, issuer?: Identity): Promise<Identity> {
  const certificate = await Certificate.generate(key, { name: 'authority', isCa: true, issuer })
  return new Identity(key, certificate)
}

suite('certificates that are made', () => {
  const cases: [subject: keyof typeof keys, issuer: 'rsa' | 'ec' | undefined, algorithm: string][] =
    [
      ['rsa2048', undefined, 'sha256WithRSA'],
      ['rsa4096', undefined, 'sha384WithRSA'],
      ['ec', undefined, 'ecdsa-with-SHA384'],
      ['rsa2048', 'rsa', 'sha256WithRSA'],
      ['rsa4096', 'rsa', 'sha384WithRSA'],
      ['ec', 'rsa', 'sha384WithRSA'],
      ['rsa2048', 'ec', 'ecdsa-with-SHA256'],
      ['rsa4096', 'ec', 'ecdsa-with-SHA384'],
      ['ec', 'ec', 'ecdsa-with-SHA384'],
    ]
  for (const [subject, by, algorithm] of cases) {
    for (const isCa of [false, true]) {
      test(`${isCa ? 'authority' : 'leaf'} of ${subject} signed by ${by ?? 'itself'}`, async () => {
        const key = keys[subject]
        const issuer = by && authorities[by]
        const made = await Certificate.generate(key, { name: 'made', issuer, isCa })
        const certificate = Certificate.from(made.packed)
        assert.ok(certificate.equals(made))
        assert.equal(certificate.issuer?.name, issuer?.certificate.name)
        assert.ok(certificate.publicKey.equals(key.publicKey))
        assert.equal(certificate.subject, `UID=${key.publicKey.id},CN=made`)
        assert.equal(certificate.issuerName, issuer ? 'authority' : 'made')
        assert.equal(certificate.isCa, isCa)
        assert.ok(certificate.isSignedBy((issuer ?? certificate).publicKey))
        assert.equal(+certificate.notAfter - +certificate.notBefore, YEARS_MS)
        assert.ok(Math.abs(Date.now() - +certificate.notBefore) < 60_000)
        assert.equal(algorithmOf(certificate), ALGORITHMS[algorithm])

        const list = new TrustList()
        list.add(issuer?.certificate ?? certificate)
        assert.equal(String(await list.verify(certificate)), 'Certificate is valid\n')
      })
    }
  }

  test('have serial numbers that are positive and differ', async () => {
    const serials = new Set<string>()
    for (let i = 0; i < 100; i++) {
      const { serialNumber } = await Certificate.generate(keys.ec)
      assert.equal(serialNumber.length, 8)
      assert.ok(serialNumber[0]! > 0 && serialNumber[0]! < 0x80)
      serials.add(Buffer.from(serialNumber).toString('hex'))
    }
    assert.equal(serials.size, 100)
  })

  test('have the name that is asked for, of any script', async () => {
    assert.equal((await Certificate.generate(keys.ec)).name, 'dhtnode')
    for (const name of ['Zoë', '電池', 'a@b', ' #,+"<>;\\= ', '\0\n', '🦊'.repeat(64)]) {
      const certificate = await Certificate.generate(keys.ec, { name })
      assert.equal(certificate.name, name)
      assert.equal(Certificate.from(certificate.toPem()).name, name)
    }
    const odd = await Certificate.generate(keys.ec, { name: ' #,+"<>;\\=\n ' })
    assert.ok(odd.subject.endsWith(',CN=\\ #\\,\\+\\"\\<\\>\\;\\\\=\\0a\\ '), odd.subject)
  })

  test('are valid as long as is asked for', async () => {
    for (const validityMs of [1000, 1500, DAY_MS, 100 * YEARS_MS]) {
      const { notBefore, notAfter } = await Certificate.generate(keys.ec, { validityMs })
      assert.equal(+notAfter - +notBefore, validityMs - (validityMs % 1000))
    }
  })

  test('are read by others', async () => {
    const { certificate } = authorities.rsa
    const made = await Certificate.generate(keys.ec, { issuer: authorities.rsa })
    const theirs = new X509Certificate(made.toDer())
    assert.ok(theirs.checkIssued(new X509Certificate(certificate.toDer())))
    assert.ok(theirs.checkPrivateKey(keys.ec.keyObject))
    assert.equal(new X509Certificate(certificate.toDer()).ca, true)
  })
})

suite('making certificates is refused', () => {
  const device = { key: keys.ec, issuer: authorities.ec }
  const generate = (options: object): Promise<Certificate> => Certificate.generate(keys.ec, options)

  const cases: [what: string, options: object, error: object][] = [
    [
      'with an empty name',
      { name: '' },
      { name: 'RangeError', message: /^name must have 1 to 64/ },
    ],
    ['with a long name', { name: 'x'.repeat(65) }, { name: 'RangeError', message: /got 65$/ }],
    [
      'with a number for a name',
      { name: 5 },
      { name: 'TypeError', message: /^name must be a text/ },
    ],
    ['for no time', { validityMs: 0 }, { name: 'RangeError', message: /^validityMs must be/ }],
    ['for the past', { validityMs: -1000 }, { name: 'RangeError', message: /got -1000$/ }],
    ['for ever', { validityMs: Number.POSITIVE_INFINITY }, { name: 'RangeError' }],
    ['for 9000 years', { validityMs: 900 * YEARS_MS }, { name: 'RangeError' }],
    ['for no number', { validityMs: Number.NaN }, { name: 'RangeError', message: /got NaN$/ }],
  ]
  for (const [what, options, error] of cases) {
    test(what, () => assert.rejects(generate(options), error))
  }

  test('by an issuer that is no authority', async () => {
    const issuer = await makeIdentity('leaf', device)
    const message = /^The issuer "leaf" is no authority: /
    await assert.rejects(generate({ issuer }), { code: 'ERR_CRYPTO_CERTIFICATE', message })
  })

  test('by an issuer without its key, or with another one', async () => {
    const { certificate } = authorities.ec
    const message = /^The issuer "authority" has no private key$/
    const issuer = new Identity(undefined, certificate)
    await assert.rejects(generate({ issuer }), { code: 'ERR_CRYPTO_NO_IDENTITY', message })
    const other = { privateKey: issuerKeys.rsa, certificate }
    await assert.rejects(generate({ issuer: other }), { code: 'ERR_CRYPTO_MISMATCH' })
  })

  test('below a chain of 16', async () => {
    const pem = authorities.ec.certificate.toPem()
    const certificate = Certificate.from(pem.repeat(16))
    const issuer = new Identity(issuerKeys.ec, certificate)
    await assert.rejects(generate({ issuer }), { code: 'ERR_CRYPTO_CHAIN' })
  })
})

suite('renewing certificates', () => {
  test('keeps everything but dates, serial number and signature', async () => {
    const issuer = await authority(keys.rsa2048, authorities.rsa)
    const old = await Certificate.generate(keys.ec, { name: 'old', issuer, isCa: true })
    for (const by of [issuer, authorities.ec]) {
      const renewed = await old.renew(by, { validityMs: DAY_MS })
      assert.equal(renewed.subject, old.subject)
      assert.ok(renewed.publicKey.equals(old.publicKey))
      assert.equal(renewed.isCa, true)
      assert.deepEqual(renewed.fields.keyUsage, old.fields.keyUsage)
      assert.notDeepEqual(renewed.serialNumber, old.serialNumber)
      assert.equal(renewed.issuer, by.certificate)
      assert.ok(renewed.isSignedBy(by.publicKey))
      assert.equal(+renewed.notAfter - +renewed.notBefore, DAY_MS)
    }
  })

  test('by the own key makes it sign itself', async () => {
    const old = await Certificate.generate(keys.ec, { name: 'old', issuer: authorities.rsa })
    const renewed = await old.renew(keys.ec)
    assert.equal(renewed.issuer, undefined)
    assert.equal(renewed.issuerName, 'old')
    assert.ok(renewed.isSignedBy(keys.ec.publicKey))
    const self = await authorities.ec.certificate.renew(authorities.ec)
    assert.equal(self.issuer, undefined)
  })

  test('is refused to strangers', async () => {
    const old = await Certificate.generate(keys.ec, { issuer: authorities.rsa })
    await assert.rejects(old.renew(keys.rsa2048), { code: 'ERR_CRYPTO_MISMATCH' })
    const leaf = new Identity(keys.ec, old)
    await assert.rejects(old.renew(leaf), { code: 'ERR_CRYPTO_CERTIFICATE' })
  })
})

suite('certificates for requests', () => {
  test('get the name, the key, and the extensions of a leaf', async () => {
    for (const key of Object.values(keys)) {
      const subjectAltNames = [{ type: 'dns', value: 'example.org' }] as const
      const made = await CertificateRequest.generate(key, { name: 'asked', subjectAltNames })
      const request = await CertificateRequest.from(made.toPem())
      const issuer = authorities.rsa
      const certificate = await Certificate.fromRequest(request, issuer, { validityMs: DAY_MS })
      assert.equal(certificate.subject, 'CN=asked')
      assert.ok(certificate.publicKey.equals(key.publicKey))
      assert.deepEqual(certificate.subjectAltNames, [])
      assert.equal(certificate.isCa, false)
      assert.equal(algorithmOf(certificate), ALGORITHMS['sha256WithRSA'])
      assert.equal(+certificate.notAfter - +certificate.notBefore, DAY_MS)
      assert.equal(certificate.issuer, issuer.certificate)
    }
  })

  test('are not made for a key that the requester does not have', async () => {
    const der = (await CertificateRequest.generate(keys.ec, { name: 'asked' })).toDer()
    der[der.length - 1]! ^= 1
    const request = await CertificateRequest.from(der)
    assert.equal(request.verify(), false)
    const message = /^Cannot certify the request of "asked": it is not signed by its own key$/
    const error = { code: 'ERR_CRYPTO_SIGNATURE', message }
    await assert.rejects(Certificate.fromRequest(request, authorities.ec), error)
  })
})

function algorithmOf({ fields }: Certificate): string {
  return Buffer.from(fields.signatureAlgorithm).toString('hex')
}
