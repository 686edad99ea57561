// SPDX-License-Identifier: MIT
// Private keys under a password: EncryptedPrivateKeyInfo (RFC 5958) with PBES2 (RFC 8018). OpenSSL
// could write these, too, but with 2048 iterations only, and it would read them on the event loop:
// 600000 iterations take some hundred milliseconds. The older scheme of PKCS#12 is read by OpenSSL.

import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from 'node:crypto'
import { type DerItem, integerOf, oidText, readItem, readItems, TAG } from './der.ts'
import { writeInteger, writeItem, writeOid, writeSequence } from './der-writer.ts'
import { CryptoError } from './errors.ts'

/** What GnuTLS 3.7, and thus OpenDHT, writes. */
const ITERATIONS = 600_000
const SALT_BYTES = 16
/** Some seconds of work: a file that asks for more is damaged or hostile. */
const MAX_ITERATIONS = 10_000_000
/** Of the older scheme, whose work is done on the event loop. */
const MAX_PKCS12_ITERATIONS = 100_000

const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'
const PKCS12_SHA1_3DES = '1.2.840.113549.1.12.1.3'
const HMAC_SHA1 = '1.2.840.113549.2.7'
const HMAC_SHA256 = '1.2.840.113549.2.9'
const AES_256_CBC = '2.16.840.1.101.3.4.1.42'

const DIGESTS: Record<string, string> = {
  [HMAC_SHA1]: 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  [HMAC_SHA256]: 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

interface Cipher {
  name: string
  keyBytes: number
  ivBytes: number
}

const CIPHERS: Record<string, Cipher> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16, ivBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24, ivBytes: 16 },
  [AES_256_CBC]: { name: 'aes-256-cbc', keyBytes: 32, ivBytes: 16 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24, ivBytes: 8 },
}

interface Pbes2 {
  data: Uint8Array
  salt: Uint8Array
  iterations: number
  digest: string
  cipher: Cipher
  iv: Uint8Array
}

/** `pkcs12`: leave it to OpenSSL. */
export type EncryptedKey = { scheme: 'pkcs12' } | ({ scheme: 'pbes2' } & Pbes2)

/** Encrypts a PKCS#8 key: PBKDF2 with HMAC-SHA256, AES-256-CBC. Off the event loop. */
export async function encryptKey(pkcs8: Uint8Array, password: string): Promise<Uint8Array> {
  const salt = randomBytes(SALT_BYTES)
  const { name, keyBytes, ivBytes } = CIPHERS[AES_256_CBC]!
  const iv = randomBytes(ivBytes)
  const secret = await derive(password, salt, {
    iterations: ITERATIONS,
    keyBytes,
    digest: 'sha256',
  })
  const cipher = createCipheriv(name, secret, iv)
  const prf = writeSequence(writeOid(HMAC_SHA256), NULL)
  const kdf = writeSequence(writeItem(TAG.octetString, salt), writeInteger(ITERATIONS), prf)
  const scheme = writeSequence(
    writeSequence(writeOid(PBKDF2), kdf),
    writeSequence(writeOid(AES_256_CBC), writeItem(TAG.octetString, iv)),
  )
  return writeSequence(
    writeSequence(writeOid(PBES2), scheme),
    writeItem(TAG.octetString, cipher.update(pkcs8), cipher.final()),
  )
}

/** Throws RangeError for what is no encrypted key, or one of an unsupported scheme. */
export function parseEncryptedKey(der: Uint8Array): EncryptedKey {
  const [algorithm, data] = itemsOf(readItem(der))
  const [oid, parameters] = itemsOf(algorithm)
  const scheme = nameOf(oid)
  if (scheme === PBES2) {
    return { scheme: 'pbes2', data: contentOf(data, TAG.octetString), ...parsePbes2(parameters) }
  }
  if (scheme !== PKCS12_SHA1_3DES) throw unsupported('encryption', scheme)
  iterationsOf(itemsOf(parameters)[1], MAX_PKCS12_ITERATIONS)
  return { scheme: 'pkcs12' }
}

