// SPDX-License-Identifier: MIT
// The hash that OpenDHT chooses by the length that is asked for.

import { createHash } from 'node:crypto'

const MAX_HASH_BYTES = 64

/**
 * The first `length` bytes of SHA-1 (up to 20), SHA-256 (up to 32) or SHA-512; at most 64 bytes
 * come back, even for a greater length.
 */
export function hash(data: Uint8Array, length: number = MAX_HASH_BYTES): Uint8Array {
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new RangeError(`length must be a whole number of bytes: got ${length}`)
  }
  const algorithm = length <= 20 ? 'sha1' : length <= 32 ? 'sha256' : 'sha512'
  return new Uint8Array(createHash(algorithm).update(data).digest().subarray(0, length))
}
