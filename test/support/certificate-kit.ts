// SPDX-License-Identifier: MIT
// Certificates for tests, also such as `Certificate.generate` refuses to make: of any date, with
// any extensions, signed by anybody. Keys are on elliptic curves by default, which costs no time.

import { generateKeyPairSync, sign } from 'node:crypto'
import { encodeCertificate, encodeName, standardExtensions } from '../../src/crypto/asn1/codecs.ts'
import { Certificate } from '../../src/crypto/certificate.ts'
import { Identity } from '../../src/crypto/identity.ts'
import { PrivateKey } from '../../src/crypto/private-key.ts'
import { type Digest, preferredDigest } from '../../src/crypto/signature-algorithm.ts'

type ExtensionContent = ReturnType<typeof standardExtensions>[number]

export interface MakeOptions {
  key?: PrivateKey
  /** Default: it signs itself. */
  issuer?: Identity
  /** Whose name it gets in place of its own. */
  subject?: Certificate
  /** Who really signs. */
  signer?: PrivateKey
  /** Default false. */
  isCa?: boolean
  /** Changes what `isCa` stands for. */
  extensions?: (standard: ExtensionContent[]) => ExtensionContent[]
  /** From now on, default a day ago. */
  fromMs?: number
  /** From now on, default in a day. */
  toMs?: number
  serialNumber?: Uint8Array
  digest?: Digest
}

export const DAY_MS = 24 * 60 * 60 * 1000
export const OID = { altNames: '2.5.29.17', basicConstraints: '2.5.29.19', keyUsage: '2.5.29.15' }

/** Object identifiers in DER. */
const RSA_SHA256 = '06092a864886f70d01010b'
const RSA_SHA1 = '06092a864886f70d010105'

let serial = 0

export function curveKey(): PrivateKey {
  return PrivateKey.fromKeyObject(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey)
}

/** Also too short ones. */
export function rsaKey(bits: number): PrivateKey {
  return PrivateKey.fromKeyObject(generateKeyPairSync('rsa', { modulusLength: bits }).privateKey)
}

export async function makeIdentity(name: string, options: MakeOptions = {}): Promise<Identity> {
  const { key = curveKey(), issuer, isCa = false, fromMs = -DAY_MS, toMs = DAY_MS } = options
  const { publicKey } = key
  const subject = options.subject?.fields.subject.der ?? encodeName(name, publicKey.id.toString())
  const standard = standardExtensions(publicKey.id.toBytes(), isCa)
  const content = {
    serialNumber: options.serialNumber ?? Uint8Array.of(1, serial++),
    issuer: issuer?.certificate.fields.subject.der ?? subject,
    subject,
    publicKey: publicKey.toDer(),
    notBefore: new Date(Date.now() + fromMs),
    notAfter: new Date(Date.now() + toMs),
    extensions: options.extensions?.(standard) ?? standard,
  }
  const signer = options.signer ?? issuer?.privateKey ?? key
  const digest = options.digest ?? preferredDigest(publicKey)
  const der = await encodeCertificate(content, signer, digest)
  return new Identity(key, Certificate.fromDer(der, issuer?.certificate))
}

/** Signs a certificate once more, which was signed with RSA and SHA-256 by its issuer. */
export function signedWithSha1({ privateKey, certificate }: Identity, issuer: Identity): Identity {
  const hex = Buffer.from(certificate.toDer()).toString('hex')
  const der = Buffer.from(hex.replaceAll(RSA_SHA256, RSA_SHA1), 'hex')
  const signed = der.subarray(4, 8 + der.readUInt16BE(6))
  const signature = sign('sha1', signed, issuer.privateKey!.keyObject)
  signature.copy(der, der.length - signature.length)
  return new Identity(privateKey, Certificate.fromDer(der, issuer.certificate))
}

/** The same without its issuers. */
export function alone({ privateKey, certificate }: Identity): Identity {
  return new Identity(privateKey, Certificate.fromDer(certificate.toDer()))
}
