// SPDX-License-Identifier: MIT
// Private keys of OpenDHT: made, read, written, and used to sign and to decrypt.

import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  sign,
} from 'node:crypto'
import { promisify } from 'node:util'
import { aesDecrypt, isAesKeySize } from './aes.ts'
import { CryptoError } from './errors.ts'
import { pemText, readPem } from './pem.ts'
import { type KeyType, MAX_MODULUS_BITS, PADDING_BYTES, PublicKey } from './public-key.ts'

const generatePair = promisify(generateKeyPair)
const MIN_GENERATED_BITS = 2048
const DEFAULT_BITS = 4096

const LABELS = ['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']

export interface GenerateKeyOptions {
  /** Default `rsa`. `ec` is the curve P-384. */
  type?: KeyType
  /** Of the RSA modulus: 2048 to 8192 and a multiple of 8, default 4096. */
  bits?: number
}

export class PrivateKey {
  readonly keyObject: KeyObject
  readonly publicKey: PublicKey

  private constructor(keyObject: KeyObject) {
    this.keyObject = keyObject
    this.publicKey = PublicKey.fromKeyObject(createPublicKey(keyObject))
  }

  /** Off the event loop; a key of 4096 bits takes a second or more. */
  static async generate({ type = 'rsa', bits }: GenerateKeyOptions = {}): Promise<PrivateKey> {
    if (type === 'ec') {
      const { privateKey } = await generatePair('ec', { namedCurve: 'P-384' })
      return new PrivateKey(privateKey)
    }
    const modulusLength = bits ?? DEFAULT_BITS
    if (modulusLength < MIN_GENERATED_BITS || modulusLength > MAX_MODULUS_BITS) {
      throw new RangeError(`bits must be 2048 to ${MAX_MODULUS_BITS}: got ${modulusLength}`)
    }
    const { privateKey } = await generatePair('rsa', { modulusLength, publicExponent: 65_537 })
    return new PrivateKey(privateKey)
  }

  /** Throws CryptoError. A key that is not encrypted may be read with a password, too. */
  static async from(bytes: Uint8Array | string, password = ''): Promise<PrivateKey> {
    return new PrivateKey(parse(bytes, password))
  }

  static fromKeyObject(keyObject: KeyObject): PrivateKey {
    return new PrivateKey(keyObject)
  }

  /** RSASSA-PKCS1-v1_5, or ECDSA in DER, with SHA-512. Off the event loop. */
  sign(data: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      sign('sha512', data, this.keyObject, (error, signature) => {
        if (error) reject(error)
        else resolve(new Uint8Array(signature))
      })
    })
  }

  signSync(data: Uint8Array): Uint8Array {
    return new Uint8Array(sign('sha512', data, this.keyObject))
  }

  async decrypt(data: Uint8Array): Promise<Uint8Array> {
    return this.decryptSync(data)
  }

  decryptSync(data: Uint8Array): Uint8Array {
    const size = Math.ceil(this.publicKey.bits / 8)
    if (this.publicKey.type !== 'rsa') {
      throw new CryptoError('ERR_CRYPTO_UNSUPPORTED', 'Cannot decrypt: an RSA key is expected')
    }
    if (data.length < size) throw decryptError(`got ${data.length} bytes, expected ${size} or more`)
    const key = { key: this.keyObject, padding: constants.RSA_NO_PADDING }
    const content = unpad(privateDecrypt(key, data.subarray(0, size)))
    if (content === undefined) throw decryptError('the RSA block is damaged or for another key')
    if (data.length === size) return content
    if (!isAesKeySize(content.length)) throw decryptError('the RSA block holds no AES key')
    return aesDecrypt(data.subarray(size), content)
  }

  /** PKCS#8. Encrypted when there is a password; an empty one is none. */
  async toPem(password = ''): Promise<string> {
    const options = { type: 'pkcs8', format: 'pem' } as const
    const cipher = 'aes-256-cbc'
    const encrypted = { ...options, cipher, passphrase: password }
    return this.keyObject.export(password === '' ? options : encrypted) as string
  }

  /** PKCS#8. */
  toDer(): Uint8Array {
    return new Uint8Array(this.keyObject.export({ type: 'pkcs8', format: 'der' }))
  }
}

function parse(bytes: Uint8Array | string, password: string): KeyObject {
  const text = pemText(bytes)
  const block = readPem(text ?? '').find(({ label }) => LABELS.includes(label))
  try {
    if (block) return createPrivateKey({ key: block.text, passphrase: password })
    const key = Buffer.from(bytes as Uint8Array)
    return createPrivateKey({ key, format: 'der', type: 'pkcs8', passphrase: password })
  } catch (cause) {
    throw new CryptoError('ERR_CRYPTO_KEY', 'Cannot read private key', { cause })
  }
}

/** Content of a padded block (RFC 8017, section 7.2.2), examined without an early exit. */
function unpad(block: Uint8Array): Uint8Array | undefined {
  let bad = block[0]! | (block[1]! ^ 2)
  let end = 0
  for (let i = 2; i < block.length; i++) {
    const isZero = ((block[i]! - 1) >> 31) & 1
    const isFirst = ((end - 1) >> 31) & 1
    end |= -(isZero & isFirst) & i
  }
  bad |= ((end - PADDING_BYTES + 1) >> 31) & 1
  return bad === 0 ? new Uint8Array(block.subarray(end + 1)) : undefined
}

function decryptError(problem: string): CryptoError {
  return new CryptoError('ERR_CRYPTO_DECRYPT', `Cannot decrypt: ${problem}`)
}
