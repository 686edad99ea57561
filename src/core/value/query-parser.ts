// SPDX-License-Identifier: MIT
// Reads the text form `SELECT field,… WHERE field=value,…` (spec values, section 7.4), lenient to
// the letter: programs hand it what their users type. Only an unknown field name in the WHERE part
// is an error, since without it the query would quietly match more than was meant.

import { InfoHash, ZERO_HASH } from '../id/info-hash.ts'
import { type Condition, Field, Query, Select, Where } from './query.ts'
import { MAX_VALUE_ID } from './value.ts'

const FIELDS_BY_NAME: ReadonlyMap<string, Field> = new Map([
  ['id', Field.Id],
  ['value_type', Field.Type],
  ['owner_pk', Field.Owner],
  ['seq', Field.Seq],
  ['user_type', Field.UserType],
])

/** Reads a whole query. Throws TypeError when the WHERE part names an unknown field. */
export function parseQuery(text: string): Query {
  return new Query(parseSelect(text), parseWhere(text))
}

/** Reads the SELECT part of `text`; selects nothing when there is none. Never throws. */
export function parseSelect(text: string): Select {
  const [keyword, list = ''] = text.slice(0, whereStart(text)).trim().split(/\s+/)
  if (keyword !== 'SELECT' && keyword !== 'select') return new Select()
  const fields = list.split(',').map((name) => FIELDS_BY_NAME.get(name))
  return new Select(fields.filter((field) => field !== undefined))
}

/**
 * Reads the WHERE part of `text`; without one, everything matches. Throws TypeError when it names
 * an unknown field.
 */
export function parseWhere(text: string): Where {
  const list = text.slice(whereStart(text) + 'WHERE'.length)
  const conditions = list.split(',').map((part) => {
    const [name = '', value = ''] = part.split('=')
    return parseCondition(name.trim(), value.trim())
  })
  return new Where(conditions.filter((condition) => condition !== undefined))
}

/** Where the WHERE part begins: anywhere, even inside a word. */
function whereStart(text: string): number {
  const start = text.search(/WHERE|where/)
  return start < 0 ? text.length : start
}

function parseCondition(name: string, text: string): Condition | undefined {
  if (text === '') return undefined
  const value = /^".*"$/s.test(text) ? text.slice(1, -1) : text
  switch (FIELDS_BY_NAME.get(name)) {
    case Field.Id:
      return { field: Field.Id, value: parseUnsigned(value) }
    case Field.Type:
      return { field: Field.Type, value: parseUint16(value) }
    case Field.Owner:
      return { field: Field.Owner, value: InfoHash.fromHex(value) ?? ZERO_HASH }
    case Field.Seq:
      return { field: Field.Seq, value: parseUint16(value) }
    case Field.UserType:
      return { field: Field.UserType, value }
    case undefined: {
      const known = [...FIELDS_BY_NAME.keys()].join(', ')
      throw new TypeError(`Cannot parse query: unknown field "${name}" in WHERE, allowed: ${known}`)
    }
  }
}

function parseUint16(text: string): number {
  return Number(BigInt.asUintN(16, parseUnsigned(text)))
}

/** The decimal number at the start of `text`, if any, as 64 bits, the way C reads it. */
function parseUnsigned(text: string): bigint {
  const [, sign, digits] = /^([+-]?)(\d+)/.exec(text) ?? []
  const number = BigInt(digits ?? 0)
  if (number > MAX_VALUE_ID) return MAX_VALUE_ID
  return sign === '-' ? BigInt.asUintN(64, -number) : number
}
