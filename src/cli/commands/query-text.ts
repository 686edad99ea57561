// SPDX-License-Identifier: MIT
// What users type behind g, l and q. The parser of queries is as lenient as that of OpenDHT, for
// which `WHERE id=abc` is id 0 and `SELECT foo` is everything: whoever types is told instead.

import { InfoHash } from '../../core/id/info-hash.ts'
import { suggestion } from '../../core/util/nearest.ts'
import { FIELDS, Query, Select, type Where } from '../../core/value/query.ts'
import { parseQuery, parseWhere } from '../../core/value/query-parser.ts'

const MAX_ID = 2n ** 64n - 1n
const MAX_SHORT = 65_535n

type Check = (text: string) => string | undefined

/** What is wrong with a value of each field, undefined when nothing is. */
const FIELD_CHECKS: Readonly<Record<string, Check>> = {
  id: (text) => wrongNumber(text, MAX_ID),
  value_type: (text) => wrongNumber(text, MAX_SHORT),
  owner_pk: (text) =>
    text.length === 40 && InfoHash.fromHex(text) ? undefined : 'expected 40 hexadecimal digits',
  seq: (text) => wrongNumber(text, MAX_SHORT),
  user_type: () => undefined,
}
const NAMES = Object.keys(FIELD_CHECKS)

/** Conditions; the word WHERE may be left out. Throws SyntaxError. */
export function readConditions(text: string): Where {
  if (text === '') return parseWhere('')
  const conditions = /^where\b(.*)$/is.exec(text)?.[1] ?? text
  return parseWhere(`WHERE ${checkConditions(conditions)}`)
}

/** `SELECT … WHERE …`, either may be missing; without a SELECT, all fields. Throws SyntaxError. */
export function readQuery(text: string): Query {
  const match = /^(?:select\b(.*?))?(?:\bwhere\b(.*))?$/is.exec(text)
  if (match === null) throw mistake(`unexpected "${firstWord(text)}"`, 'SELECT or WHERE')
  const [, selected, conditions] = match
  const select = selected === undefined ? '' : `SELECT ${checkFields(selected)} `
  const where = conditions === undefined ? '' : `WHERE ${checkConditions(conditions)}`
  const query = parseQuery(`${select}${where}`)
  return query.select.isEmpty ? new Query(new Select(FIELDS), query.where) : query
}

function checkFields(text: string): string {
  const names = text.split(',').map((name) => name.trim())
  if (text.trim() === '') throw mistake('no fields after SELECT', `some of ${NAMES.join(', ')}`)
  for (const name of names) checkName(name, 'SELECT')
  return names.join(',')
}

function checkConditions(text: string): string {
  if (text.trim() === '') throw mistake('no conditions after WHERE', 'FIELD=VALUE[,FIELD=VALUE...]')
  return text.split(',').map(checkCondition).join(',')
}

function checkCondition(part: string): string {
  const [name = '', value, ...more] = part.split('=').map((word) => word.trim())
  if (value === undefined || value === '' || more.length > 0) {
    throw mistake(`condition "${part.trim()}"`, 'FIELD=VALUE')
  }
  checkName(name, 'WHERE')
  const problem = FIELD_CHECKS[name]?.(value.replace(/^"(.*)"$/s, '$1'))
  if (problem === undefined) return `${name}=${value}`
  throw new SyntaxError(`Syntax error: invalid ${name} in WHERE: ${value} (${problem})`)
}

function checkName(name: string, where: string): void {
  if (Object.hasOwn(FIELD_CHECKS, name)) return
  const known = NAMES.join(', ')
  const hint = suggestion(name, NAMES)
  throw new SyntaxError(
    `Syntax error: unknown field "${name}" in ${where} (one of ${known})${hint}`,
  )
}

function wrongNumber(text: string, max: bigint): string | undefined {
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= max) return undefined
  const expected = `expected a decimal number of 0 to ${max}`
  // Ids are printed so.
  const isHexadecimal = max === MAX_ID && /^(0x)?[0-9a-f]{1,16}$/i.test(text)
  if (!isHexadecimal) return expected
  return `${expected}; as hexadecimal, this is ${BigInt(`0x${text.replace(/^0x/i, '')}`)}`
}

function mistake(what: string, expected: string): SyntaxError {
  return new SyntaxError(`Syntax error: ${what} (expected ${expected})`)
}

function firstWord(text: string): string {
  return /^\S*/.exec(text)?.[0] ?? ''
}
