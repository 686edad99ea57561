// SPDX-License-Identifier: MIT
// Encryption under a password: salt (16) ‖ what `aesEncrypt` makes with the key that Argon2i gives
// for password and salt. What needs that key takes about a second, off the event loop.

import { randomBytes } from 'node:crypto'
import { utf8 } from '../core/util/bytes.ts'
import { AES_OVERHEAD_BYTES, aesDecrypt, aesEncrypt } from './aes.ts'
import { argon2i } from './argon2.ts'
import { CryptoError } from './errors.ts'
import { hash } from './hash.ts'

const SALT_BYTES = 16
/** Argon2 takes no shorter one. */
const MIN_SALT_BYTES = 8
const AES_KEY_BYTES = 32
const DEFAULT_KEY_BYTES = 64

/** A key made of a password. */
export interface StretchedKey {
  key: Uint8Array
  salt: Uint8Array
}

/**
 * A key of `length` bytes, at most 64, from a password, which may be empty. Text is taken as UTF-8.
 * Without a salt of at least 8 bytes a fresh one of 16 bytes is made; the key needs it again.
 */
export async function stretchKey(
  password: string | Uint8Array,
  salt?: Uint8Array,
  length: number = DEFAULT_KEY_BYTES,
): Promise<StretchedKey> {
  if (salt !== undefined && salt.length < MIN_SALT_BYTES) {
    throw new RangeError(`salt must have at least ${MIN_SALT_BYTES} bytes: got ${salt.length}`)
  }
  const chosen = salt ?? new Uint8Array(randomBytes(SALT_BYTES))
  const secret = await argon2i(typeof password === 'string' ? utf8(password) : password, chosen)
  return { key: hash(secret, length), salt: chosen }
}

/** A bundle, 44 bytes longer than `data`. The salt, if any, has 16 bytes. */
export async function aesEncryptWithPassword(
  data: Uint8Array,
  password: string | Uint8Array,
  salt?: Uint8Array,
): Promise<Uint8Array> {
  if (salt !== undefined && salt.length !== SALT_BYTES) {
    throw new RangeError(`salt must have ${SALT_BYTES} bytes: got ${salt.length}`)
  }
  const stretched = await stretchKey(password, salt, AES_KEY_BYTES)
  return aesBuildEncrypted(aesEncrypt(data, stretched.key), stretched.salt)
}

/** The content of a bundle. Rejects with CryptoError when it is damaged or the password wrong. */
export async function aesDecryptWithPassword(
  bundle: Uint8Array,
  password: string | Uint8Array,
): Promise<Uint8Array> {
  const encrypted = aesGetEncrypted(bundle)
  if (encrypted.length < AES_OVERHEAD_BYTES) {
    throw tooShort(bundle.length, SALT_BYTES + AES_OVERHEAD_BYTES)
  }
  const key = await aesGetKey(bundle, password)
  try {
    return aesDecrypt(encrypted, key)
  } catch (cause) {
    const problem = 'the password is not the expected one, or the bundle is damaged'
    throw new CryptoError('ERR_CRYPTO_PASSWORD', `Cannot decrypt bundle: ${problem}`, { cause })
  }
}

/** The salt of a bundle. Throws CryptoError when the bundle is too short. */
export function aesGetSalt(bundle: Uint8Array): Uint8Array {
  checkHasSalt(bundle)
  return Uint8Array.from(bundle.subarray(0, SALT_BYTES))
}

/** What follows the salt: `aesDecrypt` opens it with the key of `aesGetKey`. */
export function aesGetEncrypted(bundle: Uint8Array): Uint8Array {
  checkHasSalt(bundle)
  return Uint8Array.from(bundle.subarray(SALT_BYTES))
}

/** The AES key of a bundle; of no use when the password is not the one of the bundle. */
export async function aesGetKey(
  bundle: Uint8Array,
  password: string | Uint8Array,
): Promise<Uint8Array> {
  return (await stretchKey(password, aesGetSalt(bundle), AES_KEY_BYTES)).key
}

/** A bundle of its parts. */
export function aesBuildEncrypted(encrypted: Uint8Array, salt: Uint8Array): Uint8Array {
  if (salt.length !== SALT_BYTES) {
    throw new RangeError(`salt must have ${SALT_BYTES} bytes: got ${salt.length}`)
  }
  return new Uint8Array(Buffer.concat([salt, encrypted]))
}

function checkHasSalt({ length }: Uint8Array): void {
  if (length <= SALT_BYTES) throw tooShort(length, SALT_BYTES + 1)
}

function tooShort(length: number, expected: number): CryptoError {
  const problem = `expected ${expected} bytes or more, got ${length}`
  return new CryptoError('ERR_CRYPTO_DECRYPT', `Cannot decrypt bundle: ${problem}`)
}
