// SPDX-License-Identifier: MIT
// Certificates that must not be used: each reason has its code.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Certificate } from '../../../src/crypto/certificate.ts'
import { Identity } from '../../../src/crypto/identity.ts'
import { TrustList } from '../../../src/crypto/trust-list.ts'
import { Verdict, VerifyResult } from '../../../src/crypto/verify-result.ts'

const authority = await Identity.generate({ name: 'authority', bits: 2048 })
const issuer = authority
const leaf = await Identity.generate({ name: 'leaf', bits: 2048, issuer })

test('a revoked certificate is refused, by name', async () => {
  const { certificate } = await Identity.generate({ name: 'gone', bits: 2048, issuer })
  certificate.checkValidity(new Date())
  const list = await authority.certificate.revoke(authority.privateKey!, certificate)
  const refused = {
    name: 'CryptoError',
    code: 'ERR_CRYPTO_REVOKED',
    message: /"gone".*"authority"/,
  }
  assert.throws(() => certificate.checkValidity(new Date()), refused)
  assert.throws(() => new Identity(undefined, certificate).check(), refused)
  leaf.check()

  const trusted = new TrustList()
  trusted.add(Certificate.from(authority.certificate.packed))
  trusted.add(list)
  const verdict = await trusted.verify(Certificate.from(certificate.packed))
  assert.throws(() => verdict.assertValid(), { code: 'ERR_CRYPTO_REVOKED' })
  const other = await trusted.verify(Certificate.from(leaf.certificate.packed))
  other.assertValid()
})

test('a verdict becomes an error that says all reasons, with the code of the gravest', () => {
  const cases: [number, string][] = [
    [Verdict.expired, 'ERR_CRYPTO_EXPIRED'],
    [Verdict.notYetValid, 'ERR_CRYPTO_EXPIRED'],
    [Verdict.badSignature, 'ERR_CRYPTO_SIGNATURE'],
    [Verdict.revoked | Verdict.expired, 'ERR_CRYPTO_REVOKED'],
    [Verdict.issuerUnknown, 'ERR_CRYPTO_CHAIN'],
    [Verdict.issuerNotCa | Verdict.insecure, 'ERR_CRYPTO_CHAIN'],
  ]
  for (const [bits, code] of cases) {
    assert.throws(() => new VerifyResult(bits).assertValid(), { name: 'CryptoError', code })
  }
  assert.throws(() => new VerifyResult(Verdict.revoked | Verdict.expired).assertValid(), {
    message: 'The certificate cannot be trusted: Certificate is revoked; Certificate has expired',
  })
  new VerifyResult(0).assertValid()
})