/** The PKCS#8 key inside. Rejects with CryptoError when the password is wrong. */
export async function decryptKey(
  { salt, iterations, digest, cipher, iv, data }: Pbes2,
  password: string,
): Promise<Uint8Array> {
  const secret = await derive(password, salt, { iterations, keyBytes: cipher.keyBytes, digest })
  const decipher = createDecipheriv(cipher.name, secret, iv)
  try {
    const pkcs8 = new Uint8Array(Buffer.concat([decipher.update(data), decipher.final()]))
    // One in 256 wrong passwords gives a valid padding by chance, but hardly a sequence, too.
    itemsOf(readItem(pkcs8))
    return pkcs8
  } catch (cause) {
    throw wrongPassword(cause)
  }
}

interface Derivation {
  readonly iterations: number
  readonly keyBytes: number
  readonly digest: string
}

function derive(password: string, salt: Uint8Array, how: Derivation): Promise<Buffer> {
  const { promisify } = process.getBuiltinModule('node:util')
  return promisify(pbkdf2)(password, salt, how.iterations, how.keyBytes, how.digest)
}

export function wrongPassword(cause: unknown): CryptoError {
  return new CryptoError(
    'ERR_CRYPTO_PASSWORD',
    'Cannot read private key: the password is not the expected one, or the key is damaged',
    { cause },
  )
}

function parsePbes2(parameters: DerItem | undefined): Omit<Pbes2, 'data'> {
  const [kdf, encryption] = itemsOf(parameters)
  const [kdfOid, kdfParameters] = itemsOf(kdf)
  const derivation = nameOf(kdfOid)
  if (derivation !== PBKDF2) throw unsupported('key derivation', derivation)
  const [salt, count, ...options] = itemsOf(kdfParameters)
  const prf = options.find(({ tag }) => tag === TAG.sequence)
  const hmac = prf === undefined ? HMAC_SHA1 : nameOf(itemsOf(prf)[0])
  const digest = DIGESTS[hmac]
  if (digest === undefined) throw unsupported('pseudo-random function', hmac)
  const [cipherOid, iv] = itemsOf(encryption)
  const cipher = CIPHERS[nameOf(cipherOid)]
  if (cipher === undefined) throw unsupported('cipher', nameOf(cipherOid))
  const keyBytes = options.find(({ tag }) => tag === TAG.integer)
  if (keyBytes !== undefined && integerOf(keyBytes.content) !== BigInt(cipher.keyBytes)) {
    throw new RangeError(`A key for ${cipher.name} has another length than ${cipher.keyBytes}`)
  }
  const ivBytes = contentOf(iv, TAG.octetString)
  if (ivBytes.length !== cipher.ivBytes) {
    throw new RangeError(`An IV for ${cipher.name} has another length than ${cipher.ivBytes}`)
  }
  const iterations = iterationsOf(count, MAX_ITERATIONS)
  return { salt: contentOf(salt, TAG.octetString), iterations, digest, cipher, iv: ivBytes }
}

function iterationsOf(item: DerItem | undefined, max: number): number {
  const count = integerOf(contentOf(item, TAG.integer))
  if (count >= 1n && count <= max) return Number(count)
  throw new RangeError(`${count} iterations, expected 1 to ${max}`)
}

function nameOf(item: DerItem | undefined): string {
  return oidText(contentOf(item, TAG.oid))
}

function itemsOf(item: DerItem | undefined): DerItem[] {
  return readItems(contentOf(item, TAG.sequence))
}

function contentOf(item: DerItem | undefined, tag: number): Uint8Array {
  if (item?.tag === tag) return item.content
  throw new RangeError(`An item of tag ${tag} is expected, found ${item?.tag ?? 'none'}`)
}

function unsupported(what: string, oid: string): RangeError {
  return new RangeError(`PBES2 with PBKDF2 and AES or 3DES is expected, found ${what} ${oid}`)
}

const NULL = Uint8Array.of(0x05, 0)
