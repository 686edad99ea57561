// SPDX-License-Identifier: MIT
// A reader of DER: for what node:crypto does not show of certificates that it has parsed, for
// revocation lists, and for encrypted keys, whose work is not left to OpenSSL.

const MAX_LENGTH_BYTES = 4
/** No identifier that means anything is longer; the text of a very long one is slow to make. */
const MAX_OID_BYTES = 64

/** Universal and context-specific tags as they are written, constructed bit included. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

export interface DerItem {
  tag: number
  content: Uint8Array
  /** With tag and length. */
  bytes: Uint8Array
}

/** The one item that `bytes` hold. Throws RangeError, also for bytes behind it. */
export function readItem(bytes: Uint8Array): DerItem {
  const item = itemAt(bytes, 0)
  if (item.bytes.length === bytes.length) return item
  throw new RangeError(`${bytes.length - item.bytes.length} bytes follow a DER item`)
}

/** The items one after the other in the content of a SEQUENCE or SET. Throws RangeError. */
export function readItems(content: Uint8Array): DerItem[] {
  const items: DerItem[] = []
  for (let offset = 0; offset < content.length; ) {
    const item = itemAt(content, offset)
    items.push(item)
    offset += item.bytes.length
  }
  return items
}

/** `1.2.840.…` of the content of an OBJECT IDENTIFIER. Throws RangeError. */
export function oidText(content: Uint8Array): string {
  if (content.length > MAX_OID_BYTES) throw new RangeError('An object identifier is too long')
  const arcs: bigint[] = []
  let arc = 0n
  for (const byte of content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f)
    if (byte & 0x80) continue
    arcs.push(arc)
    arc = 0n
  }
  const first = arcs[0] ?? 0n
  const root = first < 80n ? first / 40n : 2n
  return [root, first - root * 40n, ...arcs.slice(1)].join('.')
}

/** The value of an INTEGER from its content. */
export function integerOf(content: Uint8Array): bigint {
  if (content.length === 0) return 0n
  const hex = Buffer.from(content.buffer, content.byteOffset, content.length).toString('hex')
  return BigInt.asIntN(8 * content.length, BigInt(`0x${hex}`))
}

/** The content of an INTEGER that is not negative. */
export function integerContent(value: bigint): Uint8Array<ArrayBuffer> {
  const hex = value.toString(16)
  // A whole number of bytes, and a sign bit of 0.
  const digits = hex.length % 2 === 0 ? hex : `0${hex}`
  return new Uint8Array(Buffer.from(digits >= '8' ? `00${digits}` : digits, 'hex'))
}

/** UTCTime or GeneralizedTime, both as DER has them: to the second, in UTC. Throws RangeError. */
export function readTime({ tag, content }: DerItem): Date {
  const text = Buffer.from(content).toString('latin1')
  // Years of two digits end with 2049 (RFC 5280, section 4.1.2.5.1).
  const century = tag === TAG.generalizedTime ? '' : text < '5' ? '20' : '19'
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(century + text)
  const [, year, month, day, hour, minute, second] = parts ?? []
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(date.getTime())) throw new RangeError('A date makes no sense')
  return date
}

function itemAt(bytes: Uint8Array, start: number): DerItem {
  const tag = byteAt(bytes, start)
  if ((tag & 0x1f) === 0x1f) throw new RangeError('A DER tag has several bytes')
  const first = byteAt(bytes, start + 1)
  let begin = start + 2
  let length = first
  if (first >= 0x80) {
    const count = first - 0x80
    if (count === 0 || count > MAX_LENGTH_BYTES)
      throw new RangeError('A DER length is out of range')
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + byteAt(bytes, begin + i)
    begin += count
  }
  const end = begin + length
  if (end > bytes.length) throw new RangeError('A DER item is truncated')
  return { tag, content: bytes.subarray(begin, end), bytes: bytes.subarray(start, end) }
}

function byteAt(bytes: Uint8Array, offset: number): number {
  const byte = bytes[offset]
  if (byte === undefined) throw new RangeError('A DER item is truncated')
  return byte
}
