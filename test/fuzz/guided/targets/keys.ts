// SPDX-License-Identifier: MIT
// Private and public keys in all encodings, and what is encrypted under a password: read, or
// refused with CryptoError.

import { CryptoError } from '../../../../src/crypto/errors.ts'
import { PrivateKey } from '../../../../src/crypto/private-key.ts'
import { PublicKey } from '../../../../src/crypto/public-key.ts'
import { certificateVectors } from '../../../support/certificate-vectors.ts'
import { fromHex } from '../../../support/vectors.ts'
import { type FuzzTarget, vectorText, words } from '../target.ts'

const PASSWORD = 'password'

export const target: FuzzTarget = {
  seeds() {
    const found = Array.from(
      vectorText('crypto/key_import').matchAll(/"(30[0-9a-f]{60,}|-----BEGIN[^"]*)"/g),
      (match) => {
        const [, text = ''] = match
        if (text.startsWith('30')) return fromHex(text)
        return new TextEncoder().encode(text.replaceAll('\\n', '\n'))
      },
    )
    const own = certificateVectors('v4.3.1').map((it) =>
      new TextEncoder().encode(it.private_key_pem),
    )
    return [...found, ...own]
  },
  dictionary: words(
    '-----BEGIN -----END ----- PRIVATE PUBLIC KEY RSA EC ENCRYPTED Proc-Type: DEK-Info: ' +
      'AES-256-CBC,',
  ),
  maxBytes: 4096,
  async run(input) {
    const bytes = new Uint8Array(input)
    if (asksForWork(bytes)) return
    await unlessRefused(() => PublicKey.from(bytes))
    await unlessRefused(() => PrivateKey.from(bytes))
    await unlessRefused(() => PrivateKey.from(bytes, PASSWORD))
  },
}

/** Iterations of a password are meant to take time, and whoever opens a key file chose it. */
function asksForWork(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).includes(Buffer.from('2a864886f70d01050c', 'hex'))
}

async function unlessRefused(read: () => unknown): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
  }
}
