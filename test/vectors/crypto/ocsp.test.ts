// SPDX-License-Identifier: MIT
// OCSP questions of the C++ implementation, and answers whose verdict it gave.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createOcspRequest, OcspResponse } from '../../../src/crypto/ocsp.ts'
import { recordedCertificate } from '../../support/certificate-vectors.ts'
import { VERSIONS } from '../../support/crypto-vectors.ts'
import { fromHex, loadVectors, toHex } from '../../support/vectors.ts'

interface OcspVectors {
  request_der_hex: string
  nonce_hex: string
  responses?: { name: string; response_der_hex: string; verifyDirect: number }[]
  verifyDirect_with_other_nonce?: string
}

/** In the order of their numbers. */
const STATUSES = ['good', 'revoked', 'unknown']

for (const version of VERSIONS) {
  suite(`OCSP of ${version}`, () => {
    const vectors = loadVectors<OcspVectors>(`crypto/${version}/ocsp`)
    const leaf = recordedCertificate(version, 'leaf')
    const nonce = fromHex(vectors.nonce_hex)

    test('questions are the same but for the nonce', async () => {
      const { request, nonce: own } = await createOcspRequest(leaf)
      assert.equal(own.length, nonce.length)
      assert.equal(toHex(request).replace(toHex(own), vectors.nonce_hex), vectors.request_der_hex)
    })

    for (const { name, response_der_hex, verifyDirect } of vectors.responses ?? []) {
      test(`the answer "${name}" is checked`, async () => {
        const response = await OcspResponse.from(fromHex(response_der_hex))
        assert.equal(response.status, STATUSES[verifyDirect])
        assert.equal(response.verify(leaf, { nonce }), STATUSES[verifyDirect])

        const otherNonce = nonce.map((byte) => byte ^ 1)
        assert.throws(() => response.verify(leaf, { nonce: otherNonce }), {
          code: 'ERR_CRYPTO_MISMATCH',
        })
        const other = recordedCertificate(version, 'rsa4096')
        assert.throws(() => response.verify(other, { nonce }), { code: 'ERR_CRYPTO_MISMATCH' })
        const foreign = recordedCertificate(version, 'ec_leaf')
        assert.throws(() => response.verify(foreign, { nonce }), { code: 'ERR_CRYPTO_SIGNATURE' })
      })
    }
  })
}
