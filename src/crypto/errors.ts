// SPDX-License-Identifier: MIT
// The one class of errors of keys, certificates and ciphertexts. Wrong arguments are TypeError or
// RangeError instead.

/** What is wrong; a code never changes its meaning. */
export type CryptoErrorCode =
  /** A password is missing or wrong. */
  | 'ERR_CRYPTO_PASSWORD'
  /** The bytes are no readable key: truncated, foreign, or of an unsupported kind. */
  | 'ERR_CRYPTO_KEY'
  /**
   * The bytes are no readable certificate, request, revocation list or OCSP answer, or the
   * certificate is not that of an authority.
   */
  | 'ERR_CRYPTO_CERTIFICATE'
  /**
   * What should belong together does not: a private key to its certificate, a certificate to the
   * issuer that revokes it, an answer to its question.
   */
  | 'ERR_CRYPTO_MISMATCH'
  /** The certificate, or the OCSP answer, is not valid at this time. */
  | 'ERR_CRYPTO_EXPIRED'
  /** The certificate is revoked. */
  | 'ERR_CRYPTO_REVOKED'
  /** The chain of certificates is too long, out of order, or lacks the issuer that is needed. */
  | 'ERR_CRYPTO_CHAIN'
  /** More than fits into a value once it is signed and encrypted. */
  | 'ERR_CRYPTO_TOO_LONG'
  /** The ciphertext is damaged, or was made for another key or password. */
  | 'ERR_CRYPTO_DECRYPT'
  /** The signature does not verify. */
  | 'ERR_CRYPTO_SIGNATURE'
  /** The key cannot do this, for example encrypt with an elliptic curve. */
  | 'ERR_CRYPTO_UNSUPPORTED'
  /** A file of keys or certificates cannot be read or written. */
  | 'ERR_CRYPTO_FILE'
  /** The node has no identity, or one without a private key. */
  | 'ERR_CRYPTO_NO_IDENTITY'
  /** No certificate is known for the key id. */
  | 'ERR_CRYPTO_UNKNOWN_KEY'
  /** The sequence number of the signed value cannot grow any more. */
  | 'ERR_CRYPTO_SEQ'
  /** Too many operations are waiting for the worker thread; later they may succeed. */
  | 'ERR_CRYPTO_BUSY'

/** Something is wrong with a key, a certificate or a ciphertext; `code` says what. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode
  constructor(code: CryptoErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'CryptoError'
    this.code = code
  }
}

/** ERR_CRYPTO_CERTIFICATE, with what cannot be read and why as `problem`. */
export function certificateError(problem: string, cause?: unknown): CryptoError {
  return new CryptoError('ERR_CRYPTO_CERTIFICATE', `Cannot read ${problem}`, { cause })
}
