// SPDX-License-Identifier: MIT
// The keys at which a certificate may be stored (spec values, section 6.9). Storing nodes ask this
// of whatever peers send, so no more is looked at than the key of the first certificate.

import { X509Certificate } from 'node:crypto'
import { InfoHash } from '../core/id/info-hash.ts'
import { readCertificates } from './certificate-forms.ts'
import { hash } from './hash.ts'

/**
 * The id of the first certificate in `data`, in any of the forms that `Certificate.from` reads, and
 * SHA-1 of its long id; undefined when the bytes are no certificate. Never throws.
 */
export function certificateKeys(data: Uint8Array): InfoHash[] | undefined {
  try {
    const { publicKey } = new X509Certificate(readCertificates(data)[0]!)
    const key = publicKey.export({ type: 'spki', format: 'der' })
    return [InfoHash.fromBytes(hash(key, 20)), InfoHash.get(hash(key, 32))]
  } catch {
    return undefined
  }
}
