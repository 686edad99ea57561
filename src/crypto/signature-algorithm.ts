// SPDX-License-Identifier: MIT
// The algorithms that sign certificates, requests and revocation lists, by their identifiers.

import { verify } from 'node:crypto'
import { oidText, readItem, readItems } from './der.ts'
import type { KeyType, PublicKey } from './public-key.ts'

export type Digest = 'sha256' | 'sha384' | 'sha512'

/** A signature as it was received, with the bytes that it covers. */
export interface SignedData {
  /** Of the algorithm. */
  readonly oid: string
  readonly data: Uint8Array
  readonly signature: Uint8Array
}

interface Scheme {
  type: KeyType
  digest: Digest
}

/** What counts as secure. SHA-1 and older are left out on purpose. */
const SCHEMES: Record<string, Scheme> = {
  '1.2.840.113549.1.1.11': { type: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { type: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { type: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { type: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { type: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { type: 'ec', digest: 'sha512' },
}

const OID_PSS = '1.2.840.113549.1.1.10'
const STRONG_HASHES = ['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3']

/** The digest that GnuTLS prefers for a key: as strong as the key. */
export function preferredDigest({ type, bits }: PublicKey): Digest {
  if (type === 'rsa') return bits <= 3072 ? 'sha256' : bits <= 7680 ? 'sha384' : 'sha512'
  return bits <= 256 ? 'sha256' : bits <= 384 ? 'sha384' : 'sha512'
}

export function signatureOid(type: KeyType, digest: Digest): string {
  return Object.entries(SCHEMES).find(([, it]) => it.type === type && it.digest === digest)![0]
}

/** Whether an AlgorithmIdentifier, the content of one, uses SHA-256 or better. */
export function isStrongAlgorithm(content: Uint8Array): boolean {
  const [oid, parameters] = readItems(content)
  const name = oidText(oid?.content ?? new Uint8Array())
  if (name !== OID_PSS) return SCHEMES[name] !== undefined
  // RSASSA-PSS names its hash in [0] of its parameters; without one it is SHA-1.
  const hash = readItems(parameters?.content ?? new Uint8Array()).find(({ tag }) => tag === 0xa0)
  const [hashOid] = hash ? readItems(readItem(hash.content).content) : []
  return hashOid !== undefined && STRONG_HASHES.includes(oidText(hashOid.content))
}

/** Whether the signature is one of `key`. Never throws. */
export function isSignatureOf(key: PublicKey, { oid, data, signature }: SignedData): boolean {
  const scheme = SCHEMES[oid]
  if (scheme === undefined || scheme.type !== key.type) return false
  try {
    return verify(scheme.digest, data, key.keyObject, signature)
  } catch {
    // A signature that cannot even be parsed: not valid is all there is to say.
    return false
  }
}
