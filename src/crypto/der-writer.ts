// SPDX-License-Identifier: MIT
// Writes the little DER that encrypted private keys consist of; certificates have their codecs.

import { integerContent, TAG } from './der.ts'

/** An item of any tag: bytes, or the items of a sequence. */
export function writeItem(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  const { length } = content
  const digits = integerContent(BigInt(length)).filter((byte, i) => i > 0 || byte > 0)
  const head = length < 0x80 ? [length] : [0x80 | digits.length, ...digits]
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, ...head), content]))
}

export function writeSequence(...items: readonly Uint8Array[]): Uint8Array {
  return writeItem(TAG.sequence, ...items)
}

export function writeInteger(value: number): Uint8Array {
  return writeItem(TAG.integer, integerContent(BigInt(value)))
}

/** From numbers with dots, each below 2^31. */
export function writeOid(oid: string): Uint8Array {
  const [root = 0, second = 0, ...others] = oid.split('.').map(Number)
  const bytes = [40 * root + second, ...others].flatMap((arc) => {
    const septets = [arc & 0x7f]
    for (let rest = arc >>> 7; rest > 0; rest >>>= 7) septets.unshift(0x80 | (rest & 0x7f))
    return septets
  })
  return writeItem(TAG.oid, Uint8Array.from(bytes))
}
