// SPDX-License-Identifier: MIT
// Certificates as OpenDHT uses them: X.509 with the chain of their issuers, published as PEM text.
// Reading is immediate and done with node:crypto; making one loads the codecs.

import { type KeyObject, X509Certificate } from 'node:crypto'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { PkId } from '../core/id/pk-id.ts'
import { type CertificateFields, readCertificateFields } from './certificate-fields.ts'
import { MAX_CHAIN_LENGTH, readCertificates } from './certificate-forms.ts'
import type { CertificateRequest } from './certificate-request.ts'
import { CryptoError, certificateError } from './errors.ts'
import {
  type CertificateOptions,
  certifyRequest,
  type Issuer,
  issueCertificate,
  renewCertificate,
  type ValidityOptions,
} from './issue-certificate.ts'
import { writePem } from './pem.ts'
import { PrivateKey } from './private-key.ts'
import { PublicKey } from './public-key.ts'
import { RevocationList, type RevocationListOptions } from './revocation-list.ts'
import type { SubjectAltName } from './subject-alt-names.ts'

export class Certificate {
  readonly publicKey: PublicKey
  /** The next certificate of the chain, which signed this one; undefined at its end. */
  readonly issuer: Certificate | undefined
  /** As they are written, for those who check certificates. */
  readonly fields: CertificateFields
  readonly #x509: X509Certificate
  readonly #notBefore: number
  readonly #notAfter: number
  #revocationList: RevocationList | undefined
  #revoking: Promise<unknown> = Promise.resolve()

