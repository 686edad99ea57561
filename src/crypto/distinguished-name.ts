// SPDX-License-Identifier: MIT
// Names of subjects and issuers (RFC 5280, section 4.1.2.4), and their text (RFC 4514).

import { oidText, readItem, readItems } from './der.ts'

export const OID_COMMON_NAME = '2.5.4.3'
export const OID_USER_ID = '0.9.2342.19200300.100.1.1'

/** The types that RFC 4514 writes by name. */
const SHORT_NAMES: Record<string, string> = {
  [OID_COMMON_NAME]: 'CN',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.6': 'C',
  '2.5.4.9': 'STREET',
  '0.9.2342.19200300.100.1.25': 'DC',
  [OID_USER_ID]: 'UID',
}

interface Attribute {
  oid: string
  /** Undefined for a type of string that is not used in names. */
  text: string | undefined
  /** The value in DER. */
  der: Uint8Array
}

export class DistinguishedName {
  readonly der: Uint8Array
  readonly #parts: readonly (readonly Attribute[])[]

  /** Throws RangeError when `der` is no name. */
  constructor(der: Uint8Array) {
    this.der = der
    this.#parts = readItems(readItem(der).content).map(({ content }) =>
      readItems(content).map((it) => attribute(it.content)),
    )
  }

  /** The first attribute of this type; empty when there is none. */
  find(oid: string): string {
    return this.#parts.flat().find((it) => it.oid === oid)?.text ?? ''
  }

  get commonName(): string {
    return this.find(OID_COMMON_NAME)
  }

  get userId(): string {
    return this.find(OID_USER_ID)
  }

  /** Byte by byte, as GnuTLS compares names. */
  equals(other: DistinguishedName): boolean {
    return Buffer.compare(this.der, other.der) === 0
  }

  /** As RFC 4514 has it: the last part first. */
  toString(): string {
    return this.#parts
      .map((part) => part.map(toText).join('+'))
      .reverse()
      .join(',')
  }
}

function attribute(content: Uint8Array): Attribute {
  const [type, value] = readItems(content)
  if (type === undefined || value === undefined) throw new RangeError('A name part is truncated')
  const text = decode(value.tag, Buffer.from(value.content))
  return { oid: oidText(type.content), text, der: value.bytes }
}

/** UTF8String, PrintableString, TeletexString, IA5String, UniversalString, BMPString. */
function decode(tag: number, bytes: Buffer): string | undefined {
  switch (tag) {
    case 0x0c:
      return bytes.toString('utf8')
    case 0x13:
    case 0x14:
    case 0x16:
      return bytes.toString('latin1')
    case 0x1c:
      return decodeUcs(bytes, 4)
    case 0x1e:
      return decodeUcs(bytes, 2)
    default:
      return undefined
  }
}

function decodeUcs(bytes: Buffer, width: 2 | 4): string | undefined {
  if (bytes.length % width !== 0) return undefined
  let text = ''
  for (let offset = 0; offset < bytes.length; offset += width) {
    const code = bytes.readUIntBE(offset, width)
    if (code > 0x10ffff) return undefined
    text += String.fromCodePoint(code)
  }
  return text
}

function toText({ oid, text, der }: Attribute): string {
  const type = SHORT_NAMES[oid]
  if (type === undefined || text === undefined) {
    return `${type ?? oid}=#${Buffer.from(der).toString('hex')}`
  }
  const escaped = text
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/\p{Cc}/gu, (it) => Buffer.from(it).toString('hex').replace(/../g, '\\$&'))
    .replace(/^[ #]| $/g, '\\$&')
  return `${type}=${escaped}`
}
