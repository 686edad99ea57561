// SPDX-License-Identifier: MIT
// Building blocks of value types: the default policies, and the wrapper that makes a type respect
// signatures (spec values, sections 6 and 6.1). Policies run for what peers send and never throw.

import { MAX_VALUE_BYTES } from '../constants.ts'
import type { SignatureVerifier } from '../ports.ts'
import { equalBytes } from '../util/bytes.ts'
import { toSignBytes } from './pack-value.ts'
import type { Value } from './value.ts'
import type { EditPolicy, StorePolicy, ValueType } from './value-type.ts'

/** Stores every value that is not too large. */
export const acceptBySize: StorePolicy = (_key, value) =>
  value.size <= MAX_VALUE_BYTES ? value : undefined

/** Stored values stay as they are until they expire. */
export const denyEdit: EditPolicy = () => false

/**
 * `type` with signatures on top of its own policies: a signed value is stored exactly when its
 * signature is valid, and only its owner can change it. Without a verifier no signature is valid.
 */
export function secureType(type: ValueType, verifier?: SignatureVerifier): ValueType {
  const isValid = (value: Value): boolean =>
    value.owner !== undefined &&
    value.isSigned &&
    (verifier?.verify(value.owner, toSignBytes(value), value.signature) ?? false)

  return {
    ...type,
    storePolicy: (key, value, from) => {
      if (!value.isSigned) return type.storePolicy(key, value, from)
      return isValid(value) ? value : undefined
    },
    editPolicy: (key, current, next, from) => {
      if (!current.isSigned) return type.editPolicy(key, current, next, from)
      return isNewerRevision(current, next) && isValid(next)
    },
  }
}

/**
 * Whether `next` claims to come from the owner of the signed value `current` and is not older.
 * Before anything is compared, both must have an owner: plain and encrypted values have none.
 */
function isNewerRevision(current: Value, next: Value): boolean {
  if (current.owner === undefined || next.owner === undefined || !next.isSigned) return false
  if (!equalBytes(current.owner, next.owner)) return false
  if (next.seq !== current.seq) return next.seq > current.seq
  return equalBytes(toSignBytes(current), toSignBytes(next))
}
