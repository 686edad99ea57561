// SPDX-License-Identifier: MIT
// Alternative names of a subject (RFC 5280, section 4.2.1.6), as far as OpenDHT tells them apart.

import { readItem, readItems } from './der.ts'

export const OID_ALT_NAMES = '2.5.29.17'

/** Of which kind such a name is. */
export type AltNameType = 'email' | 'dns' | 'uri' | 'ip' | 'other'

/** Another name of the owner of a certificate. */
export interface SubjectAltName {
  readonly type: AltNameType
  /** The name itself, an IP address as usual, or the hexadecimal digits of `other`. */
  readonly value: string
}

const TYPES: Record<number, AltNameType> = { 129: 'email', 130: 'dns', 134: 'uri', 135: 'ip' }

/** Reads GeneralNames in DER. Throws RangeError. */
export function readAltNames(der: Uint8Array): SubjectAltName[] {
  return readItems(readItem(der).content).map(({ tag, content, bytes }) => {
    const type = TYPES[tag] ?? 'other'
    if (type === 'ip') return { type, value: addressText(content) }
    if (type === 'other') return { type, value: Buffer.from(bytes).toString('hex') }
    return { type, value: Buffer.from(content).toString('latin1') }
  })
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return Buffer.from(bytes).toString('hex')
  const groups = Array.from({ length: 8 }, (_, i) => 256 * bytes[2 * i]! + bytes[2 * i + 1]!)
  // The URL parser writes the short form of RFC 5952.
  return new URL(`http://[${groups.map((it) => it.toString(16)).join(':')}]`).hostname.slice(1, -1)
}
