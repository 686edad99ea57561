// SPDX-License-Identifier: MIT
// AES-GCM as OpenDHT lays it out: IV (12) ‖ ciphertext ‖ tag (16), no additional data.

import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { CryptoError } from './errors.ts'

const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES: readonly number[] = [16, 24, 32]
export const AES_OVERHEAD_BYTES: number = IV_BYTES + TAG_BYTES

/** Encrypts with a key of 16, 24 or 32 bytes and a fresh IV: 28 bytes longer than `data`. */
export function aesEncrypt(data: Uint8Array, key: Uint8Array): Uint8Array {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(cipherName(key), key, iv, { authTagLength: TAG_BYTES })
  return concat([iv, cipher.update(data), cipher.final(), cipher.getAuthTag()])
}

/** The opposite of `aesEncrypt`. The tag is compared in constant time. */
export function aesDecrypt(data: Uint8Array, key: Uint8Array): Uint8Array {
  const name = cipherName(key)
  if (data.length < AES_OVERHEAD_BYTES) {
    throw new CryptoError(
      'ERR_CRYPTO_DECRYPT',
      `AES ciphertext is cut off: expected ${AES_OVERHEAD_BYTES} bytes or more, got ${data.length}`,
    )
  }
  const end = data.length - TAG_BYTES
  const options = { authTagLength: TAG_BYTES }
  const decipher = createDecipheriv(name, key, data.subarray(0, IV_BYTES), options)
  decipher.setAuthTag(data.subarray(end))
  try {
    return concat([decipher.update(data.subarray(IV_BYTES, end)), decipher.final()])
  } catch (cause) {
    throw new CryptoError(
      'ERR_CRYPTO_DECRYPT',
      'AES ciphertext is damaged or belongs to another key: its tag does not match',
      { cause },
    )
  }
}

/** Whether AES has keys of this length. */
export function isAesKeySize(bytes: number): boolean {
  return KEY_BYTES.includes(bytes)
}

function cipherName(key: Uint8Array): CipherGCMTypes {
  if (isAesKeySize(key.length)) return `aes-${8 * key.length}-gcm` as CipherGCMTypes
  throw new RangeError(`key must have 16, 24 or 32 bytes: got ${key.length}`)
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