  private constructor(der: Uint8Array, issuer: Certificate | undefined) {
    this.#x509 = parse(der)
    this.fields = fieldsOf(this.#x509)
    this.publicKey = PublicKey.fromKeyObject(keyOf(this.#x509))
    this.#notBefore = Date.parse(this.#x509.validFrom)
    this.#notAfter = Date.parse(this.#x509.validTo)
    if (Number.isNaN(this.#notBefore) || Number.isNaN(this.#notAfter)) {
      throw certificateError('certificate: its dates make no sense')
    }
    this.issuer = issuer
    if (issuer) checkChain(this, issuer)
  }

  /**
   * Reads PEM, one certificate or a chain that goes from the subject to its issuers; DER; or either
   * with a MessagePack header, as they are stored in the network. Signatures and dates are not
   * checked. Throws CryptoError, also for more than 64 KiB or 16 certificates.
   */
  static from(input: Uint8Array | string): Certificate {
    const [certificate] = readCertificates(input).reduceRight<Certificate[]>(
      ([issuer], der) => [new Certificate(der, issuer)],
      [],
    )
    return certificate!
  }

  /** One certificate in DER, below the chain of its issuer. Throws CryptoError. */
  static fromDer(der: Uint8Array, issuer?: Certificate): Certificate {
    return new Certificate(der, issuer)
  }

  /**
   * Makes a certificate for a key, signed by the issuer or by the key itself. Throws CryptoError if
   * the issuer is no authority or has no key.
   */
  static async generate(key: PrivateKey, options: CertificateOptions = {}): Promise<Certificate> {
    const der = await issueCertificate(key, options)
    return new Certificate(der, options.issuer?.certificate)
  }

  /**
   * Makes a certificate for the key and the name of a request, after checking that the requester
   * has that key. Other names that it asks for are left out: nobody has checked them.
   */
  static async fromRequest(
    request: CertificateRequest,
    issuer: Issuer,
    options: ValidityOptions = {},
  ): Promise<Certificate> {
    return new Certificate(await certifyRequest(request, issuer, options), issuer.certificate)
  }

  /**
   * The same key, name and extensions with another validity and serial number, signed by an issuer,
   * or by the certificate's own key. This one stays as it is.
   */
  async renew(issuer: Issuer | PrivateKey, options: ValidityOptions = {}): Promise<Certificate> {
    const der = await renewCertificate(this, issuer, options)
    const isSelfSigned =
      issuer instanceof PrivateKey || issuer.certificate.publicKey.equals(this.publicKey)
    return new Certificate(der, isSelfSigned ? undefined : issuer.certificate)
  }

  /** SHA-1 of the public key: renewing a certificate does not change it. */
  get id(): InfoHash {
    return this.publicKey.id
  }

  /** SHA-256 of the public key. */
  get longId(): PkId {
    return this.publicKey.longId
  }

  /** Common name of the subject; empty when it has none. */
  get name(): string {
    return this.fields.subject.commonName
  }

  /** User id of the subject, which OpenDHT sets to the id of the key; empty when it has none. */
  get uid(): string {
    return this.fields.subject.userId
  }

  /** The whole name of the subject (RFC 4514). */
  get subject(): string {
    return this.fields.subject.toString()
  }

  /** Common name of the issuer. */
  get issuerName(): string {
    return this.fields.issuer.commonName
  }

  get issuerUid(): string {
    return this.fields.issuer.userId
  }

  /** As it is written, big-endian. It may stand for a negative number. */
  get serialNumber(): Uint8Array {
    return this.fields.serialNumber.slice()
  }

  /** From this moment on it is valid. */
  get notBefore(): Date {
    return new Date(this.#notBefore)
  }

  /** Until this moment, itself included. */
  get notAfter(): Date {
    return new Date(this.#notAfter)
  }

  /** Whether it may sign other certificates. */
  get isCa(): boolean {
    const { basicConstraints, keyUsage } = this.fields
    if (!basicConstraints?.isCa || keyUsage === undefined) return false
    return keyUsage.canSignCertificates || !keyUsage.isCritical
  }

  get subjectAltNames(): readonly SubjectAltName[] {
    return this.fields.subjectAltNames
  }

  /** This certificate and its issuers. */
  chain(): Certificate[] {
    return [this, ...(this.issuer?.chain() ?? [])]
  }

  /** Whether the signature is one of this key. Never throws. */
  isSignedBy({ keyObject }: PublicKey): boolean {
    try {
      return this.#x509.verify(keyObject)
    } catch {
      // For example a signature of another kind of key: no is all there is to say.
      return false
    }
  }

  /**
   * Throws ERR_CRYPTO_REVOKED if a list that is attached to its issuer names the certificate,
   * ERR_CRYPTO_EXPIRED if it is not valid at that time.
   */
  checkValidity(at: Date): void {
    if (this.issuer?.revocationList?.isRevoked(this)) {
      throw new CryptoError(
        'ERR_CRYPTO_REVOKED',
        `The certificate "${this.name}" was revoked by its issuer "${this.issuerName}"`,
      )
    }
    const time = at.getTime()
    if (time >= this.#notBefore && time <= this.#notAfter) return
    const problem =
      time > this.#notAfter
        ? `expired at ${this.notAfter.toISOString()}`
        : `is valid from ${this.notBefore.toISOString()} on`
    throw new CryptoError(
      'ERR_CRYPTO_EXPIRED',
      `The certificate "${this.name}" ${problem}: it is ${at.toISOString()}`,
    )
  }

  /** The newest list of revoked certificates that was added. */
  get revocationList(): RevocationList | undefined {
    return this.#revocationList
  }

  /**
   * Revokes a certificate that this one has issued: signs a list that also has what the attached
   * one has, and attaches it. Only this object knows of the list: pass it on to whom it concerns.
   */
  revoke(
    key: PrivateKey,
    certificate: Certificate,
    options: Omit<RevocationListOptions, 'previous'> = {},
  ): Promise<RevocationList> {
    const issuer = { privateKey: key, certificate: this }
    // One after the other, so that each list has what the one before has.
    const turn = this.#revoking.then(async () => {
      const previous = this.#revocationList
      const list = await RevocationList.create(issuer, [certificate], { ...options, previous })
      this.#revocationList = list
      return list
    })
    this.#revoking = turn.catch(() => {})
    return turn
  }

  /**
   * Attaches a list, unless the one that is there is as new. Throws CryptoError if it is not signed
   * by this certificate.
   */
  addRevocationList(list: RevocationList): void {
    if (!list.isSignedBy(this)) {
      throw new CryptoError(
        'ERR_CRYPTO_SIGNATURE',
        `The revocation list of "${list.issuerName}" is not signed by "${this.name}"`,
      )
    }
    const known = this.#revocationList
    if (known === undefined || list.isNewerThan(known)) this.#revocationList = list
  }

  /** With the chain of its issuers, unless told otherwise. */
  toPem({ chain = true }: { chain?: boolean } = {}): string {
    const certificates = chain ? this.chain() : [this]
    return certificates.map((it) => writePem('CERTIFICATE', it.#x509.raw)).join('')
  }

  /** This certificate alone. */
  toDer(): Uint8Array {
    return new Uint8Array(this.#x509.raw)
  }

  /** What is published: the PEM text of the chain. */
  get packed(): Uint8Array {
    return new TextEncoder().encode(this.toPem())
  }

  /** Whether both are the same certificate, byte by byte; their issuers are not looked at. */
  equals(other: Certificate): boolean {
    return Buffer.compare(this.#x509.raw, other.#x509.raw) === 0
  }

  /** For people: several lines. */
  toString(): string {
    const { type, bits } = this.publicKey
    const names = this.subjectAltNames.map((it) => `${it.type}:${it.value}`)
    return [
      `Certificate "${this.name}"`,
      `  Subject: ${this.subject}`,
      ...(names.length > 0 ? [`  Also known as: ${names.join(', ')}`] : []),
      `  Issuer: ${this.fields.issuer}`,
      `  Serial number: ${Buffer.from(this.fields.serialNumber).toString('hex')}`,
      `  Valid: ${this.notBefore.toISOString()} to ${this.notAfter.toISOString()}`,
      `  Authority: ${this.isCa ? 'yes' : 'no'}`,
      `  Key: ${type.toUpperCase()}, ${bits} bits`,
      `  Id: ${this.id}`,
      `  Long id: ${this.longId}`,
      '',
    ].join('\n')
  }
}

function parse(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch (cause) {
    throw certificateError('certificate: it is damaged', cause)
  }
}

function keyOf(certificate: X509Certificate): KeyObject {
  try {
    return certificate.publicKey
  } catch (cause) {
    throw certificateError('certificate: its key is damaged', cause)
  }
}

function fieldsOf({ raw }: X509Certificate): CertificateFields {
  try {
    return readCertificateFields(new Uint8Array(raw))
  } catch (cause) {
    throw certificateError('certificate: it is damaged', cause)
  }
}

/** Throws CryptoError unless `issuer` bears the name that `certificate` gives to its issuer. */
function checkChain(certificate: Certificate, issuer: Certificate): void {
  const problem = !certificate.fields.issuer.equals(issuer.fields.subject)
    ? `"${certificate.name}" was issued by "${certificate.issuerName}", not by "${issuer.name}"`
    : issuer.chain().length >= MAX_CHAIN_LENGTH
      ? `it is longer than ${MAX_CHAIN_LENGTH} certificates`
      : undefined
  if (problem === undefined) return
  throw new CryptoError('ERR_CRYPTO_CHAIN', `The chain of certificates is of no use: ${problem}`)
}
