// SPDX-License-Identifier: MIT
// Queries on the wire (spec values, section 7.2): `{s: [field, …], w: [{f, v}, …]}`. Strict, as a
// query that we read wrongly would be answered with values that nobody asked for. Typical queries
// have no conditions and come out of a table: reading one of those allocates nothing.

import { WireError } from '../errors.ts'
import { HASH_BYTES, InfoHash } from '../id/info-hash.ts'
import { fromUtf8, utf8 } from '../util/bytes.ts'
import type { MsgpackReader } from '../wire/msgpack-reader.ts'
import type { MsgpackWriter } from '../wire/msgpack-writer.ts'
import { type Condition, Field, Query, selectingQuery, Where } from './query.ts'

/** Limits of what a peer can make us remember with each of its listeners. */
const MAX_FIELDS = 64
const MAX_CONDITIONS = 64
const MAX_QUERY_BYTES = 4096

const INCOMPLETE = new WireError('Query lacks a required field')
const TOO_LARGE = new WireError('Query is too large')
const UNKNOWN_FIELD = new WireError('Query has a condition on a field that cannot be queried')
const NOT_A_HASH = new WireError('Owner in the query is not an id')

const S = 's'.charCodeAt(0)
const W = 'w'.charCodeAt(0)
const F = 'f'.charCodeAt(0)
const V = 'v'.charCodeAt(0)

/** Appends what peers are asked for `query`: conditions that cannot travel are left out. */
export function packQuery(writer: MsgpackWriter, query: Query): void {
  const { select, where } = query.wire
  writer.mapHeader(2)
  writer.key('s')
  writer.arrayHeader(select.fields.length)
  for (const field of select.fields) writer.unsigned(field)
  writer.key('w')
  writer.arrayHeader(where.conditions.length)
  for (const condition of where.conditions) packCondition(writer, condition)
}

function packCondition(writer: MsgpackWriter, condition: Condition): void {
  writer.mapHeader(2)
  writer.key('f')
  writer.unsigned(condition.field)
  writer.key('v')
  switch (condition.field) {
    case Field.Id:
      return writer.uint64(condition.value)
    case Field.Type:
    case Field.Seq:
      return writer.unsigned(condition.value)
    case Field.Owner:
      return writer.hash(condition.value)
    case Field.UserType:
      return writer.binary(utf8(condition.value))
  }
}

/** Reads a query and leaves the reader behind it. Throws WireError when it is malformed. */
export function unpackQuery(reader: MsgpackReader): Query {
  const start = reader.position
  let mask = -1
  let conditions: readonly Condition[] | undefined
  for (let left = reader.mapHeader(); left > 0; left--) {
    const key = readKey(reader)
    if (key === S) mask = readSelect(reader)
    else if (key === W) conditions = readWhere(reader)
    else reader.skip()
  }
  if (mask < 0 || conditions === undefined) throw INCOMPLETE
  const query = selectingQuery(mask)
  if (conditions.length === 0) return query
  if (reader.position - start > MAX_QUERY_BYTES) throw TOO_LARGE
  return new Query(query.select, new Where(conditions))
}

/** The bit mask of the selected fields. Unknown ones count as not selected. */
function readSelect(reader: MsgpackReader): number {
  const count = reader.arrayHeader()
  if (count > MAX_FIELDS) throw TOO_LARGE
  let mask = 0
  for (let left = count; left > 0; left--) {
    const field = reader.unsigned(Number.MAX_VALUE)
    if (field >= Field.Id && field <= Field.UserType) mask |= 1 << field
  }
  return mask
}

const NO_CONDITIONS: readonly Condition[] = []

function readWhere(reader: MsgpackReader): readonly Condition[] {
  const count = reader.arrayHeader()
  if (count === 0) return NO_CONDITIONS
  if (count > MAX_CONDITIONS) throw TOO_LARGE
  const conditions: Condition[] = []
  for (let left = count; left > 0; left--) conditions.push(readCondition(reader))
  return conditions
}

function readCondition(reader: MsgpackReader): Condition {
  let field = -1
  let valueOffset = -1
  for (let left = reader.mapHeader(); left > 0; left--) {
    const key = readKey(reader)
    if (key === F) field = reader.unsigned(Number.MAX_VALUE)
    else {
      // What kind of value it is depends on the field, which may come later.
      if (key === V) valueOffset = reader.position
      reader.skip()
    }
  }
  if (field < 0 || valueOffset < 0) throw INCOMPLETE
  const end = reader.position
  reader.position = valueOffset
  const condition = readValue(reader, field)
  reader.position = end
  return condition
}

function readValue(reader: MsgpackReader, field: number): Condition {
  switch (field) {
    case Field.Id:
      return { field, value: reader.uint64() }
    case Field.Type:
      return { field, value: Number(BigInt.asUintN(16, reader.uint64())) }
    case Field.Owner:
      reader.binary()
      if (reader.length !== HASH_BYTES) throw NOT_A_HASH
      return { field, value: InfoHash.fromBytes(reader.source, reader.offset) }
    case Field.UserType:
      return { field, value: fromUtf8(reader.looseBytes()) }
    default:
      throw UNKNOWN_FIELD
  }
}

/** The one character of a key; -1 for any other kind of key, which the caller skips. */
function readKey(reader: MsgpackReader): number {
  if (!reader.nextIsText) {
    reader.skip()
    return -1
  }
  reader.text()
  return reader.length === 1 ? reader.source[reader.offset]! : -1
}
