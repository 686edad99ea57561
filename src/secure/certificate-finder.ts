// SPDX-License-Identifier: MIT
// Certificates and public keys by their ids: the own one, those seen lately, the application's
// store, and at last the network (spec crypto, section 15.3). An InfoHash is looked up where 2.x
// nodes publish, a PkId where 4.x nodes do; our own nodes publish at both places.

import { InfoHash } from '../core/id/info-hash.ts'
import { PkId } from '../core/id/pk-id.ts'
import { LruMap } from '../core/util/lru-map.ts'
import { TypeId } from '../core/value/default-types.ts'
import type { Value } from '../core/value/value.ts'
import { Certificate } from '../crypto/certificate.ts'
import { CryptoError } from '../crypto/errors.ts'
import { PublicKey } from '../crypto/public-key.ts'

/** The 20-byte or the 32-byte id of a public key. */
export type KeyId = InfoHash | PkId

/** Certificates that an application keeps itself, asked before the network. */
export type CertificateStore = (
  id: KeyId,
) => readonly Certificate[] | Promise<readonly Certificate[]>

/** Gives the values of a type under a key, as they are found. */
export type FindValues = (
  key: InfoHash,
  type: number,
  signal: AbortSignal | undefined,
) => AsyncIterable<Value>

export interface CertificateSources {
  readonly own?: Certificate | undefined
  readonly store?: CertificateStore | undefined
  readonly findValues: FindValues
}

export interface FinderStats {
  /** Certificates and keys that were found without the network. */
  cached: number
  /** Lookups in the network. */
  lookups: number
  /** Values there that are no certificate, or that of somebody else. */
  useless: number
}

const MAX_CERTIFICATES = 1024
const MAX_KEYS = 4096
/** Values that one lookup looks at: somebody may have put many false ones. */
const MAX_CANDIDATES = 64

export class CertificateFinder {
  readonly stats: FinderStats = { cached: 0, lookups: 0, useless: 0 }
  readonly #sources: CertificateSources
  /** Each under both of its ids. */
  readonly #certificates = new LruMap<string, Certificate>(2 * MAX_CERTIFICATES)
  /** DER form of owners of values that were verified, under both ids. */
  readonly #keys = new LruMap<string, Uint8Array>(2 * MAX_KEYS)

  constructor(sources: CertificateSources) {
    this.#sources = sources
  }

  /** Remembers a certificate. */
  add(certificate: Certificate): void {
    this.#certificates.set(certificate.id.toString(), certificate)
    this.#certificates.set(certificate.longId.toString(), certificate)
  }

  /** Remembers the key that signed something. */
  addKey(der: Uint8Array, id: InfoHash): void {
    const name = id.toString()
    if (this.#keys.get(name) !== undefined) return
    this.#keys.set(name, der)
    this.#keys.set(PkId.get(der).toString(), der)
  }

  /** Undefined when there is none. Rejects as a get does when the network cannot be asked. */
  async find(id: KeyId, signal?: AbortSignal): Promise<Certificate | undefined> {
    const { own, store } = this.#sources
    const isOwn = own !== undefined && isAbout(own, id)
    const cached = isOwn ? own : this.#certificates.get(id.toString())
    if (cached !== undefined) {
      this.stats.cached++
      return cached
    }
    const stored = (await store?.(id))?.find((certificate) => isAbout(certificate, id))
    const found = stored ?? (await this.#findInNetwork(id, signal))
    if (found !== undefined) this.add(found)
    return found
  }

  /** Like `find`, content with a key alone. */
  async findKey(id: KeyId, signal?: AbortSignal): Promise<PublicKey | undefined> {
    const der = this.#keys.get(id.toString())
    if (der === undefined) return (await this.find(id, signal))?.publicKey
    this.stats.cached++
    return PublicKey.from(der)
  }

  async #findInNetwork(id: KeyId, signal?: AbortSignal): Promise<Certificate | undefined> {
    this.stats.lookups++
    let candidates = 0
    for await (const value of this.#sources.findValues(
      locationOf(id),
      TypeId.Certificate,
      signal,
    )) {
      const certificate = readCertificate(value.data)
      if (certificate !== undefined && isAbout(certificate, id)) return certificate
      this.stats.useless++
      if (++candidates >= MAX_CANDIDATES) return undefined
    }
    return undefined
  }
}

/** Where the certificate with this id is published. */
export function locationOf(id: KeyId): InfoHash {
  return id instanceof PkId ? InfoHash.get(id.toBytes()) : id
}

function isAbout({ id, longId }: Certificate, wanted: KeyId): boolean {
  return wanted instanceof PkId ? longId.equals(wanted) : id.equals(wanted)
}

function readCertificate(data: Uint8Array): Certificate | undefined {
  try {
    return Certificate.from(data)
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    throw error
  }
}
