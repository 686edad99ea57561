// SPDX-License-Identifier: MIT
// Public keys of OpenDHT: RSA, and elliptic curves, which can sign but not encrypt. A key is known
// by the hash of its canonical encoding, so foreign encodings are parsed and written anew first.

import {
  constants,
  createPublicKey,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  verify,
} from 'node:crypto'
import { InfoHash } from '../core/id/info-hash.ts'
import { PkId } from '../core/id/pk-id.ts'
import { aesEncrypt } from './aes.ts'
import { readItem } from './der.ts'
import { CryptoError } from './errors.ts'
import { hash } from './hash.ts'
import { pemText, readPem, writePem } from './pem.ts'
import { PADDING_BYTES } from './rsa-block.ts'

/** RSA, or the elliptic curve P-384. */
export type KeyType = 'rsa' | 'ec'

/** Smaller ones are broken easily. */
const MIN_MODULUS_BITS = 1024
/** Checking time grows with the square of this; identities in use have 4096 bits. */
export const MAX_MODULUS_BITS = 8192
/** A greater exponent makes checking as slow as signing; 65537 is what everybody uses. */
const MAX_EXPONENT = 2n ** 64n
/** More than the encoding of the largest key takes: what is longer is not even parsed. */
const MAX_DER_BYTES = 2048
/** Bytes of the key of hybrid encryption. */
const SESSION_KEY_BYTES = 32

/** Named curves with the size of the encoding whose point is not compressed. */
const CURVES: Record<string, { bits: number; derBytes: number }> = {
  prime256v1: { bits: 256, derBytes: 91 },
  secp384r1: { bits: 384, derBytes: 120 },
  secp521r1: { bits: 521, derBytes: 158 },
}

export class PublicKey {
  readonly type: KeyType
  /** Of the modulus, or of the curve. */
  readonly bits: number
  readonly keyObject: KeyObject
  readonly #der: Uint8Array
  #id: InfoHash | undefined
  #longId: PkId | undefined

  private constructor(keyObject: KeyObject, der: Uint8Array, { type, bits }: KeyKind) {
    this.keyObject = keyObject
    this.#der = der
    this.type = type
    this.bits = bits
  }

  /**
   * Reads a SubjectPublicKeyInfo, PEM or DER. Throws CryptoError, also for keys of an unsupported
   * kind or size; a PKCS#1 `RSA PUBLIC KEY` is one of those.
   */
  static from(bytes: Uint8Array | string): PublicKey {
    const text = pemText(bytes)
    if (text === undefined && typeof bytes !== 'string') return PublicKey.fromDer(bytes)
    const blocks = readPem(text ?? '')
    const der = blocks.find(({ label }) => label === 'PUBLIC KEY')?.der
    if (der !== undefined) return PublicKey.fromDer(der)
    const found = blocks.map(({ label }) => label).join(', ') || 'none'
    throw keyError(`expected a PEM block "PUBLIC KEY", found: ${found}`)
  }

  /** As `from`, for DER only. */
  static fromDer(der: Uint8Array): PublicKey {
    if (der.length > MAX_DER_BYTES) {
      throw keyError(`expected at most ${MAX_DER_BYTES} bytes of DER, got ${der.length}`)
    }
    return PublicKey.fromKeyObject(parse(der))
  }

  /** Throws CryptoError for keys of an unsupported kind or size. */
  static fromKeyObject(keyObject: KeyObject): PublicKey {
    if (keyObject.type !== 'public') {
      throw new TypeError(`keyObject must be a public key: got a ${keyObject.type} one`)
    }
    const der = new Uint8Array(keyObject.export({ type: 'spki', format: 'der' }))
    return new PublicKey(keyObject, der, kindOf(keyObject, der))
  }

  /** SHA-1 of the encoded key: what OpenDHT calls its id. */
  get id(): InfoHash {
    this.#id ??= InfoHash.fromBytes(hash(this.#der, 20))
    return this.#id
  }

