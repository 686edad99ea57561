// SPDX-License-Identifier: MIT
// Makes the bytes of certificates, laid out as OpenDHT does: own ones, those of requests, and those
// that get another validity.

import { randomBytes } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import type { CertificateRequest } from './certificate-request.ts'
import { loadCodecs } from './codecs.ts'
import { CryptoError } from './errors.ts'
import { PrivateKey } from './private-key.ts'
import type { PublicKey } from './public-key.ts'
import { preferredDigest } from './signature-algorithm.ts'

/** Who signs: an `Identity` with a private key. */
export interface Issuer {
  readonly privateKey: PrivateKey | undefined
  readonly certificate: Certificate
}

/** When something is valid. */
export interface ValidityOptions {
  /** How long the certificate is valid from now on. Default: ten years of 365 days. */
  validityMs?: number
}

/** What a new certificate says. */
export interface CertificateOptions extends ValidityOptions {
  /** Common name of the subject, default `dhtnode`. */
  name?: string | undefined
  /** An authority that signs; without one the certificate is signed by its own key. */
  issuer?: Issuer | undefined
  /** Whether the certificate may sign others, default false. */
  isCa?: boolean | undefined
}

const DAY_MS = 24 * 60 * 60 * 1000
const DEFAULT_VALIDITY_MS = 10 * 365 * DAY_MS
/** The last moment that a certificate can name. */
const END_OF_TIME = Date.UTC(10_000, 0)
const SERIAL_BYTES = 8
/** ub-common-name of RFC 5280. */
const MAX_NAME_LENGTH = 64

export async function issueCertificate(
  key: PrivateKey,
  options: CertificateOptions,
): Promise<Uint8Array> {
  const { name = 'dhtnode', issuer, isCa = false } = options
  const { publicKey } = key
  const { dates, signer } = checkOptions(options)
  const { encodeCertificate, encodeName, standardExtensions } = await loadCodecs()
  const subject = encodeName(name, publicKey.id.toString())
  const content = {
    serialNumber: randomSerial(),
    issuer: issuer?.certificate.fields.subject.der ?? subject,
    subject,
    publicKey: publicKey.toDer(),
    ...dates,
    extensions: standardExtensions(publicKey.id.toBytes(), isCa),
  }
  return encodeCertificate(content, signer ?? key, preferredDigest(publicKey))
}

/** Throws TypeError, RangeError or CryptoError. */
export function checkOptions({ name, issuer, validityMs }: CertificateOptions) {
  if (name !== undefined) checkName('name', name)
  return { dates: validity(validityMs), signer: issuer && signerOf(issuer) }
}

/** Name and key of the request, and nothing else that it asks for. */
export async function certifyRequest(
  request: CertificateRequest,
  issuer: Issuer,
  { validityMs }: ValidityOptions,
): Promise<Uint8Array> {
  const dates = validity(validityMs)
  const signer = signerOf(issuer)
  if (!request.verify()) {
    throw new CryptoError(
      'ERR_CRYPTO_SIGNATURE',
      `Cannot certify the request of "${request.name}": it is not signed by its own key`,
    )
  }
  const { encodeCertificate, standardExtensions } = await loadCodecs()
  const { publicKey } = request
  const content = {
    serialNumber: randomSerial(),
    issuer: issuer.certificate.fields.subject.der,
    subject: request.subjectDer,
    publicKey: publicKey.toDer(),
    ...dates,
    extensions: standardExtensions(publicKey.id.toBytes(), false),
  }
  return encodeCertificate(content, signer, preferredDigest(signer.publicKey))
}

/** The same key, name and extensions, with new dates and a new serial number. */
export async function renewCertificate(
  certificate: Certificate,
  issuer: Issuer | PrivateKey,
  { validityMs }: ValidityOptions,
): Promise<Uint8Array> {
  const dates = validity(validityMs)
  const isOwnKey = issuer instanceof PrivateKey
  const signer = isOwnKey ? issuer : signerOf(issuer)
  if (isOwnKey) checkKey(signer.publicKey, certificate)
  const { encodeCertificate, decodeExtensions } = await loadCodecs()
  const subject = certificate.fields.subject.der
  const content = {
    serialNumber: randomSerial(),
    issuer: isOwnKey ? subject : issuer.certificate.fields.subject.der,
    subject,
    publicKey: certificate.publicKey.toDer(),
    ...dates,
    extensions: decodeExtensions(certificate.toDer()),
  }
  return encodeCertificate(content, signer, preferredDigest(signer.publicKey))
}

/** The key of an authority. Throws CryptoError for what cannot sign certificates. */
export function signerOf({ privateKey, certificate }: Issuer): PrivateKey {
  const { name } = certificate
  if (privateKey === undefined) {
    throw new CryptoError('ERR_CRYPTO_NO_IDENTITY', `The issuer "${name}" has no private key`)
  }
  checkKey(privateKey.publicKey, certificate)
  if (certificate.isCa) return privateKey
  throw new CryptoError(
    'ERR_CRYPTO_CERTIFICATE',
    `The issuer "${name}" is no authority: its certificate may not sign others`,
  )
}

/** Throws CryptoError. */
export function checkKey(key: PublicKey, certificate: Certificate): void {
  if (key.equals(certificate.publicKey)) return
  throw new CryptoError(
    'ERR_CRYPTO_MISMATCH',
    `The private key ${key.id} is not that of the certificate "${certificate.name}", ` +
      `which belongs to ${certificate.id}`,
  )
}

/** Throws TypeError or RangeError. */
export function checkName(title: string, name: string): void {
  if (typeof name !== 'string') throw new TypeError(`${title} must be a text: got ${typeof name}`)
  const { length } = [...name]
  if (length >= 1 && length <= MAX_NAME_LENGTH) return
  throw new RangeError(`${title} must have 1 to ${MAX_NAME_LENGTH} characters: got ${length}`)
}

/** From this second on. Throws RangeError. */
export function validity(validityMs: number = DEFAULT_VALIDITY_MS): {
  notBefore: Date
  notAfter: Date
} {
  const from = Math.floor(Date.now() / 1000) * 1000
  if (!(validityMs >= 1000 && from + validityMs < END_OF_TIME)) {
    throw new RangeError(
      `validityMs must be 1000 or more and end before the year 10000: got ${validityMs}`,
    )
  }
  return { notBefore: new Date(from), notAfter: new Date(from + validityMs) }
}

/** Positive, of 63 bits at most, and minimal as DER wants it. */
function randomSerial(): Uint8Array {
  const bytes = new Uint8Array(randomBytes(SERIAL_BYTES))
  // A first byte of 1 to 127 needs no sign byte in front and is not one itself.
  bytes[0] = bytes[0]! & 0x7f || 1
  return bytes
}
