// SPDX-License-Identifier: MIT
// What an application can do with a DHT that knows public keys. Every get and listen delivers
// signed values only with a valid signature, and decrypts what is encrypted for this node; values
// for others are left out.

import type { DhtInterface, OperationOptions, PutOptions, PutResult } from '../api/dht-interface.ts'
import type { Key } from '../api/key.ts'
import type { ValueInput } from '../api/value-input.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { PkId } from '../core/id/pk-id.ts'
import type { Value } from '../core/value/value.ts'
import type { Certificate } from '../crypto/certificate.ts'
import type { PublicKey } from '../crypto/public-key.ts'
import type { FinderStats } from './certificate-finder.ts'
import type { Register, RegisterOptions } from './register.ts'
import type { OpenedStats } from './value-opener.ts'

/** A key, a certificate of it, or one of its ids; text is an id of 40 or 64 hexadecimal digits. */
export type Recipient = PublicKey | Certificate | InfoHash | PkId | string

/** What was checked, decrypted and looked for. */
export interface SecureStats extends OpenedStats, FinderStats {}

export interface SecureDhtInterface extends DhtInterface {
  /** Own public key; undefined without an identity. */
  readonly publicKey: PublicKey | undefined

  /**
   * Puts a value signed by this node. With the id of an earlier one of this owner it takes its
   * place: its seq becomes one more than the highest that is found. Nodes keep what others own
   * under that id.
   *
   * Rejects like `put`, and with CryptoError: ERR_CRYPTO_NO_IDENTITY without a private key,
   * ERR_CRYPTO_SEQ when the value was changed 65,535 times.
   */
  putSigned(key: Key, value: ValueInput, options?: PutOptions): Promise<PutResult>

  /**
   * Puts a value that is signed by this node and that only `to` can read. Such a value cannot be
   * changed once it is stored; it expires.
   *
   * Rejects like `put`, and with CryptoError: ERR_CRYPTO_NO_IDENTITY without a private key,
   * ERR_CRYPTO_UNKNOWN_KEY when no certificate of `to` is found, ERR_CRYPTO_EXPIRED when a
   * certificate is given that is not valid now, ERR_CRYPTO_UNSUPPORTED when the key cannot encrypt.
   */
  putEncrypted(key: Key, to: Recipient, value: ValueInput, options?: PutOptions): Promise<PutResult>

  /**
   * The certificate of a public key: from memory, the `certificateStore`, or the network. The key
   * belongs to the id; neither the names in the certificate nor its dates are vouched for by it.
   */
  findCertificate(
    id: InfoHash | PkId | string,
    options?: OperationOptions,
  ): Promise<Certificate | undefined>

  /** The public key with this id: that of a sender seen lately, or of a certificate. */
  findPublicKey(
    id: InfoHash | PkId | string,
    options?: OperationOptions,
  ): Promise<PublicKey | undefined>

  /** Remembers a certificate that was come by in another way. */
  registerCertificate(certificate: Certificate): void

  /** `value` signed by this node, as `putSigned` would, without putting it. */
  sign(value: ValueInput): Promise<Value>

  /** `value` signed by this node and encrypted for `to`, without putting it. */
  encrypt(value: ValueInput, to: Recipient, options?: OperationOptions): Promise<Value>

  /** What an encrypted value holds. Throws CryptoError when it is not for us or not authentic. */
  decrypt(value: Value): Promise<Value>

  /** A state under `key` that its owner can set, overwrite and delete, and anyone can watch. */
  register(key: Key, options?: RegisterOptions): Register

  /** Counters of signature checks, decryptions and lookups of certificates. */
  secureStats(): SecureStats
}
