// SPDX-License-Identifier: MIT
// How large a value of our own may be: what every storing node accepts, whatever its id.

import { MAX_VALUE_BYTES } from '../constants.ts'
import { packedValue } from './pack-value.ts'
import { MAX_VALUE_ID, type Value } from './value.ts'

/** More than what is around data, signature and type texts of a value without an owner. */
const ENVELOPE_BYTES = 256

/**
 * Throws RangeError when `value` takes more than 65,536 bytes as it travels, with its id, its owner
 * and the names of the fields. Data alone may have 65,498 bytes.
 */
export function checkValueSize(value: Value): void {
  let { size } = value
  if (size > MAX_VALUE_BYTES - ENVELOPE_BYTES || value.owner !== undefined) {
    size = packedValue(value.id === 0n ? value.withId(MAX_VALUE_ID) : value).length
  }
  if (size > MAX_VALUE_BYTES) {
    const limit = `<= ${MAX_VALUE_BYTES} bytes packed`
    throw new RangeError(`Cannot store value as it must be ${limit}: current size is ${size}`)
  }
}
