// SPDX-License-Identifier: MIT
// Certificates, requests, lists of revoked certificates and answers about them, as PEM or DER: they
// are read, shown and checked, or refused with CryptoError.

import { Certificate } from '../../../../src/crypto/certificate.ts'
import { CertificateRequest } from '../../../../src/crypto/certificate-request.ts'
import { CryptoError } from '../../../../src/crypto/errors.ts'
import { OcspResponse } from '../../../../src/crypto/ocsp.ts'
import { RevocationList } from '../../../../src/crypto/revocation-list.ts'
import { TrustList } from '../../../../src/crypto/trust-list.ts'
import { certificateVectors, RECORDED } from '../../../support/certificate-vectors.ts'
import { fromHex } from '../../../support/vectors.ts'
import { type FuzzTarget, vectorText, words } from '../target.ts'

const OIDS = ['550403', '55040a', '551d0e', '551d0f', '551d11', '551d13', '551d1f', '551d23']

export const target: FuzzTarget = {
  seeds() {
    const files = ['crl', 'csr', 'ocsp', 'renew'].map((name) => `crypto/v4.3.1/${name}`)
    const texts = files.flatMap((name) => [
      ...vectorText(name).matchAll(/"(30[0-9a-f]{100,}|-----BEGIN[^"]*)"/g),
    ])
    const others = texts.map(([, text = '']) =>
      text.startsWith('30')
        ? fromHex(text)
        : new TextEncoder().encode(text.replaceAll('\\n', '\n')),
    )
    const certificates = certificateVectors('v4.3.1').flatMap((it) => [
      fromHex(it.certificate_der_hex),
      new TextEncoder().encode(it.certificate_packed),
    ])
    return [...certificates, ...others].filter(({ length }) => length < 8192)
  },
  dictionary: [
    ...OIDS.map((oid) => fromHex(`06${(oid.length / 2).toString(16).padStart(2, '0')}${oid}`)),
    ...words('-----BEGIN -----END ----- CERTIFICATE X509 CRL REQUEST'),
    fromHex('3080'),
    fromHex('3084ffffffff'),
    fromHex('170d3236303130313030303030305a'),
    fromHex('180f32303236303130313030303030305a'),
  ],
  maxBytes: 8192,
  async run(input) {
    const bytes = new Uint8Array(input)
    const certificate = await unlessRefused(() => Certificate.from(bytes))
    if (certificate !== undefined) await use(certificate)
    const list = await unlessRefused(() => RevocationList.from(bytes))
    if (list !== undefined) new TrustList().add(list)
    await unlessRefused(async () => (await CertificateRequest.from(bytes)).name)
    const answer = await unlessRefused(() => OcspResponse.from(bytes))
    if (answer !== undefined && certificate !== undefined) {
      await unlessRefused(() => answer.verify(certificate, { at: RECORDED }))
    }
  },
}

async function use(certificate: Certificate): Promise<void> {
  const { id, longId, name, uid } = certificate
  if (`${id}${longId}${name}${uid}`.length < 104) throw new Error('an id is missing')
  certificate.toString()
  await new TrustList().verify(certificate, { at: RECORDED })
  const again = Certificate.from(certificate.packed)
  if (!again.id.equals(id)) throw new Error('a certificate reads as another one')
}

async function unlessRefused<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    throw error
  }
}
