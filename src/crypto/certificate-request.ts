// SPDX-License-Identifier: MIT
// Certificate requests: how somebody asks an authority to certify a key, without handing it over.

import { loadCodecs } from './codecs.ts'
import { DistinguishedName } from './distinguished-name.ts'
import { certificateError } from './errors.ts'
import { checkName } from './issue-certificate.ts'
import { pemText, readPem, writePem } from './pem.ts'
import type { PrivateKey } from './private-key.ts'
import { PublicKey } from './public-key.ts'
import { isSignatureOf, preferredDigest, type SignedData } from './signature-algorithm.ts'
import { readAltNames, type SubjectAltName } from './subject-alt-names.ts'

/** What a request says of who makes it. */
export interface CertificateRequestOptions {
  /** Common name of the subject. */
  name: string
  /** User id of the subject, default none. */
  uid?: string
  /** Names that are asked for beside; OpenDHT's authorities do not grant them. */
  subjectAltNames?: readonly SubjectAltName[]
  /** A secret that the authority may ask for when the certificate is to be revoked. */
  challengePassword?: string
}

const MAX_BYTES = 64 * 1024
const LABELS = ['NEW CERTIFICATE REQUEST', 'CERTIFICATE REQUEST']

export class CertificateRequest {
  readonly publicKey: PublicKey
  readonly subjectAltNames: readonly SubjectAltName[]
  readonly #der: Uint8Array
  readonly #subject: DistinguishedName
  readonly #signed: SignedData

  private constructor(der: Uint8Array, content: RequestFields) {
    this.#der = der
    this.#signed = content.signed
    this.#subject = content.subject
    this.publicKey = content.publicKey
    this.subjectAltNames = content.subjectAltNames
  }

  /** Asks for a certificate for a key, and signs with it. */
  static async generate(
    key: PrivateKey,
    { name, uid = '', subjectAltNames = [], challengePassword = '' }: CertificateRequestOptions,
  ): Promise<CertificateRequest> {
    checkName('name', name)
    if (uid !== '') checkName('uid', uid)
    for (const it of subjectAltNames) checkAltName(it)
    const { encodeName, encodeRequest } = await loadCodecs()
    const content = { subject: encodeName(name, uid), publicKey: key.publicKey.toDer() }
    const extras = { altNames: subjectAltNames, challengePassword }
    const digest = preferredDigest(key.publicKey)
    return CertificateRequest.from(await encodeRequest(content, extras, key, digest))
  }

  /** Reads PEM or DER. The signature is not checked: see `verify`. Throws CryptoError. */
  static async from(input: Uint8Array | string): Promise<CertificateRequest> {
    const der = readDer(input)
    const { decodeRequest } = await loadCodecs()
    const { subject, publicKey, altNames, ...signed } = decodeRequest(der)
    try {
      return new CertificateRequest(der, {
        subject: new DistinguishedName(subject),
        publicKey: PublicKey.from(publicKey),
        subjectAltNames: altNames ? readAltNames(altNames) : [],
        signed,
      })
    } catch (cause) {
      throw certificateError(
        'certificate request: it is damaged, or its key is not supported',
        cause,
      )
    }
  }

  /** Common name of the subject; empty when it has none. */
  get name(): string {
    return this.#subject.commonName
  }

  /** User id of the subject; empty when it has none. */
  get uid(): string {
    return this.#subject.userId
  }

  /** The whole name of the subject (RFC 4514). */
  get subject(): string {
    return this.#subject.toString()
  }

  get subjectDer(): Uint8Array {
    return this.#subject.der
  }

  /** Whether the requester has the private key: it signed the request. Never throws. */
  verify(): boolean {
    return isSignatureOf(this.publicKey, this.#signed)
  }

  toPem(): string {
    return writePem('NEW CERTIFICATE REQUEST', this.#der)
  }

  toDer(): Uint8Array {
    return this.#der.slice()
  }
}

interface RequestFields {
  subject: DistinguishedName
  publicKey: PublicKey
  subjectAltNames: SubjectAltName[]
  signed: SignedData
}

function isIp(text: string): boolean {
  return process.getBuiltinModule('node:net').isIP(text) !== 0
}

/** Throws TypeError. */
function checkAltName({ type, value }: SubjectAltName): void {
  const isText = type === 'email' || type === 'dns' || type === 'uri'
  if (isText ? /^[ -~]+$/.test(value) : type === 'ip' && isIp(value)) return
  throw new TypeError(
    `subjectAltNames must be email, dns or uri in ASCII, or ip: got ${type} "${value}"`,
  )
}

function readDer(input: Uint8Array | string): Uint8Array {
  if (input.length > MAX_BYTES) {
    throw certificateError(`certificate request: more than ${MAX_BYTES} bytes`)
  }
  const text = pemText(input)
  if (text === undefined && typeof input !== 'string') return input.slice()
  const block = readPem(text ?? '').find(({ label }) => LABELS.includes(label))
  if (block?.der) return block.der
  throw certificateError('certificate request: it is truncated, or something else')
}
