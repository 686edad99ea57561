// SPDX-License-Identifier: MIT
// The gate of a node with cryptography: signed values pass when their signature is valid, encrypted
// ones when they are for us, plain ones always (spec crypto, section 15.6).

import type { ValueGate } from '../api/value-gate.ts'
import type { SignatureVerifier } from '../core/ports.ts'
import type { Value } from '../core/value/value.ts'
import { CryptoError } from '../crypto/errors.ts'
import { nextTurn, pause } from '../crypto/next-turn.ts'
import type { PrivateKey } from '../crypto/private-key.ts'
import { decryptValue, isSignatureValid } from './secure-value.ts'

/** How long to wait when others keep the thread for decryption busy. */
const BUSY_PAUSE_MS = 20
/** Signatures that are checked without letting others have a turn: some three milliseconds. */
const BURST = 64

export interface OpenedStats {
  /** Signed values that passed. */
  verified: number
  /** Encrypted values that passed. */
  decrypted: number
  /** Dropped: the signature is wrong. */
  badSignature: number
  /** Dropped: encrypted for somebody else, or damaged, or there is no key to try. */
  undecryptable: number
}

export interface OpenerOptions {
  readonly verifier: SignatureVerifier
  /** Without a key that can decrypt, encrypted values are dropped. */
  readonly key: PrivateKey | undefined
  /** Hears the owner of every value that passed with a valid signature. */
  readonly onOwner: (owner: Uint8Array, value: Value) => void
}

export class ValueOpener implements ValueGate {
  readonly stats: OpenedStats = { verified: 0, decrypted: 0, badSignature: 0, undecryptable: 0 }
  readonly #options: OpenerOptions
  /** Outcome by value: a listen reports the end of a value by the object that announced it. */
  readonly #known = new WeakMap<Value, { opened: Value | undefined | Promise<Value | undefined> }>()
  #burst = 0
  /** One decryption at a time: there is one thread for them, and its queue is for everybody. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: OpenerOptions) {
    this.#options = options
  }

  open(value: Value): Value | undefined | Promise<Value | undefined> {
    if (!value.isEncrypted && !value.isSigned) return value
    const known = this.#known.get(value)
    if (known !== undefined) return known.opened
    const opened = value.isEncrypted ? this.#decrypt(value) : this.#check(value)
    const entry = { opened }
    this.#known.set(value, entry)
    if (opened instanceof Promise) void opened.then((result) => (entry.opened = result))
    return opened
  }

  #check(value: Value): Value | undefined | Promise<Value | undefined> {
    if (this.#burst >= BURST) return nextTurn().then(() => this.#check(value))
    if (this.#burst++ === 0) void nextTurn().then(() => (this.#burst = 0))
    if (!isSignatureValid(value, this.#options.verifier)) {
      this.stats.badSignature++
      return undefined
    }
    this.stats.verified++
    this.#options.onOwner(value.owner!, value)
    return value
  }

  #decrypt(value: Value): Value | undefined | Promise<Value | undefined> {
    const { key } = this.#options
    if (key === undefined || key.publicKey.type !== 'rsa') {
      this.stats.undecryptable++
      return undefined
    }
    const turn = this.#turn.then(() => this.#decryptWith(key, value))
    this.#turn = turn
    return turn
  }

  async #decryptWith(key: PrivateKey, value: Value): Promise<Value | undefined> {
    const { onOwner } = this.#options
    try {
      const opened = await this.#decryptPatiently(value, key)
      this.stats.decrypted++
      onOwner(opened.owner!, opened)
      return opened
    } catch (error) {
      const isForged = error instanceof CryptoError && error.code === 'ERR_CRYPTO_SIGNATURE'
      if (isForged) this.stats.badSignature++
      else this.stats.undecryptable++
      return undefined
    }
  }

  /** Too much work of others says nothing about the value. */
  async #decryptPatiently(value: Value, key: PrivateKey): Promise<Value> {
    for (;;) {
      try {
        return await decryptValue(value, key, this.#options.verifier)
      } catch (error) {
        if (!(error instanceof CryptoError && error.code === 'ERR_CRYPTO_BUSY')) throw error
        await pause(BUSY_PAUSE_MS)
      }
    }
  }
}
