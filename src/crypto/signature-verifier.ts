// SPDX-License-Identifier: MIT
// SignatureVerifier port over public keys. Parsing a key takes about as long as checking a
// signature and the same few keys sign most values, so parsed keys are kept, also those that are
// of no use.

import type { SignatureVerifier } from '../core/ports.ts'
import { PublicKey } from './public-key.ts'

const MAX_KEYS = 256
/** More than the encoding of the largest key takes: what is longer is not even looked up. */
const MAX_KEY_BYTES = 2048

export class RsaVerifier implements SignatureVerifier {
  /** By the bytes of the key; least recently used first. */
  readonly #keys = new Map<string, PublicKey | undefined>()
  readonly #maxKeys: number

  constructor(maxKeys = MAX_KEYS) {
    this.#maxKeys = maxKeys
  }

  get cachedKeys(): number {
    return this.#keys.size
  }

  verify(owner: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const key = owner.length <= MAX_KEY_BYTES ? this.#key(owner) : undefined
    return key?.verify(message, signature) ?? false
  }

  #key(owner: Uint8Array): PublicKey | undefined {
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
function parseKey(owner: Uint8Array): PublicKey | undefined {
  try {
    const key = PublicKey.fromDer(owner)
    // The C++ implementation takes no signature on an elliptic curve for valid: a node that did
    // would store what others refuse.
    return key.type === 'rsa' ? key : undefined
  } catch {
    return undefined
  }
}

/** Shared by all nodes of the process. */
export const rsaVerifier = new RsaVerifier()
