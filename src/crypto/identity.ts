// SPDX-License-Identifier: MIT
// Who a node is: a certificate and its private key, kept in two files.

import { InfoHash } from '../core/id/info-hash.ts'
import type { PkId } from '../core/id/pk-id.ts'
import { Certificate } from './certificate.ts'
import { CryptoError } from './errors.ts'
import { type CertificateOptions, checkKey, checkOptions } from './issue-certificate.ts'
import { type GenerateKeyOptions, PrivateKey } from './private-key.ts'
import type { PublicKey } from './public-key.ts'

/** Key and certificate of a new identity. */
export interface GenerateIdentityOptions extends GenerateKeyOptions, CertificateOptions {
  /** Whether the certificate may sign others. Default: exactly if there is no issuer. */
  isCa?: boolean
}

/** An identity as bytes or texts. */
export interface IdentityInput {
  /** PEM or DER; without it the identity cannot sign. */
  privateKey?: Uint8Array | string | undefined
  /** PEM with the chain of issuers, or DER. */
  certificate: Uint8Array | string
  /** Of the private key. */
  password?: string | undefined
}

/** How an identity is saved. */
export interface SaveIdentityOptions {
  /** Encrypts the private key; an empty one is none. */
  password?: string | undefined
  /** Whether existing files may be replaced, default false. */
  overwrite?: boolean | undefined
}

export interface LoadIdentityOptions {
  password?: string | undefined
}

export class Identity {
  /** Undefined when only the certificate is known. */
  readonly privateKey: PrivateKey | undefined
  readonly certificate: Certificate

  /** Throws ERR_CRYPTO_MISMATCH if the key does not belong to the certificate. */
  constructor(privateKey: PrivateKey | undefined, certificate: Certificate) {
    if (privateKey) checkKey(privateKey.publicKey, certificate)
    this.privateKey = privateKey
    this.certificate = certificate
  }

  /** Makes a key, RSA of 4096 bits by default, and a certificate for it. */
  static async generate(options: GenerateIdentityOptions = {}): Promise<Identity> {
    const { issuer, isCa = issuer === undefined } = options
    // Before the key, which takes a second.
    checkOptions(options)
    const key = await PrivateKey.generate(options)
    return new Identity(key, await Certificate.generate(key, { ...options, isCa }))
  }

  /** Reads a key and its certificate. An expired one is read, too: see `check`. */
  static async from({ privateKey, certificate, password }: IdentityInput): Promise<Identity> {
    const read = Certificate.from(certificate)
    const key = privateKey && (await PrivateKey.from(privateKey, password))
    return new Identity(key || undefined, read)
  }

  /**
   * Reads what `save` has written, or OpenDHT's `saveIdentity`: `path.pem` and `path.crt`, with the
   * whole chain. Rejects with CryptoError, ERR_CRYPTO_FILE if a file cannot be read.
   */
  static async load(
    path: string,
    password?: string | LoadIdentityOptions | undefined,
  ): Promise<Identity> {
    checkPath(path)
    const options = typeof password === 'string' ? { password } : (password ?? {})
    checkFileOptions('load', options, ['password'])
    const { readIdentityFiles } = await import('./identity-files.ts')
    const files = await readIdentityFiles(path)
    return Identity.from({ ...files, password: options.password })
  }

  get publicKey(): PublicKey {
    return this.certificate.publicKey
  }

  /** SHA-1 of the public key. */
  get id(): InfoHash {
    return this.certificate.id
  }

  /** SHA-256 of the public key. */
  get longId(): PkId {
    return this.certificate.longId
  }

  /** The id of a node that has this identity and no other id. */
  get nodeId(): InfoHash {
    return InfoHash.get(`node:${this.id}`)
  }

  /** Throws ERR_CRYPTO_EXPIRED or ERR_CRYPTO_REVOKED if the certificate is of no use then. */
  check(at: Date = new Date()): void {
    this.certificate.checkValidity(at)
  }

  /**
   * Writes `path.pem` and `path.crt`, readable by their owner alone. Each is complete or as before;
   * only a crash, or another process that saves there, leaves files that do not belong together.
   * Saves of one process take turns. Rejects with CryptoError: ERR_CRYPTO_FILE if that fails or a
   * file exists already, both are as before then; ERR_CRYPTO_NO_IDENTITY without a private key.
   */
  async save(path: string, options: SaveIdentityOptions = {}): Promise<void> {
    checkPath(path)
    checkFileOptions('save', options, ['password', 'overwrite'])
    const { password, overwrite = false } = options
    if (this.privateKey === undefined) {
      throw new CryptoError(
        'ERR_CRYPTO_NO_IDENTITY',
        `Cannot save the identity "${this.certificate.name}": it has no private key`,
      )
    }
    const privateKey = await this.privateKey.toPem(password)
    const { writeIdentityFiles } = await import('./identity-files.ts')
    await writeIdentityFiles(path, { privateKey, certificate: this.certificate.toPem() }, overwrite)
  }
}

function checkPath(path: string): void {
  if (typeof path === 'string' && path !== '') return
  throw new TypeError(`path must be the path of the files, without .pem: got ${path}`)
}

/** A misspelt or misplaced password must not leave a key in the clear. */
function checkFileOptions(
  action: string,
  options: SaveIdentityOptions,
  names: readonly (keyof SaveIdentityOptions)[],
): void {
  if (typeof options !== 'object' || options === null) {
    const form = `{ ${names.join(', ')} }`
    throw new TypeError(`${action} takes an object ${form} as options: got ${typeof options}`)
  }
  const unknown = Object.keys(options).find((name) => !(names as readonly string[]).includes(name))
  if (unknown !== undefined) {
    throw new TypeError(`${action} has no option "${unknown}": ${names.join(', ')}`)
  }
  const { password } = options
  if (password !== undefined && typeof password !== 'string') {
    throw new TypeError(`password must be a string: got ${typeof password}`)
  }
}
