// SPDX-License-Identifier: MIT
// Public keys in JSON are PEM texts; values keep the DER form.

import { utf8 } from '../../core/util/bytes.ts'
import { readPublicKey } from '../../core/value/public-key.ts'
import { toBase64 } from './base64.ts'

const LINE = 64

export function toPem(der: Uint8Array): string {
  const base64 = toBase64(der)
  let text = '-----BEGIN PUBLIC KEY-----\n'
  for (let at = 0; at < base64.length; at += LINE) text += `${base64.slice(at, at + LINE)}\n`
  return `${text}-----END PUBLIC KEY-----\n`
}

/** The DER form; undefined when the text is no public key. */
export function fromPem(text: string): Uint8Array | undefined {
  return text.startsWith('-----BEGIN') ? readPublicKey(utf8(text)) : undefined
}
