// SPDX-License-Identifier: MIT
// SignatureVerifier port over node:crypto. Parsing a key takes about as long as checking a
// signature and the same few keys sign most values, so parsed keys are kept, also those that are
// of no use.

import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { SignatureVerifier } from '../core/ports.ts'

const MAX_KEYS = 256
/** Checking time grows with the square of this; identities in use have 4096 bits. */
const MAX_MODULUS_BITS = 8192
/** More than the encoding of such a key takes: what is longer is not even parsed. */
const MAX_KEY_BYTES = 2048

export class RsaVerifier implements SignatureVerifier {
  /** By the bytes of the key; least recently used first. */
  readonly #keys = new Map<string, KeyObject | undefined>()
  readonly #maxKeys: number

  constructor(maxKeys = MAX_KEYS) {
    this.#maxKeys = maxKeys
  }

  get cachedKeys(): number {
    return this.#keys.size
  }

  verify(owner: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const key = owner.length <= MAX_KEY_BYTES ? this.#key(owner) : undefined
    if (key === undefined) return false
    try {
      return verify('sha512', message, key, signature)
    } catch {
      // For example a signature that cannot belong to this key: not valid is all there is to say.
      return false
    }
  }

  #key(owner: Uint8Array): KeyObject | undefined {
    const name = Buffer.from(owner.buffer, owner.byteOffset, owner.length).toString('latin1')
    let key = this.#keys.get(name)
    if (key !== undefined || this.#keys.has(name)) this.#keys.delete(name)
    else key = parseKey(owner)
    this.#keys.set(name, key)
    if (this.#keys.size > this.#maxKeys) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest)
        break
      }
    }
    return key
  }
}

/** Undefined for what is no RSA key of a reasonable size. */
function parseKey(owner: Uint8Array): KeyObject | undefined {
  try {
    const der = Buffer.from(owner.buffer, owner.byteOffset, owner.length)
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
    return key.asymmetricKeyType === 'rsa' && bits <= MAX_MODULUS_BITS ? key : undefined
  } catch {
    return undefined
  }
}

/** Shared by all nodes of the process. */
export const rsaVerifier = new RsaVerifier()
