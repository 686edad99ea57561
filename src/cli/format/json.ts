// SPDX-License-Identifier: MIT
// What --json prints: one object per line, its kind in `event`. Ids and keys are hexadecimal texts
// as in the other output, data is base64, times that never were are null.

import { InfoHash } from '../../core/id/info-hash.ts'
import { PkId } from '../../core/id/pk-id.ts'
import { SocketAddress } from '../../core/id/socket-address.ts'
import { fromUtf8 } from '../../core/util/bytes.ts'
import type { FieldValueIndex } from '../../core/value/field-value-index.ts'
import { Field } from '../../core/value/query.ts'
import { Value } from '../../core/value/value.ts'

export interface JsonRecord {
  readonly event: string
  readonly [name: string]: unknown
}

export function toJson(record: JsonRecord): string {
  return JSON.stringify(record, (name, value: unknown) => {
    // A clock has more digits than meaning.
    if (typeof value === 'number' && /(Ms|perSecond)$/.test(name)) return Number(value.toFixed(3))
    if (typeof value === 'bigint') return value.toString(16)
    if (value instanceof Value) return valueFields(value)
    const isText =
      value instanceof InfoHash || value instanceof PkId || value instanceof SocketAddress
    return isText ? String(value) : value
  })
}

/** Fields that were not selected, and the owner of a value without one, are missing. */
export function indexFields(index: FieldValueIndex): Record<string, unknown> {
  const { id, type, owner, seq, userType } = index
  return { id, type, seq: index.has(Field.Seq) ? seq : undefined, userType, owner }
}

function valueFields(value: Value): Record<string, unknown> {
  const { id, type, userType, data, cypher } = value
  if (value.isEncrypted) return { id, isEncrypted: true, size: cypher.length }
  const isText = userType.startsWith('text/')
  return {
    id,
    type,
    ...(userType === '' ? {} : { userType }),
    data: Buffer.from(data).toString('base64'),
    ...(isText ? { text: fromUtf8(data) } : {}),
    ...(value.isSigned ? { owner: value.ownerId, seq: value.seq } : {}),
    ...(value.isSigned && value.recipient !== undefined ? { recipient: value.recipient } : {}),
  }
}
