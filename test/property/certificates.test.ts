// SPDX-License-Identifier: MIT
// Certificates, requests, revocation lists and OCSP answers come from strangers: damaged bytes give
// a CryptoError or something that can be used, never another error.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Certificate } from '../../src/crypto/certificate.ts'
import { certificateKeys } from '../../src/crypto/certificate-keys.ts'
import { CertificateRequest } from '../../src/crypto/certificate-request.ts'
import { CryptoError } from '../../src/crypto/errors.ts'
import { OcspResponse } from '../../src/crypto/ocsp.ts'
import { RevocationList } from '../../src/crypto/revocation-list.ts'
import { TrustList } from '../../src/crypto/trust-list.ts'
import { recordedCertificate } from '../support/certificate-vectors.ts'
import { fromHex, loadVectors } from '../support/vectors.ts'

const VERSION = 'v2.4.12'
const leaf = recordedCertificate(VERSION, 'leaf')
const request = loadVectors<{ request_pem: string }>(`crypto/${VERSION}/csr`).request_pem
const lists = loadVectors<{ steps: { packed_hex: string }[] }>(`crypto/${VERSION}/crl`).steps
const { responses } = loadVectors<{ responses: { response_der_hex: string }[] }>(
  `crypto/${VERSION}/ocsp`,
)

/** Bytes with a few of them replaced, removed or put in. */
function damaged(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat(original.length - 1)
  // Most structure is at the beginning.
  const at = fc.oneof(place, fc.nat(Math.min(300, original.length - 1)))
  const change = fc.record({ at, count: fc.nat(2), bytes: fc.uint8Array({ maxLength: 3 }) })
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const bytes = [...original]
    for (const it of changes) bytes.splice(it.at, it.count, ...it.bytes)
    return Uint8Array.from(bytes)
  })
}

async function assertTame(use: () => unknown): Promise<void> {
  try {
    await use()
  } catch (error) {
    assert.ok(error instanceof CryptoError, error as Error)
  }
}

suite('damaged bytes', () => {
  test('of certificates', async () => {
    const trust = new TrustList()
    trust.add(leaf.issuer!)
    const inputs = fc.oneof(damaged(leaf.toDer()), damaged(leaf.packed), fc.uint8Array())
    await fc.assert(
      fc.asyncProperty(inputs, async (bytes) => {
        certificateKeys(bytes)
        await assertTame(async () => {
          const certificate = Certificate.from(bytes)
          assert.deepEqual(Certificate.from(certificate.packed).toDer(), certificate.toDer())
          String(certificate)
          String(await trust.verify(certificate))
        })
      }),
      { numRuns: 500 },
    )
  })

  test('of requests', async () => {
    const original = (await CertificateRequest.from(request)).toDer()
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(damaged(original), damaged(Buffer.from(request))),
        async (bytes) => {
          await assertTame(async () => {
            const read = await CertificateRequest.from(bytes)
            read.verify()
            assert.equal(typeof read.subject, 'string')
          })
        },
      ),
      { numRuns: 300 },
    )
  })

  test('of revocation lists', async () => {
    const originals = lists.map(({ packed_hex }) => damaged(fromHex(packed_hex)))
    await fc.assert(
      fc.asyncProperty(fc.oneof(...originals), async (bytes) => {
        await assertTame(() => {
          const list = RevocationList.from(bytes)
          list.isRevoked(leaf)
          list.isSignedBy(leaf.issuer!)
          String(list)
        })
      }),
      { numRuns: 500 },
    )
  })

  test('of OCSP answers', async () => {
    const originals = responses.map((it) => damaged(fromHex(it.response_der_hex)))
    await fc.assert(
      fc.asyncProperty(fc.oneof(...originals), async (bytes) => {
        await assertTame(async () => (await OcspResponse.from(bytes)).verify(leaf))
      }),
      { numRuns: 300 },
    )
  })
})
