// SPDX-License-Identifier: MIT
// Parameters of calls as the objects they stand for, and results as what travels. The Python
// package has checked what its users gave; a wrong kind here is a mistake of it.

import type { NodeExport } from '../core/events.ts'
import { InfoHash } from '../core/id/info-hash.ts'
import type { Condition } from '../core/value/query.ts'
import { Field, Query, Where } from '../core/value/query.ts'
import { Value } from '../core/value/value.ts'
import type { MsgpackValue } from '../discovery/msgpack-value.ts'

type Fields = { readonly [key: string]: MsgpackValue }

export function asBytes(item: MsgpackValue | undefined): Uint8Array {
  if (item instanceof Uint8Array) return item
  throw new TypeError(`Expected bytes: got ${typeof item}`)
}

export function asText(item: MsgpackValue | undefined): string {
  if (typeof item === 'string') return item
  throw new TypeError(`Expected a text: got ${typeof item}`)
}

export function asNumber(item: MsgpackValue | undefined): number {
  if (typeof item === 'number') return item
  throw new TypeError(`Expected a number: got ${typeof item}`)
}

export function asBoolean(item: MsgpackValue | undefined): boolean {
  if (typeof item === 'boolean') return item
  throw new TypeError(`Expected a boolean: got ${typeof item}`)
}

/** Value ids: small ones travel as numbers, too. */
export function asId(item: MsgpackValue | undefined): bigint {
  if (typeof item === 'bigint' || typeof item === 'number') return BigInt(item)
  throw new TypeError(`Expected an id: got ${typeof item}`)
}

export function asList(item: MsgpackValue | undefined): readonly MsgpackValue[] {
  if (Array.isArray(item)) return item
  throw new TypeError(`Expected a list: got ${typeof item}`)
}

export function asFields(item: MsgpackValue | undefined): Fields {
  const isMap = typeof item === 'object' && item !== null && !Array.isArray(item)
  if (isMap && !(item instanceof Uint8Array) && !(item instanceof Map)) return item as Fields
  throw new TypeError(`Expected a map: got ${typeof item}`)
}

export function asHash(item: MsgpackValue | undefined): InfoHash {
  return InfoHash.fromBytes(asBytes(item))
}

/** What stands for "none" in Python. */
export function isGiven(item: MsgpackValue | undefined): boolean {
  return item !== null && item !== undefined
}

/** [id, type, data, user type]: the rest of a value is made by the secure layer. */
export function toValue(item: MsgpackValue | undefined): Value {
  const [id, type, data, userType] = asList(item)
  return new Value({
    id: asId(id),
    type: asNumber(type),
    data: asBytes(data),
    userType: asText(userType),
  })
}

/** [id, type, data, user type, owner, recipient, seq, is signed, cypher, size]. */
export function fromValue(value: Value): MsgpackValue[] {
  return [
    value.id,
    value.type,
    value.data,
    value.userType,
    value.owner ?? null,
    value.recipient?.toBytes() ?? null,
    value.seq,
    value.isSigned,
    value.cypher,
    value.size,
  ]
}

/** A list of [field number, wanted value]; undefined when everything is wanted. */
export function toQuery(item: MsgpackValue | undefined): Query | undefined {
  if (!isGiven(item)) return undefined
  return new Query(undefined, new Where(asList(item).map(toCondition)))
}

/** [id, address] of each. */
export function fromNodes(nodes: readonly NodeExport[]): MsgpackValue[] {
  return nodes.map(({ id, address }) => [id.toBytes(), `${address}`])
}

function toCondition(item: MsgpackValue): Condition {
  const [field, value] = asList(item)
  switch (field) {
    case Field.Id:
      return { field, value: asId(value) }
    case Field.Type:
    case Field.Seq:
      return { field, value: asNumber(value) }
    case Field.Owner:
      return { field, value: asHash(value) }
    case Field.UserType:
      return { field, value: asText(value) }
    default:
      throw new TypeError(`Unknown field: ${String(field)}`)
  }
}
