// SPDX-License-Identifier: MIT
// Reads and writes certificate requests (PKCS#10, RFC 2986).

import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr'
import { OctetString } from '@peculiar/asn1-schema'
import {
  Attribute,
  DirectoryString,
  Extension,
  Extensions,
  GeneralName,
  Name,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509'
import type { PrivateKey } from '../private-key.ts'
import type { Digest, SignedData } from '../signature-algorithm.ts'
import { type AltNameType, OID_ALT_NAMES, type SubjectAltName } from '../subject-alt-names.ts'
import { decode, directoryText, encode, signBytes, signingAlgorithm, toBuffer } from './signing.ts'

export interface RequestContent {
  /** Name and key in DER. */
  readonly subject: Uint8Array
  readonly publicKey: Uint8Array
}

export interface RequestExtras {
  readonly altNames: readonly SubjectAltName[]
  readonly challengePassword: string
}

const OID_CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7'
const OID_EXTENSION_REQUEST = '1.2.840.113549.1.9.14'

const FIELDS: Record<Exclude<AltNameType, 'other'>, keyof GeneralName> = {
  email: 'rfc822Name',
  dns: 'dNSName',
  uri: 'uniformResourceIdentifier',
  ip: 'iPAddress',
}

export async function encodeRequest(
  { subject, publicKey }: RequestContent,
  { altNames, challengePassword }: RequestExtras,
  key: PrivateKey,
  digest: Digest,
): Promise<Uint8Array> {
  const signatureAlgorithm = signingAlgorithm(key, digest)
  const attributes = new Attributes()
  if (challengePassword !== '') {
    const value = encode(new DirectoryString(directoryText(challengePassword)))
    attributes.push(toAttribute(OID_CHALLENGE_PASSWORD, value))
  }
  if (altNames.length > 0) {
    const names = new SubjectAlternativeName(altNames.map(toGeneralName))
    const extension = new Extension({
      extnID: OID_ALT_NAMES,
      extnValue: new OctetString(encode(names)),
    })
    attributes.push(toAttribute(OID_EXTENSION_REQUEST, encode(new Extensions([extension]))))
  }
  const certificationRequestInfo = new CertificationRequestInfo({
    subject: decode(subject, Name, 'name'),
    subjectPKInfo: decode(publicKey, SubjectPublicKeyInfo, 'public key'),
    attributes,
  })
  const signature = await signBytes(key, digest, encode(certificationRequestInfo))
  return encode(
    new CertificationRequest({ certificationRequestInfo, signatureAlgorithm, signature }),
  )
}

/** Throws CryptoError. `altNames` are in DER. */
export function decodeRequest(
  der: Uint8Array,
): RequestContent & SignedData & { altNames: Uint8Array | undefined } {
  const request = decode(der, CertificationRequest, 'certificate request')
  const { subject, subjectPKInfo, attributes } = request.certificationRequestInfo
  const wanted = attributes?.find(({ type }) => type === OID_EXTENSION_REQUEST)?.values[0]
  const extensions = wanted && decode(new Uint8Array(wanted), Extensions, 'certificate request')
  const altNames = extensions?.find(({ extnID }) => extnID === OID_ALT_NAMES)
  return {
    subject: encode(subject),
    publicKey: encode(subjectPKInfo),
    altNames: altNames && new Uint8Array(altNames.extnValue.buffer),
    oid: request.signatureAlgorithm.algorithm,
    data: new Uint8Array(request.certificationRequestInfoRaw!),
    signature: new Uint8Array(request.signature),
  }
}

function toAttribute(type: string, value: Uint8Array): Attribute {
  return new Attribute({ type, values: [toBuffer(value)] })
}

/** `other` is refused before. */
function toGeneralName({ type, value }: SubjectAltName): GeneralName {
  return new GeneralName({ [FIELDS[type as keyof typeof FIELDS]]: value })
}
