// SPDX-License-Identifier: MIT
// What keys are called in paths.

import { InfoHash } from '../../core/id/info-hash.ts'

/**
 * The key of a path segment, as OpenDHT reads it: what begins with forty hexadecimal digits is a
 * hash, unless that is zero; anything else is hashed as text. Undefined for broken escapes.
 */
export function keyFromSegment(segment: string): InfoHash | undefined {
  const text = unescaped(segment)
  if (text === undefined) return undefined
  const hash = HASH.test(text) ? InfoHash.fromHex(text.slice(0, 40)) : undefined
  return hash === undefined || hash.isZero ? InfoHash.get(text) : hash
}

/** The path of a key, below which its operations are. */
export function keyPath(key: InfoHash): string {
  return `/key/${key}`
}

function unescaped(segment: string): string | undefined {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

const HASH = /^[0-9a-fA-F]{40}/
