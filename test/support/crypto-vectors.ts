// SPDX-License-Identifier: MIT
// The recorded identities of test/vectors/crypto and their keys.

import { PrivateKey } from '../../src/crypto/private-key.ts'
import { loadVectors } from './vectors.ts'

/** Folders of the two versions whose vectors were recorded. */
export const VERSIONS = ['v2.4.12', 'v4.3.1']

export interface IdentityVector {
  label: string
  private_key_pem: string
  private_key_pem_encrypted: string
  private_key_password: string
  public_key_der_hex: string
  public_key_pem: string
  toString_has_trailing_nul: boolean
  id_sha1: string
  long_id_sha256: string
  certificate_key_2_x: string
  certificate_key_4_x: string
}

export function identityVectors(version: string): IdentityVector[] {
  return loadVectors<{ identities: IdentityVector[] }>(`crypto/${version}/identities`).identities
}

/** Private keys by the label of their identity. */
export async function keysByLabel(version: string): Promise<Map<string, PrivateKey>> {
  const keys = identityVectors(version).map(
    async ({ label, private_key_pem }) =>
      [label, await PrivateKey.from(private_key_pem)] as [string, PrivateKey],
  )
  return new Map(await Promise.all(keys))
}
