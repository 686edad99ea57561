// SPDX-License-Identifier: MIT
// What a get or listen asks for: which values (Where) and which of their fields (Select); spec
// values, section 7. Immutable, so that requests, listeners and caches share one object.

import type { InfoHash } from '../id/info-hash.ts'
import { printable } from './printable.ts'
import { MAX_VALUE_ID, type Value, type ValueId } from './value.ts'

/** Numbers of the fields on the wire. */
export const Field = { Id: 1, Type: 2, Owner: 3, Seq: 4, UserType: 5 } as const
export type Field = (typeof Field)[keyof typeof Field]

/** All fields, in the order in which answers hold them. */
export const FIELDS: readonly Field[] = [1, 2, 3, 4, 5]

/** Names of the fields in printed selections, by field. */
const PRINTED = ['', 'id', 'value_type', 'owner_public_key', 'seq', 'user_type']

/** A value satisfies it when its field has exactly this value. Encrypted values show no fields. */
export type Condition =
  | { readonly field: typeof Field.Id; readonly value: ValueId }
  | { readonly field: typeof Field.Type; readonly value: number }
  /** Key id of the owner; a value without an owner satisfies none. */
  | { readonly field: typeof Field.Owner; readonly value: InfoHash }
  /** Cannot travel: applied by the node that asks. */
  | { readonly field: typeof Field.Seq; readonly value: number }
  | { readonly field: typeof Field.UserType; readonly value: string }

/** The fields to answer with. None means whole values, not nothing. */
export class Select {
  /** In the order given, each once. */
  readonly fields: readonly Field[]
  /** Bit `1 << field` for every field. */
  readonly mask: number

  constructor(fields: Iterable<Field> = []) {
    this.fields = [...new Set(fields)]
    this.mask = this.fields.reduce((mask, field) => mask | (1 << field), 0)
  }

  get isEmpty(): boolean {
    return this.mask === 0
  }

  has(field: Field): boolean {
    return (this.mask & (1 << field)) !== 0
  }

  toString(): string {
    const names = this.fields.map((field) => PRINTED[field])
    return `SELECT ${names.length === 0 ? '*' : names.join(',')}`
  }
}

/** Conditions that all have to hold; none means all values. */
export class Where {
  /** In the order given, each once. */
  readonly conditions: readonly Condition[]
  /** The conditions that peers are asked to apply; this object itself when they all travel. */
  readonly wire: Where
  /** The one value id that can match, so that a store need not look at the others. */
  readonly valueId: ValueId | undefined

  /** Throws RangeError for an id, type or sequence number that no value can have. */
  constructor(conditions: Iterable<Condition> = []) {
    const list: Condition[] = []
    for (const condition of conditions) {
      checkRange(condition)
      if (!contains(list, condition)) list.push(condition)
    }
    this.conditions = list
    const travelling = list.filter(({ field }) => field !== Field.Seq)
    this.wire = travelling.length === list.length ? this : new Where(travelling)
    const byId = list.find(({ field }) => field === Field.Id)
    this.valueId = byId?.field === Field.Id ? byId.value : undefined
  }

  get isEmpty(): boolean {
    return this.conditions.length === 0
  }

  has(condition: Condition): boolean {
    return contains(this.conditions, condition)
  }

  matches(value: Value): boolean {
    for (const condition of this.conditions) if (!holds(condition, value)) return false
    return true
  }

  /** Empty text without conditions. */
  toString(): string {
    return this.isEmpty ? '' : `WHERE ${this.conditions.map(printCondition).join(',')}`
  }
}

export class Query {
  readonly select: Select
  readonly where: Where
  /**
   * What peers are asked instead; this object itself when all conditions travel. Selects the fields
   * of the others too, so that the one who asks can apply those to the answer.
   */
  readonly wire: Query

  constructor(select: Select = EVERYTHING, where: Where = ANYTHING) {
    this.select = select
    this.where = where
    if (where.wire === where) this.wire = this
    else if (select.isEmpty) this.wire = new Query(select, where.wire)
    else this.wire = new Query(new Select([...select.fields, Field.Seq]), where.wire)
  }

  matches(value: Value): boolean {
    return this.where.matches(value)
  }

  /** Whether an answer to `other` holds all that this query asks for. */
  isSatisfiedBy(other: Query): boolean {
    // An answer holds either fields or whole values, and is only ever read as what was asked for.
    if (this.select.isEmpty !== other.select.isEmpty) return false
    if ((this.select.mask & ~other.select.mask) !== 0) return false
    return other.where.conditions.every((condition) => this.where.has(condition))
  }

  equals(other: Query): boolean {
    return this === other || (this.isSatisfiedBy(other) && other.isSatisfiedBy(this))
  }

  toString(): string {
    return `Query[${this.select} ${this.where}]`
  }
}

const EVERYTHING = new Select()
const ANYTHING = new Where()

/** One query per set of fields, all without conditions: what nearly every get carries. */
const QUERIES: readonly Query[] = Array.from(
  { length: 1 << FIELDS.length },
  (_, bits) => new Query(new Select(FIELDS.filter((field) => (bits & (1 << (field - 1))) !== 0))),
)

/** The shared query for all values that selects the fields of `mask` (see Select). */
export function selectingQuery(mask: number): Query {
  return QUERIES[mask >> 1]!
}

/** Whole values, all of them. */
export const QUERY_ALL: Query = selectingQuery(0)
export const QUERY_IDS: Query = selectingQuery(1 << Field.Id)
export const QUERY_IDS_SEQ: Query = selectingQuery((1 << Field.Id) | (1 << Field.Seq))

/** Throws RangeError: what no value can have is a mistake of the caller, and cannot be sent. */
function checkRange({ field, value }: Condition): void {
  if (field === Field.Id && (value < 0n || value > MAX_VALUE_ID)) {
    throw new RangeError(`Condition on id must be 0 to 2^64-1: got ${value}`)
  }
  const isUint16 = field === Field.Type || field === Field.Seq
  if (isUint16 && !(Number.isInteger(value) && value >= 0 && value <= 0xffff)) {
    const name = field === Field.Type ? 'type' : 'seq'
    throw new RangeError(`Condition on ${name} must be 0 to 65535: got ${value}`)
  }
}

function holds(condition: Condition, value: Value): boolean {
  if (condition.field === Field.Id) return value.id === condition.value
  if (value.isEncrypted) return condition.value === 0 || condition.value === ''
  switch (condition.field) {
    case Field.Type:
      return value.type === condition.value
    case Field.Owner:
      return value.ownerId?.equals(condition.value) ?? false
    case Field.Seq:
      return value.seq === condition.value
    case Field.UserType:
      return value.userType === condition.value
  }
}

function contains(conditions: readonly Condition[], wanted: Condition): boolean {
  return conditions.some((condition) => sameCondition(condition, wanted))
}

function sameCondition(a: Condition, b: Condition): boolean {
  if (a.field === Field.Owner) return b.field === Field.Owner && a.value.equals(b.value)
  return a.field === b.field && a.value === b.value
}

function printCondition(condition: Condition): string {
  const name = condition.field === Field.Owner ? 'owner_pk_hash' : PRINTED[condition.field]
  return `${name}=${printable(`${condition.value}`)}`
}
