// SPDX-License-Identifier: MIT
// The selected fields of one value: what a query with a Select delivers (spec values, section 7.6),
// and the `fileds` map in which they travel (spec wire, section 4; the name is the protocol's).

import { sha1 } from '@noble/hashes/legacy.js'
import { WireError } from '../errors.ts'
import { HASH_BYTES, InfoHash, ZERO_HASH } from '../id/info-hash.ts'
import { assert } from '../util/assert.ts'
import { fromUtf8 } from '../util/bytes.ts'
import type { MsgpackReader } from '../wire/msgpack-reader.ts'
import type { MsgpackWriter } from '../wire/msgpack-writer.ts'
import { EntryNames } from './map-entries.ts'
import { printable } from './printable.ts'
import { readPublicKey } from './public-key.ts'
import { type Condition, FIELDS, Field, type Select, type Where } from './query.ts'
import type { Value, ValueId } from './value.ts'

const INCOMPLETE = new WireError('Field list lacks a required field')
const BAD_FIELDS = new WireError('Field list names no fields, unknown ones, or one twice')
const BAD_LENGTH = new WireError('Field list does not hold all fields of every value')
const NOT_AN_OWNER = new WireError('Owner in the field list is neither an id nor a public key')

/** Fields of a value, those that were asked for. */
export interface FieldValues {
  id?: ValueId | undefined
  type?: number | undefined
  /** Key id of the owner. */
  owner?: InfoHash | undefined
  seq?: number | undefined
  userType?: string | undefined
}

/**
 * Fields that were not selected are undefined. The owner is also undefined for a value that has
 * none: `has(Field.Owner)` tells the two apart.
 */
export class FieldValueIndex {
  readonly id: ValueId | undefined
  readonly type: number | undefined
  readonly owner: InfoHash | undefined
  readonly seq: number | undefined
  readonly userType: string | undefined
  /** Bit `1 << field` for every field that is present. */
  readonly mask: number

  constructor(mask: number, values: FieldValues) {
    this.mask = mask
    this.id = values.id
    this.type = values.type
    this.owner = values.owner
    this.seq = values.seq
    this.userType = values.userType
  }

  /** The fields of `value` that `select` names; all of them when it names none. */
  static of(value: Value, select: Select): FieldValueIndex {
    const mask = select.isEmpty ? ALL_FIELDS : select.mask
    const has = (field: Field): boolean => (mask & (1 << field)) !== 0
    return new FieldValueIndex(mask, {
      id: has(Field.Id) ? value.id : undefined,
      type: has(Field.Type) ? shown(value, value.type, 0) : undefined,
      owner: has(Field.Owner) ? shown(value, value.ownerId, undefined) : undefined,
      seq: has(Field.Seq) ? shown(value, value.seq, 0) : undefined,
      userType: has(Field.UserType) ? shown(value, value.userType, '') : undefined,
    })
  }

  has(field: Field): boolean {
    return (this.mask & (1 << field)) !== 0
  }

  equals(other: FieldValueIndex): boolean {
    const sameOwner =
      this.owner === undefined || other.owner === undefined
        ? this.owner === other.owner
        : this.owner.equals(other.owner)
    return (
      sameOwner &&
      this.mask === other.mask &&
      this.id === other.id &&
      this.type === other.type &&
      this.seq === other.seq &&
      this.userType === other.userType
    )
  }

  /** Whether no condition contradicts a field that is present. */
  matches(where: Where): boolean {
    for (const condition of where.conditions) if (!this.#allows(condition)) return false
    return true
  }

  #allows(condition: Condition): boolean {
    if (!this.has(condition.field)) return true
    switch (condition.field) {
      case Field.Id:
        return this.id === condition.value
      case Field.Type:
        return this.type === condition.value
      case Field.Owner:
        return this.owner?.equals(condition.value) ?? false
      case Field.Seq:
        return this.seq === condition.value
      case Field.UserType:
        return this.userType === condition.value
    }
  }

  toString(): string {
    const parts: string[] = []
    if (this.id !== undefined) parts.push(`Id:${this.id.toString(16)}`)
    if (this.type !== undefined) parts.push(`ValueType:${this.type}`)
    if (this.has(Field.Owner)) parts.push(`Owner:${this.owner ?? ZERO_HASH}`)
    if (this.seq !== undefined) parts.push(`Seq:${this.seq}`)
    if (this.userType !== undefined) parts.push(`UserType:${printable(this.userType)}`)
    return `Index[${parts.join(',')}]`
  }
}

/** Headers, keys and field numbers of a field list, at most. */
const LIST_OVERHEAD_BYTES = 16

const ALL_FIELDS = FIELDS.reduce((mask, field) => mask | (1 << field), 0)

/** What fields are taken from. */
export type FieldSource = Pick<Value, 'id' | 'type' | 'owner' | 'seq' | 'userType' | 'isEncrypted'>

