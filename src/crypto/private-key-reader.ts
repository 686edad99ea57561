// SPDX-License-Identifier: MIT
// Reads the encodings of private keys that OpenDHT reads: PKCS#8 plain or encrypted, as PEM or DER,
// and as PEM also PKCS#1 and SEC1, plain or encrypted in OpenSSL's old style.

import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readItem, readItems, TAG } from './der.ts'
import { decryptKey, parseEncryptedKey, wrongPassword } from './encrypted-key.ts'
import { CryptoError } from './errors.ts'
import { type PemBlock, pemText, readPem } from './pem.ts'

/** Several times the encoding of the largest key. */
const MAX_INPUT_BYTES = 65_536

const TYPES: Record<string, 'pkcs8' | 'pkcs1' | 'sec1'> = {
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'pkcs8',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
}

/**
 * An empty password is none. A key that is not encrypted is read whatever the password: OpenDHT 2
 * does so, OpenDHT 4 refuses. Throws CryptoError.
 */
export async function readPrivateKey(
  input: Uint8Array | string,
  password: string,
): Promise<KeyObject> {
  if (input.length > MAX_INPUT_BYTES) {
    throw keyError(`expected at most ${MAX_INPUT_BYTES} bytes, got ${input.length}`)
  }
  const text = pemText(input)
  if (text === undefined && typeof input !== 'string') return readPkcs8(input, password)
  const blocks = readPem(text ?? '')
  const block = blocks.find(({ label }) => TYPES[label] !== undefined)
  if (block !== undefined) return readBlock(block, password)
  const found = blocks.map(({ label }) => `"${label}"`).join(', ') || 'no whole PEM block'
  throw keyError(`expected one of ${Object.keys(TYPES).join(', ')} in PEM, found ${found}`)
}

function readBlock(
  { label, der, text }: PemBlock,
  password: string,
): Promise<KeyObject> | KeyObject {
  const type = TYPES[label]!
  if (der !== undefined) return type === 'pkcs8' ? readPkcs8(der, password) : readDerKey(der, type)
  if (!/^DEK-Info: /m.test(text)) throw keyError(`expected base64 in the PEM block "${label}"`)
  if (password === '') throw passwordMissing()
  try {
    return createPrivateKey({ key: text, passphrase: password })
  } catch (cause) {
    throw wrongPassword(cause)
  }
}

async function readPkcs8(der: Uint8Array, password: string): Promise<KeyObject> {
  if (!isEncrypted(der)) return readDerKey(der, 'pkcs8')
  const encrypted = understand(() => parseEncryptedKey(der), 'an encrypted key')
  if (password === '') throw passwordMissing()
  if (encrypted.scheme === 'pbes2') {
    return readDerKey(await decryptKey(encrypted, password), 'pkcs8')
  }
  try {
    const key = Buffer.from(der)
    return createPrivateKey({ key, format: 'der', type: 'pkcs8', passphrase: password })
  } catch (cause) {
    throw wrongPassword(cause)
  }
}

/** A plain key starts with its version, an encrypted one with the algorithm. */
function isEncrypted(der: Uint8Array): boolean {
  const items = understand(() => readItems(readItem(der).content), 'PKCS#8 in DER')
  return items[0]?.tag !== TAG.integer
}

function readDerKey(der: Uint8Array, type: 'pkcs8' | 'pkcs1' | 'sec1'): KeyObject {
  const key = Buffer.from(der)
  return understand(() => createPrivateKey({ key, format: 'der', type }), `a ${NAMES[type]} key`)
}

const NAMES = { pkcs8: 'PKCS#8', pkcs1: 'PKCS#1', sec1: 'SEC1' }

function understand<T>(read: () => T, expected: string): T {
  try {
    return read()
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw keyError(`expected ${expected}: ${problem}`, cause)
  }
}

function passwordMissing(): CryptoError {
  const problem = 'it is encrypted, a password is expected'
  return new CryptoError('ERR_CRYPTO_PASSWORD', `Cannot read private key: ${problem}`)
}

function keyError(problem: string, cause?: unknown): CryptoError {
  return new CryptoError('ERR_CRYPTO_KEY', `Cannot read private key: ${problem}`, { cause })
}
