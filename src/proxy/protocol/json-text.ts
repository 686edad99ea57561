// SPDX-License-Identifier: MIT
// JSON as proxies write it: compact, keys in the order of their bytes, ASCII only, so that the same
// content is the same text everywhere (spec proxy, section 3).

/** What the proxy's messages are made of. Undefined members are left out. */
export type JsonOutput =
  | string
  | number
  | boolean
  | readonly JsonOutput[]
  | { readonly [key: string]: JsonOutput | undefined }

export function toJsonText(value: JsonOutput): string {
  return toAscii(JSON.stringify(sorted(value)))
}

/** A text as a JSON string. */
export function quote(text: string): string {
  return toAscii(JSON.stringify(text))
}

function sorted(value: JsonOutput): JsonOutput {
  if (typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value as Record<string, JsonOutput | undefined>)
  const present = entries.filter((entry): entry is [string, JsonOutput] => entry[1] !== undefined)
  present.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(present.map(([key, member]) => [key, sorted(member)]))
}

/** Escapes do not occur in the syntax, so every character outside of ASCII is within a string. */
function toAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
