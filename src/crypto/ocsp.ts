// SPDX-License-Identifier: MIT
// Asking an OCSP responder whether a certificate is revoked. Carrying the question and the answer
// is up to the caller.

import { createHash, randomBytes } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import { loadCodecs } from './codecs.ts'
import { integerOf, readItem, readItems, TAG } from './der.ts'
import { writeItem } from './der-writer.ts'
import { CryptoError, type CryptoErrorCode, certificateError } from './errors.ts'
import { isSignatureOf, type SignedData } from './signature-algorithm.ts'

/** What an authority says of a certificate. */
export type OcspStatus = 'good' | 'revoked' | 'unknown'

/** A question about a certificate, and what its answer is known by. */
export interface OcspQuestion {
  /** What to send, as `application/ocsp-request`. */
  readonly request: Uint8Array
  /** Must come back in the answer. */
  readonly nonce: Uint8Array
}

/** How OCSP names a certificate: by hashes of its issuer, and its serial number. */
export interface CertificateName {
  /** Identifier of the hash. */
  readonly hashOid: string
  readonly nameHash: Uint8Array
  readonly keyHash: Uint8Array
  /** Content of the INTEGER. */
  readonly serialNumber: Uint8Array
}

export interface OcspAnswer {
  readonly certificate: CertificateName
  readonly status: OcspStatus
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
}

const NONCE_BYTES = 32
const MAX_RESPONSE_BYTES = 64 * 1024
/** How far ahead of ours the clock of a responder may be. */
const CLOCK_SKEW_MS = 5 * 60 * 1000
const OID_SHA1 = '1.3.14.3.2.26'
const HASHES: Record<string, string> = { [OID_SHA1]: 'sha1', '2.16.840.1.101.3.4.2.1': 'sha256' }

/** The question for a certificate that has its issuer attached. Rejects with CryptoError. */
export async function createOcspRequest(certificate: Certificate): Promise<OcspQuestion> {
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES))
  const name = nameOf(certificate, OID_SHA1)
  const { encodeOcspRequest } = await loadCodecs()
  return { request: encodeOcspRequest(name, writeItem(TAG.octetString, nonce)), nonce }
}

/** What a responder says about a certificate. */
export class OcspResponse {
  readonly #answers: readonly OcspAnswer[]
  readonly #nonce: Uint8Array | undefined
  readonly #signed: SignedData

  private constructor(
    answers: readonly OcspAnswer[],
    nonce: Uint8Array | undefined,
    signed: SignedData,
  ) {
    this.#answers = answers
    this.#nonce = nonce
    this.#signed = signed
  }

  /** Reads DER. Throws CryptoError, also when the responder answered with an error. */
  static async from(der: Uint8Array): Promise<OcspResponse> {
    if (der.length > MAX_RESPONSE_BYTES) throw certificateError('OCSP response: it is too long')
    const { decodeOcspResponse } = await loadCodecs()
    const { answers, nonce, ...signed } = decodeOcspResponse(der)
    if (answers.length === 0) throw certificateError('OCSP response: it is empty')
    return new OcspResponse(answers, nonce, signed)
  }

  /** What the answer says first, without a check. */
  get status(): OcspStatus {
    return this.#answers[0]!.status
  }

  /**
   * What the issuer of a certificate says of it. With the nonce of the question the answer must be
   * one to it; without, it must be recent. Throws CryptoError unless it is signed by the issuer
   * that is attached to the certificate.
   */
  verify(
    certificate: Certificate,
    { nonce, at = new Date() }: { nonce?: Uint8Array; at?: Date } = {},
  ): OcspStatus {
    const issuer = issuerOf(certificate)
    if (!isSignatureOf(issuer.publicKey, this.#signed)) {
      throw refusal('ERR_CRYPTO_SIGNATURE', `it is not signed by "${issuer.name}"`)
    }
    if (nonce && Buffer.compare(writeItem(TAG.octetString, nonce), this.#nonce ?? NO_BYTES) !== 0) {
      throw refusal('ERR_CRYPTO_MISMATCH', 'it answers another question')
    }
    const answer = this.#answers.find((it) => concerns(it.certificate, certificate))
    if (answer === undefined) {
      throw refusal('ERR_CRYPTO_MISMATCH', `it does not speak of "${certificate.name}"`)
    }
    if (nonce === undefined && !isRecent(answer, at)) {
      throw refusal('ERR_CRYPTO_EXPIRED', `it is not one for ${at.toISOString()}`)
    }
    return answer.status
  }
}

const NO_BYTES = new Uint8Array()

function isRecent({ thisUpdate, nextUpdate }: OcspAnswer, at: Date): boolean {
  const time = at.getTime()
  return thisUpdate.getTime() <= time + CLOCK_SKEW_MS && time <= (nextUpdate?.getTime() ?? time)
}

function concerns(name: CertificateName, certificate: Certificate): boolean {
  if (HASHES[name.hashOid] === undefined) return false
  const own = nameOf(certificate, name.hashOid)
  return (
    Buffer.compare(name.nameHash, own.nameHash) === 0 &&
    Buffer.compare(name.keyHash, own.keyHash) === 0 &&
    integerOf(name.serialNumber) === integerOf(own.serialNumber)
  )
}

function nameOf(certificate: Certificate, hashOid: string): CertificateName {
  const hash = (data: Uint8Array): Uint8Array =>
    new Uint8Array(createHash(HASHES[hashOid]!).update(data).digest())
  const [, key] = readItems(readItem(issuerOf(certificate).publicKey.toDer()).content)
  return {
    hashOid,
    nameHash: hash(certificate.fields.issuer.der),
    // Without the byte that counts the unused bits of the BIT STRING.
    keyHash: hash(key!.content.subarray(1)),
    serialNumber: certificate.fields.serialNumber,
  }
}

function issuerOf({ issuer, name }: Certificate): Certificate {
  if (issuer) return issuer
  throw new CryptoError('ERR_CRYPTO_CHAIN', `The certificate "${name}" has no issuer attached`)
}

function refusal(code: CryptoErrorCode, problem: string): CryptoError {
  return new CryptoError(code, `The OCSP response is of no use: ${problem}`)
}