  /** SHA-256 of the encoded key. */
  get longId(): PkId {
    this.#longId ??= PkId.fromBytes(hash(this.#der, 32))
    return this.#longId
  }

  equals(other: PublicKey): boolean {
    return Buffer.compare(this.#der, other.#der) === 0
  }

  /** Canonical SubjectPublicKeyInfo, a copy. */
  toDer(): Uint8Array {
    return this.#der.slice()
  }

  toPem(): string {
    return writePem('PUBLIC KEY', this.#der)
  }

  /**
   * Whether `signature` is one of this key over `message`: RSASSA-PKCS1-v1_5 or ECDSA in DER, with
   * SHA-512. Never throws. The C++ implementation takes no ECDSA signature for valid.
   */
  verify(message: Uint8Array, signature: Uint8Array): boolean {
    try {
      return verify('sha512', message, this.keyObject, signature)
    } catch {
      // For example a signature that cannot belong to this key: not valid is all there is to say.
      return false
    }
  }

  /**
   * One RSA block if `data` fits, else an RSA block with a fresh AES key, followed by the data as
   * `aesEncrypt` has it. Throws CryptoError for keys on elliptic curves.
   */
  encrypt(data: Uint8Array): Uint8Array {
    if (this.type !== 'rsa') {
      throw new CryptoError(
        'ERR_CRYPTO_UNSUPPORTED',
        'Cannot encrypt with a key on an elliptic curve: an RSA key is expected',
      )
    }
    if (data.length <= Math.ceil(this.bits / 8) - PADDING_BYTES) return this.#block(data)
    const key = new Uint8Array(randomBytes(SESSION_KEY_BYTES))
    return new Uint8Array(Buffer.concat([this.#block(key), aesEncrypt(data, key)]))
  }

  #block(data: Uint8Array): Uint8Array {
    const key = { key: this.keyObject, padding: constants.RSA_PKCS1_PADDING }
    return new Uint8Array(publicEncrypt(key, data))
  }
}

interface KeyKind {
  type: KeyType
  bits: number
}

function parse(der: Uint8Array): KeyObject {
  try {
    // OpenSSL does not look at bytes behind the key.
    readItem(der)
    const key = Buffer.from(der.buffer, der.byteOffset, der.length)
    return createPublicKey({ key, format: 'der', type: 'spki' })
  } catch (cause) {
    throw keyError(`${der.length} bytes are no SubjectPublicKeyInfo in DER`, cause)
  }
}

/** Throws CryptoError for what is no key that OpenDHT uses. */
function kindOf(key: KeyObject, der: Uint8Array): KeyKind {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa') {
    if (modulusLength < MIN_MODULUS_BITS || modulusLength > MAX_MODULUS_BITS) {
      const range = `${MIN_MODULUS_BITS} to ${MAX_MODULUS_BITS}`
      throw kindError(`expected an RSA key of ${range} bits, got ${modulusLength}`)
    }
    if (publicExponent > MAX_EXPONENT) {
      throw kindError('expected an RSA key with a public exponent of at most 64 bits')
    }
    return { type: 'rsa', bits: modulusLength }
  }
  const curve = key.asymmetricKeyType === 'ec' ? CURVES[namedCurve] : undefined
  if (curve === undefined) {
    const kind = [key.asymmetricKeyType, namedCurve].filter(Boolean).join(' ')
    throw kindError(`expected RSA, or a key on P-256, P-384 or P-521, got ${kind}`)
  }
  if (der.length !== curve.derBytes) throw kindError('expected a point that is not compressed')
  return { type: 'ec', bits: curve.bits }
}

function kindError(problem: string): CryptoError {
  return new CryptoError('ERR_CRYPTO_KEY', `Cannot use key: ${problem}`)
}

function keyError(problem: string, cause?: unknown): CryptoError {
  return new CryptoError('ERR_CRYPTO_KEY', `Cannot read public key: ${problem}`, { cause })
}
