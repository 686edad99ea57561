// SPDX-License-Identifier: MIT
// Writes certificates, laid out as OpenDHT does.

import { OctetString } from '@peculiar/asn1-schema'
import {
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'
import { OID_COMMON_NAME, OID_USER_ID } from '../distinguished-name.ts'
import type { PrivateKey } from '../private-key.ts'
import type { Digest } from '../signature-algorithm.ts'
import {
  decode,
  directoryText,
  type ExtensionContent,
  encode,
  signBytes,
  signingAlgorithm,
  toBuffer,
} from './signing.ts'

export interface CertificateContent {
  /** Content of the INTEGER. */
  readonly serialNumber: Uint8Array
  /** Names and key in DER. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly publicKey: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: readonly ExtensionContent[]
}

const OID_SUBJECT_KEY_ID = '2.5.29.14'
const OID_KEY_USAGE = '2.5.29.15'
const OID_BASIC_CONSTRAINTS = '2.5.29.19'

export async function encodeCertificate(
  content: CertificateContent,
  key: PrivateKey,
  digest: Digest,
): Promise<Uint8Array> {
  const signatureAlgorithm = signingAlgorithm(key, digest)
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: toBuffer(content.serialNumber),
    signature: signatureAlgorithm,
    issuer: decode(content.issuer, Name, 'name'),
    validity: new Validity({ notBefore: content.notBefore, notAfter: content.notAfter }),
    subject: decode(content.subject, Name, 'name'),
    subjectPublicKeyInfo: decode(content.publicKey, SubjectPublicKeyInfo, 'public key'),
  })
  if (content.extensions.length > 0) {
    tbsCertificate.extensions = new Extensions(content.extensions.map(toExtension))
  }
  const signatureValue = await signBytes(key, digest, encode(tbsCertificate))
  return encode(new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue }))
}

/** The extensions of a certificate in DER. Throws CryptoError. */
export function decodeExtensions(certificate: Uint8Array): ExtensionContent[] {
  const { tbsCertificate } = decode(certificate, Certificate, 'certificate')
  return (tbsCertificate.extensions ?? []).map(({ extnID, critical, extnValue }) => {
    return { oid: extnID, isCritical: critical, value: new Uint8Array(extnValue.buffer) }
  })
}

/** The extensions that OpenDHT gives to a certificate of its own. `keyId` is SHA-1 of the key. */
export function standardExtensions(keyId: Uint8Array, isCa: boolean): ExtensionContent[] {
  const usage = isCa
    ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
    : KeyUsageFlags.digitalSignature | KeyUsageFlags.dataEncipherment
  const keyIdentifier = new SubjectKeyIdentifier(toBuffer(keyId))
  const authority = {
    oid: OID_BASIC_CONSTRAINTS,
    isCritical: true,
    value: encode(new BasicConstraints({ cA: true })),
  }
  return [
    { oid: OID_SUBJECT_KEY_ID, isCritical: false, value: encode(keyIdentifier) },
    ...(isCa ? [authority] : []),
    { oid: OID_KEY_USAGE, isCritical: true, value: encode(new KeyUsage(usage)) },
  ]
}

/** A name of one or two parts, in DER. An empty part is left out. */
export function encodeName(commonName: string, userId: string): Uint8Array {
  const parts = [
    { type: OID_COMMON_NAME, text: commonName },
    { type: OID_USER_ID, text: userId },
  ]
  const present = parts.filter(({ text }) => text !== '')
  return encode(
    new Name(
      present.map(({ type, text }) => {
        const value = new AttributeValue(directoryText(text))
        return new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value })])
      }),
    ),
  )
}

function toExtension({ oid, isCritical, value }: ExtensionContent): Extension {
  return new Extension({ extnID: oid, critical: isCritical, extnValue: new OctetString(value) })
}
