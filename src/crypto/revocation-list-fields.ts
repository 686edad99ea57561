// SPDX-License-Identifier: MIT
// Reads revocation lists (RFC 5280, section 5) strictly: what is not understood is an error,
// because an entry that is passed over would leave a revoked certificate valid.

import { type DerItem, integerOf, oidText, readItem, readItems, readTime, TAG } from './der.ts'
import { DistinguishedName } from './distinguished-name.ts'
import { readExtensions } from './extensions.ts'
import type { SignedData } from './signature-algorithm.ts'

/** An entry of a revocation list. */
export interface RevokedCertificate {
  /** As it is written in the certificate. */
  readonly serialNumber: Uint8Array
  readonly revokedAt: Date
}

export interface RevocationListFields {
  readonly issuer: DistinguishedName
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly revoked: readonly RevokedCertificate[]
  readonly number: bigint | undefined
  readonly signed: SignedData
}

const OID_NUMBER = '2.5.29.20'
const TAG_EXTENSIONS = 0xa0

/** Throws RangeError. */
export function readRevocationListFields(der: Uint8Array): RevocationListFields {
  const [body, algorithm, signature, ...rest] = readItems(contentOf(readItem(der)))
  const items = new Items(readItems(contentOf(body)))
  if (items.peek?.tag === TAG.integer) items.take()
  items.take(TAG.sequence)
  const issuer = new DistinguishedName(items.take(TAG.sequence).bytes)
  const thisUpdate = readTime(items.take())
  const nextUpdate = isTime(items.peek) ? readTime(items.take()) : undefined
  const revoked = items.peek?.tag === TAG.sequence ? readItems(items.take().content) : []
  const extensions = items.peek?.tag === TAG_EXTENSIONS ? items.take().content : undefined
  if (items.peek || rest.length > 0) throw new RangeError('A revocation list has further parts')
  return {
    issuer,
    thisUpdate,
    nextUpdate,
    revoked: revoked.map(readRevoked),
    number: extensions && readNumber(extensions),
    signed: {
      oid: oidText(readItems(contentOf(algorithm))[0]?.content ?? new Uint8Array()),
      data: body!.bytes,
      // Without the byte that counts the unused bits of the BIT STRING.
      signature: contentOf(signature, TAG.bitString).subarray(1),
    },
  }
}

function readRevoked(item: DerItem): RevokedCertificate {
  const [serial, date, extensions, ...rest] = readItems(contentOf(item))
  if (date === undefined || rest.length > 0) throw new RangeError('An entry has other parts')
  if (extensions) refuseCritical(extensions.bytes)
  return { serialNumber: contentOf(serial, TAG.integer).slice(), revokedAt: readTime(date) }
}

/** OpenDHT 2.4 writes unsigned numbers of 64 bits as if they were signed. */
function readNumber(extensions: Uint8Array): bigint | undefined {
  const value = refuseCritical(extensions).get(OID_NUMBER)?.value
  if (value === undefined) return undefined
  const content = contentOf(readItem(value), TAG.integer)
  const number = integerOf(content)
  return number >= 0n ? number : BigInt.asUintN(Math.max(64, 8 * content.length), number)
}

/** A critical one makes a list mean something else, for example only changes to another. */
function refuseCritical(extensions: Uint8Array): ReturnType<typeof readExtensions> {
  const all = readExtensions(extensions)
  for (const [oid, { isCritical }] of all) {
    if (isCritical && oid !== OID_NUMBER) throw new RangeError(`Extension ${oid} is not supported`)
  }
  return all
}

function isTime(item: DerItem | undefined): boolean {
  return item?.tag === TAG.utcTime || item?.tag === TAG.generalizedTime
}

function contentOf(item: DerItem | undefined, tag: number = TAG.sequence): Uint8Array {
  if (item?.tag === tag) return item.content
  throw new RangeError('A revocation list has other parts, or is truncated')
}

/** Items that come one after the other, some of them optional. */
class Items {
  readonly #items: readonly DerItem[]
  #next = 0

  constructor(items: readonly DerItem[]) {
    this.#items = items
  }

  get peek(): DerItem | undefined {
    return this.#items[this.#next]
  }

  take(tag?: number): DerItem {
    const item = this.peek
    if (item === undefined || (tag !== undefined && item.tag !== tag)) {
      throw new RangeError('A revocation list has other parts, or is truncated')
    }
    this.#next++
    return item
  }
}
