// SPDX-License-Identifier: MIT
// What a certificate says beyond what node:crypto shows of it: names and serial number as they are
// written, and the extensions of authorities. Only for bytes that node:crypto has parsed.

import { type DerItem, readItem, readItems, TAG } from './der.ts'
import { DistinguishedName } from './distinguished-name.ts'
import { type Extension, readExtensions } from './extensions.ts'
import { OID_ALT_NAMES, readAltNames, type SubjectAltName } from './subject-alt-names.ts'

export interface CertificateFields {
  /** Content of the INTEGER, which may be negative. */
  readonly serialNumber: Uint8Array
  /** Content of the AlgorithmIdentifier. */
  readonly signatureAlgorithm: Uint8Array
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly basicConstraints: BasicConstraints | undefined
  readonly keyUsage: KeyUsage | undefined
  readonly subjectAltNames: readonly SubjectAltName[]
}

/** Whether a certificate is that of an authority. */
export interface BasicConstraints {
  readonly isCa: boolean
  /** How many authorities may stand between this one and the last certificate. */
  readonly pathLength: number | undefined
}

/** What the key of a certificate may be used for. */
export interface KeyUsage {
  readonly isCritical: boolean
  readonly canSignCertificates: boolean
  readonly canSignLists: boolean
}

const OID_BASIC_CONSTRAINTS = '2.5.29.19'
const OID_KEY_USAGE = '2.5.29.15'

const TAG_VERSION = 0xa0
const TAG_EXTENSIONS = 0xa3
/** Bits of KeyUsage, in its first byte. */
const KEY_CERT_SIGN = 0x04
const CRL_SIGN = 0x02

/** Throws RangeError. */
export function readCertificateFields(der: Uint8Array): CertificateFields {
  const [body] = readItems(readItem(der).content)
  const items = readItems(need(body).content)
  if (items[0]?.tag === TAG_VERSION) items.shift()
  const [serial, algorithm, issuer, , subject] = items
  const last = items.find(({ tag }) => tag === TAG_EXTENSIONS)
  const extensions = last ? readExtensions(last.content) : new Map<string, Extension>()
  const altNames = extensions.get(OID_ALT_NAMES)
  return {
    serialNumber: need(serial).content,
    signatureAlgorithm: need(algorithm).content,
    issuer: new DistinguishedName(need(issuer).bytes),
    subject: new DistinguishedName(need(subject).bytes),
    basicConstraints: basicConstraints(extensions.get(OID_BASIC_CONSTRAINTS)),
    keyUsage: keyUsage(extensions.get(OID_KEY_USAGE)),
    subjectAltNames: altNames ? readAltNames(altNames.value) : [],
  }
}

function basicConstraints(extension: Extension | undefined): BasicConstraints | undefined {
  if (extension === undefined) return undefined
  const items = readItems(readItem(extension.value).content)
  const isCa = items[0]?.tag === TAG.boolean && items[0].content[0] !== 0
  const length = items.find(({ tag }) => tag === TAG.integer)
  return { isCa, pathLength: length?.content[0] }
}

function keyUsage(extension: Extension | undefined): KeyUsage | undefined {
  if (extension === undefined) return undefined
  // A BIT STRING: the first byte tells how many of the last bits are unused.
  const bits = readItem(extension.value).content[1] ?? 0
  return {
    isCritical: extension.isCritical,
    canSignCertificates: (bits & KEY_CERT_SIGN) !== 0,
    canSignLists: (bits & CRL_SIGN) !== 0,
  }
}

function need(item: DerItem | undefined): DerItem {
  if (item === undefined) throw new RangeError('A certificate is truncated')
  return item
}
