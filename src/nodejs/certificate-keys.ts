// SPDX-License-Identifier: MIT
// The keys at which a certificate may be stored (spec values, section 6.9), read with node:crypto.

import { createHash, X509Certificate } from 'node:crypto'
import { InfoHash } from '../core/id/info-hash.ts'

/**
 * SHA-1 of the public key of the first certificate in `data` (PEM or DER), and SHA-1 of its
 * SHA-256; undefined when the bytes are no certificate. Never throws.
 */
export function certificateKeys(data: Uint8Array): InfoHash[] | undefined {
  try {
    const key = new X509Certificate(data).publicKey.export({ type: 'spki', format: 'der' })
    const longId = createHash('sha256').update(key).digest()
    return [InfoHash.get(new Uint8Array(key)), InfoHash.get(new Uint8Array(longId))]
  } catch {
    return undefined
  }
}
