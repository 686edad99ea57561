// SPDX-License-Identifier: MIT
// Keys as users give them. A text is always hashed, even one of 40 hexadecimal digits: what a name
// stands for must not depend on what it looks like. Who has a hash as text uses InfoHash.fromHex.

import { InfoHash } from '../core/id/info-hash.ts'

/** An InfoHash, or a text whose SHA-1 (of its UTF-8 form) is the key. */
export type Key = InfoHash | string

/** Throws TypeError for anything else, RangeError for the zero hash, which peers refuse. */
export function toInfoHash(key: Key): InfoHash {
  if (typeof key === 'string') return InfoHash.get(key)
  if (!(key instanceof InfoHash)) {
    throw new TypeError(`key must be an InfoHash or a string: got ${describeType(key)}`)
  }
  if (key.isZero) throw new RangeError('key must not be the zero hash')
  return key
}

/** What kind of thing `value` is, for messages about wrong arguments. */
export function describeType(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  return value.constructor?.name ?? 'object'
}
