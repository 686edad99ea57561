// SPDX-License-Identifier: MIT
// Queries as users give them: text, objects, or a plain record of the fields that have to match.

import { InfoHash } from '../core/id/info-hash.ts'
import { type Condition, Field, QUERY_ALL, Query, Where } from '../core/value/query.ts'
import { parseQuery, parseWhere } from '../core/value/query-parser.ts'
import type { ValueId } from '../core/value/value.ts'
import { describeType } from './key.ts'

/** All fields that are given have to match. */
export interface WhereFields {
  id?: ValueId | undefined
  type?: number | undefined
  /** Key id of the owner. */
  owner?: InfoHash | undefined
  seq?: number | undefined
  userType?: string | undefined
}

/**
 * Which values are wanted. Text is `WHERE id=5,value_type=3` (the keyword may be left out); of a
 * Query the conditions count. Peers apply the conditions, so that the rest is never sent.
 */
export type WhereInput = string | Where | Query | WhereFields

/** Throws TypeError when a field is unknown, of the wrong type, or when a Query selects fields. */
export function toValueQuery(where: WhereInput | undefined): Query {
  if (where === undefined) return QUERY_ALL
  if (where instanceof Query) {
    if (where.select.isEmpty) return where
    throw new TypeError('where must not select fields, as whole values are delivered: use query()')
  }
  const conditions = where instanceof Where ? where : readWhere(where)
  return conditions.isEmpty ? QUERY_ALL : new Query(undefined, conditions)
}

/** For `query`: a query that selects at least one field. Text is `SELECT id,seq WHERE id=5`. */
export function toFieldQuery(query: string | Query): Query {
  const parsed = typeof query === 'string' ? parseQuery(query) : query
  if (!(parsed instanceof Query)) {
    throw new TypeError(`query must be a string or a Query: got ${describeType(query)}`)
  }
  if (parsed.select.isEmpty) {
    throw new TypeError(`query must select fields, as in "SELECT id,seq": got "${query}"`)
  }
  return parsed
}

function readWhere(where: string | WhereFields): Where {
  if (typeof where === 'string') {
    const text = where.trim()
    return parseWhere(/^(WHERE|where)\b/.test(text) ? text : `WHERE ${text}`)
  }
  if (typeof where !== 'object' || where === null) {
    throw new TypeError(
      `where must be a string, Where, Query or object: got ${describeType(where)}`,
    )
  }
  return new Where(Object.entries(where).flatMap(([name, value]) => condition(name, value)))
}

function condition(name: string, value: unknown): Condition[] {
  if (value === undefined) return []
  switch (name) {
    case 'id':
      if (typeof value === 'bigint') return [{ field: Field.Id, value }]
      break
    case 'type':
      if (isUint16(value)) return [{ field: Field.Type, value }]
      break
    case 'seq':
      if (isUint16(value)) return [{ field: Field.Seq, value }]
      break
    case 'owner':
      if (value instanceof InfoHash) return [{ field: Field.Owner, value }]
      break
    case 'userType':
      if (typeof value === 'string') return [{ field: Field.UserType, value }]
      break
    default:
      throw new TypeError(`where has an unknown field "${name}"`)
  }
  throw new TypeError(`where.${name} has the wrong type or range: got ${describeType(value)}`)
}

function isUint16(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff
}
