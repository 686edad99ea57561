// SPDX-License-Identifier: MIT
// The outcome of a check against a trust list, with the bits and texts that OpenDHT has for it.

import { CryptoError, type CryptoErrorCode } from './errors.ts'

/** Bits of GnuTLS's `gnutls_certificate_status_t`. */
export const Verdict = {
  invalid: 1 << 1,
  revoked: 1 << 5,
  issuerUnknown: 1 << 6,
  issuerNotCa: 1 << 7,
  insecure: 1 << 8,
  notYetValid: 1 << 9,
  expired: 1 << 10,
  badSignature: 1 << 11,
  constraints: 1 << 16,
} as const

/** Why a certificate is not valid. */
export type VerifyReason = Exclude<keyof typeof Verdict, 'invalid'>

const TEXTS: Record<VerifyReason, string> = {
  badSignature: 'The signature verification failed.',
  revoked: 'Certificate is revoked',
  issuerUnknown: "Certificate's issuer is not known",
  issuerNotCa: "Certificate's issuer not a CA",
  constraints: "Certificate's signer constraints were violated",
  insecure: 'Certificate was signed using an insecure algorithm',
  notYetValid: 'Certificate is not yet activated',
  expired: 'Certificate has expired',
}

/** The gravest first. */
const CODES: readonly (readonly [VerifyReason, CryptoErrorCode])[] = [
  ['revoked', 'ERR_CRYPTO_REVOKED'],
  ['badSignature', 'ERR_CRYPTO_SIGNATURE'],
  ['expired', 'ERR_CRYPTO_EXPIRED'],
  ['notYetValid', 'ERR_CRYPTO_EXPIRED'],
]

export class VerifyResult {
  /** As GnuTLS has it: 0 when the certificate is valid, else the sum of 2 and the reasons. */
  readonly bits: number

  /** `bits` may lack the 2 that goes with every reason. */
  constructor(bits: number) {
    this.bits = bits === 0 ? 0 : bits | Verdict.invalid
  }

  get isValid(): boolean {
    return this.bits === 0
  }

  /** Why the certificate is not valid; empty when it is. */
  get reasons(): readonly VerifyReason[] {
    const names = Object.keys(TEXTS) as VerifyReason[]
    return names.filter((name) => (this.bits & Verdict[name]) !== 0)
  }

  /**
   * Throws CryptoError unless the certificate is valid: ERR_CRYPTO_REVOKED, ERR_CRYPTO_EXPIRED,
   * ERR_CRYPTO_SIGNATURE, or ERR_CRYPTO_CHAIN when no trusted authority vouches for it.
   */
  assertValid(): void {
    const { reasons } = this
    const [reason] = reasons
    if (reason === undefined) return
    const code = CODES.find(([name]) => reasons.includes(name))?.[1] ?? 'ERR_CRYPTO_CHAIN'
    const texts = reasons.map((name) => TEXTS[name].replace(/\.$/, '')).join('; ')
    throw new CryptoError(code, `The certificate cannot be trusted: ${texts}`)
  }

  /** One line in all, and one for each reason. */
  toString(): string {
    if (this.isValid) return 'Certificate is valid\n'
    const lines = this.reasons.map((name) => `* ${TEXTS[name]}`)
    return `Certificate check failed with code: ${this.bits}\n${lines.join('\n')}\n`
  }
}
