// SPDX-License-Identifier: MIT
// Values as the command line programs print them (spec tools, section 1.3).

import { fromUtf8, toHex } from '../util/bytes.ts'
import { TypeId } from './default-types.ts'
import { printable } from './printable.ts'
import { readServiceAddress } from './service-data.ts'
import type { Value } from './value.ts'

/** Longer data that is not text is summed up. */
const MAX_HEX_BYTES = 1024

/** One line for people: `Value[id:606ad4dc14c0bbbd data(text/plain):"hello"]`. */
export function valueToText(value: Value): string {
  return `Value[id:${value.id.toString(16)} ${describeState(value)}${describeContent(value)}]`
}

function describeState(value: Value): string {
  if (value.isEncrypted) return 'encrypted '
  if (!value.isSigned) return ''
  const hasRecipient = value.recipient !== undefined && !value.recipient.isZero
  return `signed (v${value.seq}) ${hasRecipient ? 'decrypted ' : ''}`
}

function describeContent(value: Value): string {
  if (value.isEncrypted) return ''
  if (value.type === TypeId.IpService) return `${readServiceAddress(value.data) ?? ''}`
  if (value.type === TypeId.Certificate) return 'Certificate'
  const label = value.userType === '' ? 'data:' : `data(${printable(value.userType)}):`
  return label + describeData(value)
}

function describeData({ data, userType }: Value): string {
  if (userType === 'text/plain') return `"${printable(fromUtf8(data))}"`
  return data.length < MAX_HEX_BYTES ? toHex(data) : `${data.length} bytes`
}
