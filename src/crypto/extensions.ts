// SPDX-License-Identifier: MIT
// Extensions as certificates and revocation lists have them (RFC 5280, section 4.2).

import { oidText, readItem, readItems, TAG } from './der.ts'

export interface Extension {
  isCritical: boolean
  /** In DER. */
  value: Uint8Array
}

/** From the content of their explicit tag. Throws RangeError. */
export function readExtensions(content: Uint8Array): Map<string, Extension> {
  const extensions = new Map<string, Extension>()
  for (const it of readItems(readItem(content).content)) {
    const [oid, ...rest] = readItems(it.content)
    const value = rest.at(-1)
    if (oid === undefined || value === undefined) throw new RangeError('An extension is truncated')
    const isCritical = rest[0]?.tag === TAG.boolean && rest[0].content[0] !== 0
    extensions.set(oidText(oid.content), { isCritical, value: value.content })
  }
  return extensions
}
