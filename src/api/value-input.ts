// SPDX-License-Identifier: MIT
// Values as users give them. All checks of an outgoing value are here, so that a mistake is
// reported before anything is stored or sent.

import { InfoHash } from '../core/id/info-hash.ts'
import { EMPTY_BYTES, utf8 } from '../core/util/bytes.ts'
import { MAX_VALUE_ID, Value, type ValueId, type ValueInit } from '../core/value/value.ts'
import { checkValueSize } from '../core/value/value-size.ts'
import { describeType } from './key.ts'

/**
 * Text is stored as its UTF-8 bytes, bytes as they are, both as user data (type 0) under a random
 * id. Bytes are copied, so the caller may reuse the array.
 */
export type ValueInput = string | Uint8Array | Value | ValueInit

/** Throws TypeError or RangeError that names the wrong part, or says that it is too large. */
export function toValue(input: ValueInput): Value {
  const value = build(input)
  checkValueSize(value)
  return value
}

/** The id that a value, or an id given as such, stands for. */
export function toValueId(value: Value | ValueId): ValueId {
  if (value instanceof Value) return value.id
  if (typeof value !== 'bigint') {
    throw new TypeError(`value must be a Value or its id as a bigint: got ${describeType(value)}`)
  }
  return checkId(value)
}

function build(input: ValueInput): Value {
  if (input instanceof Value) return checkFields(input)
  if (typeof input === 'string') return new Value({ data: utf8(input) })
  if (input instanceof Uint8Array) return new Value({ data: copyOf(input) })
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new TypeError(
      `value must be a string, a Uint8Array, a Value or a ValueInit: got ${describeType(input)}`,
    )
  }
  if (ArrayBuffer.isView(input) || input instanceof ArrayBuffer) {
    throw new TypeError(`value must be wrapped in a Uint8Array: got ${describeType(input)}`)
  }
  return checkFields(
    new Value({
      ...input,
      data: optionalBytes('data', input.data),
      owner: optionalBytes('owner', input.owner),
      signature: optionalBytes('signature', input.signature),
      cypher: optionalBytes('cypher', input.cypher),
    }),
  )
}

function checkFields(value: Value): Value {
  checkId(value.id)
  checkUint('type', value.type, 0xffff)
  checkUint('seq', value.seq, 0xffff)
  checkUint('priority', value.priority, 0xffff_ffff)
  checkText('userType', value.userType)
  checkText('pushType', value.pushType)
  const { recipient } = value
  if (recipient !== undefined && !(recipient instanceof InfoHash)) {
    throw new TypeError(`recipient must be an InfoHash: got ${describeType(recipient)}`)
  }
  // Peers refuse an owner that nothing vouches for (spec values, section 3).
  if (value.owner !== undefined && value.signature.length === 0 && !value.isEncrypted) {
    throw new TypeError('A value with an owner needs a signature: none is given')
  }
  return value
}

function checkId(id: ValueId): ValueId {
  if (typeof id !== 'bigint') throw new TypeError(`id must be a bigint: got ${describeType(id)}`)
  if (id < 0n || id > MAX_VALUE_ID) throw new RangeError(`id must be 0 to 2^64-1: got ${id}`)
  return id
}

function checkUint(name: string, value: number, max: number): void {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number: got ${describeType(value)}`)
  }
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${name} must be a whole number of 0 to ${max}: got ${value}`)
  }
}

function checkText(name: string, value: string): void {
  if (typeof value !== 'string') {
    throw new TypeError(`${name} must be a string: got ${describeType(value)}`)
  }
}

function optionalBytes(name: string, bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes === undefined) return undefined
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`${name} must be a Uint8Array: got ${describeType(bytes)}`)
  }
  return copyOf(bytes)
}

/** Not `slice`, which subclasses of Uint8Array may redefine as a view. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? EMPTY_BYTES : new Uint8Array(bytes)
}
