// SPDX-License-Identifier: MIT
// The recorded certificates of test/vectors/crypto, with what the original says of them.

import { Certificate } from '../../src/crypto/certificate.ts'
import { Identity } from '../../src/crypto/identity.ts'
import { type IdentityVector, identityVectors } from './crypto-vectors.ts'

export interface CertificateVector extends IdentityVector {
  /** Empty when it signed itself. */
  issuer_label: string
  /** The chain, subject first. */
  certificate_packed: string
  certificate_der_hex: string
  cert_id: string
  cert_long_id: string
  derived_node_id: string
  serial_hex: string
  cn: string
  uid: string
  issuer_cn: string
  issuer_uid: string
  /** Seconds since the epoch. */
  not_before: number
  not_after: number
  is_ca: boolean
}

/** A moment at which all recorded certificates are valid. */
export const RECORDED = new Date('2027-01-01T00:00:00Z')

export function certificateVectors(version: string): CertificateVector[] {
  return identityVectors(version) as CertificateVector[]
}

/** The chain of the identity with that label. */
export function recordedCertificate(version: string, label: string): Certificate {
  const vector = certificateVectors(version).find((it) => it.label === label)
  return Certificate.from(vector!.certificate_packed)
}

export async function recordedIdentity(version: string, label: string): Promise<Identity> {
  const vector = certificateVectors(version).find((it) => it.label === label)!
  const { private_key_pem, certificate_packed } = vector
  return Identity.from({ privateKey: private_key_pem, certificate: certificate_packed })
}
