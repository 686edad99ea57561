// SPDX-License-Identifier: MIT
// The content of a value as people can look at it: text, JSON, MessagePack or hexadecimal digits.
// Whatever the bytes are, the result is plain text without control characters, and not too long.

import { type MsgpackValue, unpackMsgpackValue } from '../../../src/discovery/msgpack-value.ts'

export type ContentForm = 'text' | 'json' | 'msgpack' | 'hex'

export const CONTENT_FORMS: readonly ContentForm[] = ['text', 'json', 'msgpack', 'hex']

export interface ShownContent {
  readonly text: string
  /** There is more than what is shown. */
  readonly isCut: boolean
}

/** So many characters are shown unless everything is asked for. */
const MAX_SHOWN = 4000
/** Longer ones are not unpacked for one line of them. */
const MAX_SUMMED = 2000
/** Bytes of a line of hexadecimal digits. */
const HEX_LINE = 16
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The form that tells most about the bytes. */
export function bestForm(bytes: Uint8Array): ContentForm {
  const text = decode(bytes)
  if (text !== undefined && !hasControls(text)) return isStructured(text) ? 'json' : 'text'
  return asMsgpack(bytes) === undefined ? 'hex' : 'msgpack'
}

/** Undefined when the bytes have no such form. */
export function showContent(
  bytes: Uint8Array,
  form: ContentForm,
  isWhole = false,
): ShownContent | undefined {
  const limit = isWhole ? Number.POSITIVE_INFINITY : MAX_SHOWN
  if (form === 'hex') {
    const lines = Math.min(bytes.length, Math.floor(limit / 4))
    return { text: hexLines(bytes.subarray(0, lines)), isCut: lines < bytes.length }
  }
  const text = form === 'text' ? decode(bytes) : structured(bytes, form)
  if (text === undefined) return undefined
  return { text: visible(text.slice(0, limit)), isCut: text.length > limit }
}

/** One line for lists. */
export function summary(bytes: Uint8Array): string {
  const head = bytes.subarray(0, 200)
  const text = decode(head) ?? decode(head.subarray(0, -1)) ?? decode(head.subarray(0, -2))
  if (text !== undefined && !hasControls(text)) return visible(text.replace(/\s+/g, ' '))
  const packed = bytes.length > MAX_SUMMED ? undefined : asMsgpack(bytes)
  if (packed !== undefined) return visible(packed.replace(/\s+/g, ' ').slice(0, 200))
  const digits = hex(head.subarray(0, 32))
  return bytes.length > 32 ? `${digits} …` : digits
}

/** Control characters, and those that turn the direction of what follows, as signs of their own. */
export function visible(text: string): string {
  return text.replace(CONTROLS, (sign) => {
    const code = sign.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`
  })
}

/** All but line breaks and tabs. */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

function hasControls(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return /[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/.test(text)
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return STRICT.decode(bytes)
  } catch {
    return undefined
  }
}

function isStructured(text: string): boolean {
  return /^\s*[[{]/.test(text) && asJson(text) !== undefined
}

function structured(bytes: Uint8Array, form: 'json' | 'msgpack'): string | undefined {
  if (form === 'json') {
    const text = decode(bytes)
    return text === undefined ? undefined : asJson(text)
  }
  return asMsgpack(bytes)
}

function asJson(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return undefined
  }
}

/** Undefined unless the bytes begin with an item: nearly all do, so simple ones count as none. */
function asMsgpack(bytes: Uint8Array): string | undefined {
  try {
    const value = unpackMsgpackValue(bytes)
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) {
      return undefined
    }
    return JSON.stringify(plain(value), null, 2)
  } catch {
    return undefined
  }
}

function plain(value: MsgpackValue): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return `<${value.length} bytes: ${hex(value.subarray(0, 32))}>`
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) {
    return [...value].map(([key, item]) => ({ key: plain(key), value: plain(item) }))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** As `hexdump -C` has it. */
function hexLines(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += HEX_LINE) {
    const part = bytes.subarray(at, at + HEX_LINE)
    const signs = Array.from(part, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    )
    const offset = at.toString(16).padStart(5, '0')
    lines.push(`${offset}  ${hex(part).padEnd(3 * HEX_LINE - 1)}  ${signs.join('')}`)
  }
  return lines.join('\n')
}
