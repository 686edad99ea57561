// SPDX-License-Identifier: MIT
// Lists of revoked certificates, signed by the authority that issued them (RFC 5280, section 5).

import { randomBytes } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import { loadCodecs } from './codecs.ts'
import { integerContent, integerOf, TAG } from './der.ts'
import { writeItem } from './der-writer.ts'
import type { DistinguishedName } from './distinguished-name.ts'
import { CryptoError, certificateError } from './errors.ts'
import { type Issuer, signerOf, validity } from './issue-certificate.ts'
import { pemText, readPem, writePem } from './pem.ts'
import {
  type RevocationListFields,
  type RevokedCertificate,
  readRevocationListFields,
} from './revocation-list-fields.ts'
import { isSignatureOf, type SignedData } from './signature-algorithm.ts'

/** What a new revocation list says. */
export interface RevocationListOptions {
  /** A list whose entries are kept, and whose number is followed by the next one. */
  previous?: RevocationList | undefined
  /** When the certificates were revoked, default now. */
  revokedAt?: Date
  /** When the next list is due, from now on. Default: when the issuer's certificate expires. */
  validityMs?: number
  /** Default: one more than that of `previous`, or a random one. */
  number?: bigint
}

const MAX_BYTES = 256 * 1024
/** 20 bytes (RFC 5280, section 5.2.3), one bit of which is the sign. */
const MAX_NUMBER_BITS = 159n

export class RevocationList {
  /** The number of the list; undefined when it has none. Of two lists the higher one counts. */
  readonly number: bigint | undefined
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly revoked: readonly RevokedCertificate[]
  readonly #der: Uint8Array
  readonly #issuer: DistinguishedName
  readonly #signed: SignedData
  readonly #serials: ReadonlySet<bigint>

  private constructor(der: Uint8Array, fields: RevocationListFields) {
    this.#der = der
    this.#issuer = fields.issuer
    this.#signed = fields.signed
    this.number = fields.number
    this.thisUpdate = fields.thisUpdate
    this.nextUpdate = fields.nextUpdate
    this.revoked = fields.revoked
    this.#serials = new Set(fields.revoked.map(({ serialNumber }) => integerOf(serialNumber)))
  }

  /**
   * Reads PEM or DER. The signature is not checked: see `isSignedBy`. Throws CryptoError, also for
   * lists that mean something else than all certificates that their issuer has revoked.
   */
  static from(input: Uint8Array | string): RevocationList {
    const der = readDer(input)
    try {
      return new RevocationList(der, readRevocationListFields(der))
    } catch (cause) {
      throw certificateError('revocation list: it is damaged, or not of a simple kind', cause)
    }
  }

  /**
   * Revokes certificates that `issuer` has issued, and signs the list with SHA-512. Throws
   * CryptoError if the issuer is no authority, has no key, or did not issue one of them.
   */
  static async create(
    issuer: Issuer,
    certificates: Iterable<Certificate>,
    { previous, revokedAt = new Date(), validityMs, number }: RevocationListOptions = {},
  ): Promise<RevocationList> {
    const signer = signerOf(issuer)
    const { subject } = issuer.certificate.fields
    const entries = new Map(previous?.revoked.map((it) => [integerOf(it.serialNumber), it]))
    for (const certificate of certificates) {
      checkIssuer(certificate, issuer.certificate)
      const { serialNumber } = certificate
      const serial = integerOf(serialNumber)
      if (!entries.has(serial)) entries.set(serial, { serialNumber, revokedAt })
    }
    const { notBefore: thisUpdate, notAfter } = validity(validityMs)
    const { encodeList } = await loadCodecs()
    const content = {
      issuer: subject.der,
      thisUpdate,
      nextUpdate: validityMs === undefined ? issuer.certificate.notAfter : notAfter,
      entries: [...entries.values()],
      number: writeItem(TAG.integer, integerContent(checkNumber(number ?? nextNumber(previous)))),
    }
    return RevocationList.from(await encodeList(content, signer, 'sha512'))
  }

  /** Common name of the issuer. */
  get issuerName(): string {
    return this.#issuer.commonName
  }

  get issuerUid(): string {
    return this.#issuer.userId
  }

  /** The whole name of the issuer (RFC 4514). */
  get issuer(): string {
    return this.#issuer.toString()
  }

  /** Whether the certificate is on the list, and was issued by the list's issuer. */
  isRevoked({ fields }: Certificate): boolean {
    return this.#serials.has(integerOf(fields.serialNumber)) && this.#issuer.equals(fields.issuer)
  }

  /** Whether that authority signed the list and may do so. Never throws. */
  isSignedBy({ fields, isCa, publicKey }: Certificate): boolean {
    if (!isCa || !fields.keyUsage?.canSignLists) return false
    return this.#issuer.equals(fields.subject) && isSignatureOf(publicKey, this.#signed)
  }

  /** By number, or by date if one of them has none. */
  isNewerThan(other: RevocationList): boolean {
    if (this.number !== undefined && other.number !== undefined) return this.number > other.number
    return this.thisUpdate > other.thisUpdate
  }

  /** What is passed on: DER. */
  get packed(): Uint8Array {
    return this.#der.slice()
  }

  toPem(): string {
    return writePem('X509 CRL', this.#der)
  }

  /** For people: several lines. */
  toString(): string {
    return [
      `Revocation list ${this.number ?? 'without number'} of "${this.issuerName}"`,
      `  Issuer: ${this.issuer}`,
      `  Issued: ${this.thisUpdate.toISOString()}`,
      `  Next: ${this.nextUpdate?.toISOString() ?? 'unknown'}`,
      ...this.revoked.map(({ serialNumber, revokedAt }) => {
        const serial = Buffer.from(serialNumber).toString('hex')
        return `  Revoked: ${serial} at ${revokedAt.toISOString()}`
      }),
      '',
    ].join('\n')
  }
}

function readDer(input: Uint8Array | string): Uint8Array {
  if (input.length > MAX_BYTES) {
    throw certificateError(`revocation list: more than ${MAX_BYTES} bytes`)
  }
  const text = pemText(input)
  if (text === undefined && typeof input !== 'string') return input.slice()
  const block = readPem(text ?? '').find(({ label }) => label === 'X509 CRL')
  if (block?.der) return block.der
  throw certificateError('revocation list: it is truncated, or something else')
}

function nextNumber(previous: RevocationList | undefined): bigint {
  if (previous?.number !== undefined) return previous.number + 1n
  return randomBytes(8).readBigUInt64BE() >> 1n || 1n
}

function checkNumber(number: bigint): bigint {
  if (typeof number !== 'bigint') throw new TypeError(`number must be a bigint: got ${number}`)
  if (number >= 0n && number < 1n << MAX_NUMBER_BITS) return number
  throw new RangeError(`number must be 0 or more and fit in 20 bytes: got ${number}`)
}

function checkIssuer(certificate: Certificate, issuer: Certificate): void {
  if (certificate.fields.issuer.equals(issuer.fields.subject)) return
  throw new CryptoError(
    'ERR_CRYPTO_MISMATCH',
    `Cannot revoke "${certificate.name}": it was issued by "${certificate.issuerName}", ` +
      `not by "${issuer.name}"`,
  )
}
