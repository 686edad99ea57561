// SPDX-License-Identifier: MIT
// OCSP answers: recent or not, and what is none. Verdicts are among the vectors.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeItem } from '../../../src/crypto/der-writer.ts'
import { createOcspRequest, OcspResponse } from '../../../src/crypto/ocsp.ts'
import { recordedCertificate } from '../../support/certificate-vectors.ts'
import { fromHex, loadVectors } from '../../support/vectors.ts'

interface OcspVectors {
  responses: { name: string; response_der_hex: string }[]
}

const [good] = loadVectors<OcspVectors>('crypto/v2.4.12/ocsp').responses
const GOOD = fromHex(good!.response_der_hex)
const leaf = recordedCertificate('v2.4.12', 'leaf')
/** From when and until when the answer holds. */
const GIVEN = Date.parse('2026-11-22T05:42:35Z')
const DUE = Date.parse('2036-11-19T05:42:35Z')
const HOUR_MS = 3_600_000

test('an answer without the nonce of a question must hold at that time', async () => {
  const response = await OcspResponse.from(GOOD)
  const verifyAt = (ms: number) => response.verify(leaf, { at: new Date(ms) })
  // Clocks differ by some minutes.
  for (const time of [GIVEN - 60_000, GIVEN, DUE]) assert.equal(verifyAt(time), 'good')
  for (const time of [GIVEN - HOUR_MS, DUE + HOUR_MS]) {
    assert.throws(() => verifyAt(time), { code: 'ERR_CRYPTO_EXPIRED' })
  }
})

test('a certificate needs its issuer to be asked for', async () => {
  const orphan = recordedCertificate('v2.4.12', 'ca')
  await assert.rejects(createOcspRequest(orphan), { code: 'ERR_CRYPTO_CHAIN' })
  const response = await OcspResponse.from(GOOD)
  assert.throws(() => response.verify(orphan), { code: 'ERR_CRYPTO_CHAIN' })
})

test('each question has a nonce of its own', async () => {
  const [a, b] = [await createOcspRequest(leaf), await createOcspRequest(leaf)]
  assert.notDeepEqual(a.nonce, b.nonce)
  assert.ok(Buffer.from(a.request).includes(Buffer.from(a.nonce)))
})

test('what is no answer is refused', async () => {
  const tryLater = writeItem(0x30, writeItem(0x0a, Uint8Array.of(3)))
  const cases: [der: Uint8Array, message: RegExp][] = [
    [new Uint8Array(), /damaged or something else/],
    [GOOD.subarray(1), /damaged or something else/],
    [GOOD.subarray(0, -1), /damaged or something else/],
    [leaf.toDer(), /damaged or something else/],
    [tryLater, /the responder answered "tryLater"$/],
    [new Uint8Array(70_000), /too long/],
  ]
  for (const [der, message] of cases) {
    await assert.rejects(OcspResponse.from(der), { code: 'ERR_CRYPTO_CERTIFICATE', message })
  }
})
