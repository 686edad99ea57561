// SPDX-License-Identifier: MIT
// What people type to be put, as the body of the request. Mistakes are errors that say what was
// expected.

import { parseHex, utf8 } from '../../../src/core/util/bytes.ts'
import { toBase64 } from '../../../src/proxy/protocol/base64.ts'

export interface PutInput {
  readonly content: string
  readonly form: 'text' | 'json' | 'hex'
  readonly userType: string
  /** Decimal digits, or nothing. */
  readonly valueId: string
  readonly isPermanent: boolean
}

/** Nodes refuse more. */
export const MAX_PUT_BYTES = 65_000

const MAX_ID = 2n ** 64n - 1n

/** Throws Error for what cannot be put. */
export function putBody({ content, form, userType, valueId, isPermanent }: PutInput): string {
  const data = toBytes(content, form)
  if (data.length === 0) throw new Error('expected some content')
  if (data.length > MAX_PUT_BYTES) {
    throw new Error(`expected at most ${MAX_PUT_BYTES} bytes, got ${data.length}`)
  }
  return JSON.stringify({
    data: toBase64(data),
    type: 0,
    ...(userType.trim() === '' ? {} : { utype: userType.trim() }),
    ...(valueId.trim() === '' ? {} : { id: checkedId(valueId.trim()) }),
    ...(isPermanent ? { permanent: true } : {}),
  })
}

function toBytes(content: string, form: PutInput['form']): Uint8Array {
  if (form === 'hex') {
    const bytes = parseHex(content.replace(/[\s:]/g, ''))
    if (bytes === undefined) throw new Error('expected pairs of hexadecimal digits')
    return bytes
  }
  if (form === 'json') {
    try {
      JSON.parse(content)
    } catch (error) {
      throw new Error(`expected JSON: ${(error as Error).message}`)
    }
  }
  return utf8(content)
}

function checkedId(text: string): string {
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= MAX_ID) return text
  throw new Error(`expected a value id of 0 to ${MAX_ID}, got ${text.slice(0, 30)}`)
}