/** What is inside an encrypted value is nobody's business, even if we happen to know it. */
function shown<T>(value: FieldSource, field: T, hidden: T): T {
  return value.isEncrypted ? hidden : field
}

/**
 * Appends the `fileds` map with the selected fields of `values`; `select` must not be empty. It is
 * never fragmented, so only the first values whose fields fit in `maxBytes` are written. Returns
 * their number.
 */
export function packFields(
  writer: MsgpackWriter,
  select: Select,
  values: readonly FieldSource[],
  maxBytes: number = Number.POSITIVE_INFINITY,
): number {
  assert(!select.isEmpty, 'a field list names at least one field')
  const fields = FIELDS.filter((field) => select.has(field))
  let count = 0
  for (let size = LIST_OVERHEAD_BYTES; count < values.length; count++) {
    for (const field of fields) size += maxFieldBytes(field, values[count]!)
    if (size > maxBytes) break
  }
  writer.mapHeader(2)
  writer.key('f')
  writer.arrayHeader(fields.length)
  for (const field of fields) writer.unsigned(field)
  writer.key('v')
  writer.arrayHeader(fields.length * count)
  for (let i = 0; i < count; i++) {
    for (const field of fields) packField(writer, field, values[i]!)
  }
  return count
}

function maxFieldBytes(field: Field, value: FieldSource): number {
  switch (field) {
    case Field.Id:
      return 9
    case Field.Type:
    case Field.Seq:
      return 3
    case Field.Owner:
      return 5 + (value.owner?.length ?? HASH_BYTES)
    case Field.UserType:
      return 5 + 3 * value.userType.length
  }
}

function packField(writer: MsgpackWriter, field: Field, value: FieldSource): void {
  switch (field) {
    case Field.Id:
      return writer.uint64(value.id)
    case Field.Type:
      return writer.unsigned(shown(value, value.type, 0))
    case Field.Owner: {
      const owner = shown(value, value.owner, undefined)
      return owner === undefined ? writer.hash(ZERO_HASH) : writer.binary(owner)
    }
    case Field.Seq:
      return writer.unsigned(shown(value, value.seq, 0))
    case Field.UserType:
      return writer.text(shown(value, value.userType, ''))
  }
}

const entries = new EntryNames('f', 'v')

/** Reads a `fileds` map and leaves the reader behind it. Throws WireError when it is malformed. */
export function unpackFields(reader: MsgpackReader): FieldValueIndex[] {
  const offsets = entries.find(reader)
  const fieldsAt = offsets[0]!
  const valuesAt = offsets[1]!
  const end = reader.position
  if (fieldsAt < 0 || valuesAt < 0) throw INCOMPLETE
  reader.position = fieldsAt
  const fields = readFieldNumbers(reader)
  let mask = 0
  for (let i = 0; i < fields; i++) mask |= 1 << NUMBERS[i]!
  reader.position = valuesAt
  const items = reader.arrayHeader()
  if (items % fields !== 0) throw BAD_LENGTH
  const found = new Array<FieldValueIndex>(items / fields)
  for (let at = 0; at < found.length; at++) {
    const values: FieldValues = {}
    for (let i = 0; i < fields; i++) readField(reader, NUMBERS[i] as Field, values)
    found[at] = new FieldValueIndex(mask, values)
  }
  reader.position = end
  return found
}

/** Scratch: the fields of the list that is being read, of which thousands come per second. */
const NUMBERS = new Uint8Array(FIELDS.length)

/** Fills `NUMBERS`; returns how many. */
function readFieldNumbers(reader: MsgpackReader): number {
  const count = reader.arrayHeader()
  if (count === 0 || count > FIELDS.length) throw BAD_FIELDS
  for (let i = 0; i < count; i++) {
    const field = reader.unsigned(Number.MAX_VALUE)
    // What an earlier list left behind is no repetition.
    const known = NUMBERS.indexOf(field)
    if (!FIELDS.includes(field as Field) || (known >= 0 && known < i)) throw BAD_FIELDS
    NUMBERS[i] = field
  }
  return count
}

function readField(reader: MsgpackReader, field: Field, values: FieldValues): void {
  switch (field) {
    case Field.Id:
      values.id = reader.uint64()
      break
    case Field.Type:
      values.type = reader.unsigned(0xffff)
      break
    case Field.Owner:
      values.owner = readOwner(reader.looseBytes())
      break
    case Field.Seq:
      values.seq = reader.unsigned(0xffff)
      break
    case Field.UserType:
      values.userType = fromUtf8(reader.looseBytes())
  }
}

/** Peers send the key itself, or 20 zero bytes for none; some read, and may send, the key id. */
function readOwner(bytes: Uint8Array): InfoHash | undefined {
  if (bytes.length === HASH_BYTES) {
    const hash = InfoHash.fromBytes(bytes)
    return hash.isZero ? undefined : hash
  }
  const key = readPublicKey(bytes)
  if (key === undefined) throw NOT_AN_OWNER
  return InfoHash.fromBytes(sha1(key))
}
