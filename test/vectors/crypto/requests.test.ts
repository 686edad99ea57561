// SPDX-License-Identifier: MIT
// Certificate requests of the C++ implementation, and the certificates that it made from them.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Certificate } from '../../../src/crypto/certificate.ts'
import { CertificateRequest } from '../../../src/crypto/certificate-request.ts'
import { PrivateKey } from '../../../src/crypto/private-key.ts'
import { TrustList } from '../../../src/crypto/trust-list.ts'
import { RECORDED, recordedIdentity } from '../../support/certificate-vectors.ts'
import { VERSIONS } from '../../support/crypto-vectors.ts'
import { loadVectors } from '../../support/vectors.ts'

interface RequestVectors {
  private_key_pem: string
  request_pem: string
  verify: boolean
  request_with_challenge_pem: string
  certificate_packed: string
  cert_cn: string
  cert_uid: string
  issuer_cn: string
  is_ca: boolean
  trusted_by_ca: boolean
  ec_private_key_pem: string
  ec_request_pem: string
  ec_certificate_packed: string
}

const ALT_NAMES = [{ type: 'email', value: 'a@example.test' }] as const

for (const version of VERSIONS) {
  suite(`certificate requests of ${version}`, () => {
    const vectors = loadVectors<RequestVectors>(`crypto/${version}/csr`)

    test('are read', async () => {
      const request = await CertificateRequest.from(vectors.request_pem)
      assert.equal(request.name, vectors.cert_cn)
      assert.equal(request.uid, vectors.cert_uid)
      assert.deepEqual(request.subjectAltNames, ALT_NAMES)
      assert.equal(request.verify(), vectors.verify)
      assert.equal(request.toPem(), vectors.request_pem)
      assert.ok((await CertificateRequest.from(request.toDer())).verify())

      const elliptic = await CertificateRequest.from(vectors.ec_request_pem)
      assert.equal(elliptic.subject, 'CN=EC device')
      assert.ok(elliptic.verify())
    })

    test('are written the same', async () => {
      const key = await PrivateKey.from(vectors.private_key_pem)
      const request = await CertificateRequest.generate(key, {
        name: vectors.cert_cn,
        uid: vectors.cert_uid,
        subjectAltNames: ALT_NAMES,
      })
      assert.equal(request.toPem(), vectors.request_pem)
      const options = { name: 'with challenge', challengePassword: 'challenge' }
      const challenge = await CertificateRequest.generate(key, options)
      assert.equal(challenge.toPem(), vectors.request_with_challenge_pem)
    })

    test('lead to certificates with the same names and key', async () => {
      const ca = await recordedIdentity(version, 'ca')
      const pairs = [
        [vectors.request_pem, vectors.certificate_packed],
        [vectors.ec_request_pem, vectors.ec_certificate_packed],
      ]
      const list = new TrustList()
      list.add(ca.certificate)
      for (const [pem, packed] of pairs) {
        const theirs = Certificate.from(packed!)
        const ours = await Certificate.fromRequest(await CertificateRequest.from(pem!), ca)
        const at = new Date(Math.max(+RECORDED, +ours.notBefore))
        for (const certificate of [theirs, ours]) {
          assert.equal(certificate.issuerName, vectors.issuer_cn)
          assert.equal(certificate.isCa, vectors.is_ca)
          assert.equal(certificate.subject, theirs.subject)
          assert.deepEqual(certificate.subjectAltNames, [])
          assert.ok(certificate.publicKey.equals(theirs.publicKey))
          const { isValid } = await list.verify(certificate, { at })
          assert.equal(isValid, vectors.trusted_by_ca)
        }
        assert.deepEqual(ours.fields.signatureAlgorithm, theirs.fields.signatureAlgorithm)
      }
    })
  })
}
