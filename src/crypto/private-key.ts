// SPDX-License-Identifier: MIT
// Private keys of OpenDHT: made, read, written, and used to sign and to decrypt. Whatever takes
// milliseconds has a form that leaves the event loop alone.

import { createPublicKey, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto'
import { aesDecrypt, isAesKeySize } from './aes.ts'
import { encryptKey } from './encrypted-key.ts'
import { CryptoError } from './errors.ts'
import { writePem } from './pem.ts'
import { readPrivateKey } from './private-key-reader.ts'
import { type KeyType, MAX_MODULUS_BITS, PublicKey } from './public-key.ts'
import { decryptBlock, decryptBlockSync, unpad } from './rsa-block.ts'

const MIN_GENERATED_BITS = 2048
const DEFAULT_BITS = 4096
const EXPONENT = 65_537
const CURVE = { name: 'P-384', bits: 384 }

/** Which kind of key is to be made. */
export interface GenerateKeyOptions {
  /** Default `rsa`. `ec` is P-384: it can sign certificates, but not values, and not decrypt. */
  type?: KeyType | undefined
  /** Of the RSA modulus: 2048 to 8192 and a multiple of 8, default 4096. */
  bits?: number | undefined
}

export class PrivateKey {
  readonly keyObject: KeyObject
  readonly publicKey: PublicKey

  private constructor(keyObject: KeyObject) {
    this.keyObject = keyObject
    this.publicKey = PublicKey.fromKeyObject(createPublicKey(keyObject))
  }

  /** A new key. 4096 bits take a second on average, in another thread. */
  static async generate(options: GenerateKeyOptions = {}): Promise<PrivateKey> {
    const { type, bits } = checkOptions(options)
    const generatePair = process.getBuiltinModule('node:util').promisify(generateKeyPair)
    const { privateKey } = await (type === 'ec'
      ? generatePair('ec', { namedCurve: CURVE.name })
      : generatePair('rsa', { modulusLength: bits, publicExponent: EXPONENT }))
    return new PrivateKey(privateKey)
  }

  /**
   * Reads PKCS#8 as PEM or DER, encrypted or not, and PKCS#1 and SEC1 as PEM. An empty password is
   * none; a key that is not encrypted may be read with a password, too. Throws CryptoError.
   */
  static async from(bytes: Uint8Array | string, password = ''): Promise<PrivateKey> {
    const key = new PrivateKey(await readPrivateKey(bytes, password))
    await key.#checkConsistency()
    return key
  }

  static fromKeyObject(keyObject: KeyObject): PrivateKey {
    if (keyObject.type === 'private') return new PrivateKey(keyObject)
    throw new TypeError(`keyObject must be a private key: got a ${keyObject.type} one`)
  }

  /** RSASSA-PKCS1-v1_5, or ECDSA in DER, with SHA-512. */
  sign(data: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      sign('sha512', data, this.keyObject, (error, signature) => {
        if (error) reject(error)
        else resolve(new Uint8Array(signature))
      })
    })
  }

  /** As `sign`, on the event loop: some milliseconds for 4096 bits. */
  signSync(data: Uint8Array): Uint8Array {
    return new Uint8Array(sign('sha512', data, this.keyObject))
  }

  /**
   * The opposite of `PublicKey.encrypt`, in another thread. Rejects with CryptoError; the code
   * `ERR_CRYPTO_BUSY` among these says nothing about the data.
   */
  async decrypt(data: Uint8Array): Promise<Uint8Array> {
    const size = this.#checkSize(data)
    const block = decryptBlock(this.keyObject, data.subarray(0, size))
    return contentOf(await block.catch(rejectBlock), data.subarray(size))
  }

  /** As `decrypt`, on the event loop: some milliseconds for 4096 bits. */
  decryptSync(data: Uint8Array): Uint8Array {
    const size = this.#checkSize(data)
    let block: Uint8Array
    try {
      block = decryptBlockSync(this.keyObject, data.subarray(0, size))
    } catch (cause) {
      return rejectBlock(cause)
    }
    return contentOf(block, data.subarray(size))
  }

  /** PKCS#8. Encrypted when there is a password; an empty one is none. */
  async toPem(password = ''): Promise<string> {
    if (password === '') return writePem('PRIVATE KEY', this.toDer())
    return writePem('ENCRYPTED PRIVATE KEY', await encryptKey(this.toDer(), password))
  }

  /** PKCS#8, not encrypted. */
  toDer(): Uint8Array {
    return new Uint8Array(this.keyObject.export({ type: 'pkcs8', format: 'der' }))
  }

  /** Size of the RSA block. Throws CryptoError for a key or data that cannot be decrypted with. */
  #checkSize({ length }: Uint8Array): number {
    const { type, bits } = this.publicKey
    if (type !== 'rsa') {
      const problem = 'Cannot decrypt with a key on an elliptic curve: an RSA key is expected'
      throw new CryptoError('ERR_CRYPTO_UNSUPPORTED', problem)
    }
    const size = Math.ceil(bits / 8)
    if (length >= size) return size
    throw decryptError(`got ${length} bytes, expected ${size} or more for a key of ${bits} bits`)
  }

  /** OpenSSL takes damaged numbers for a key as long as their encoding is sound. */
  async #checkConsistency(): Promise<void> {
    const message = randomBytes(16)
    const signature = await this.sign(message).catch(() => undefined)
    if (signature !== undefined && this.publicKey.verify(message, signature)) return
    const problem = 'Cannot read private key: expected numbers that belong together'
    throw new CryptoError('ERR_CRYPTO_KEY', problem)
  }
}

function checkOptions({ type = 'rsa', bits }: GenerateKeyOptions): { type: KeyType; bits: number } {
  if (type !== 'rsa' && type !== 'ec') {
    throw new TypeError(`type must be 'rsa' or 'ec': got ${String(type)}`)
  }
  if (type === 'ec') {
    if (bits === undefined || bits === CURVE.bits) return { type, bits: CURVE.bits }
    throw new RangeError(`bits must be ${CURVE.bits} for type 'ec': got ${bits}`)
  }
  const size = bits ?? DEFAULT_BITS
  if (typeof size !== 'number') throw new TypeError(`bits must be a number: got ${typeof size}`)
  if (size % 8 === 0 && size >= MIN_GENERATED_BITS && size <= MAX_MODULUS_BITS) {
    return { type, bits: size }
  }
  const range = `a multiple of 8 from ${MIN_GENERATED_BITS} to ${MAX_MODULUS_BITS}`
  throw new RangeError(`bits must be ${range}: got ${size}`)
}

/** What the padded block says, or what the AES key in it opens. */
function contentOf(block: Uint8Array, sealed: Uint8Array): Uint8Array {
  const content = unpad(block)
  if (sealed.length === 0) {
    if (content !== undefined) return content
    throw damaged()
  }
  // Without a usable key go on with a random one: a sender cannot tell a wrong padding from a wrong
  // tag, by the error or by the time until it comes.
  const isKey = content !== undefined && isAesKeySize(content.length)
  try {
    return aesDecrypt(sealed, isKey ? content : randomBytes(32))
  } catch (cause) {
    throw damaged(cause)
  }
}

function rejectBlock(cause: unknown): never {
  if (cause instanceof CryptoError) throw cause
  throw damaged(cause)
}

function damaged(cause?: unknown): CryptoError {
  return decryptError('the ciphertext is damaged, or for another key than the expected one', cause)
}

function decryptError(problem: string, cause?: unknown): CryptoError {
  return new CryptoError('ERR_CRYPTO_DECRYPT', `Cannot decrypt: ${problem}`, { cause })
}
