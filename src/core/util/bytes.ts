// SPDX-License-Identifier: MIT
// Byte string helpers: UTF-8, hexadecimal, comparison. Pure functions, no host objects.

const encoder = new TextEncoder()
/** Keeps a byte order mark: bytes that are signed have to survive decoding and encoding. */
const DECODER_OPTIONS = { fatal: false, ignoreBOM: true }
const decoder = new TextDecoder('utf-8', DECODER_OPTIONS)
const HEX = '0123456789abcdef'

export const EMPTY_BYTES = new Uint8Array(0)

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Decodes UTF-8; malformed sequences become U+FFFD, so that no input throws. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte >> 4]! + HEX[byte & 15]!
  return text
}

/** Reads pairs of hexadecimal digits; undefined when the text holds anything else. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  }
  return bytes
}

/**
 * A copy that is independent of its source. Not `slice`: on a Buffer, which datagrams may be, that
 * is a view.
 */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/**
 * Bytes as the characters of a text, one each: what is kept of many peers takes a seventh of the
 * memory of a byte array, which costs some 200 bytes beside its content. At most a few hundred.
 */
export function toByteText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

/** Whether `text` is the byte text of `bytes`. */
export function isByteText(text: string, bytes: Uint8Array): boolean {
  if (text.length !== bytes.length) return false
  for (let i = 0; i < bytes.length; i++) if (text.charCodeAt(i) !== bytes[i]) return false
  return true
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Big-endian 32-bit word at `offset`, as a signed integer (the form that all id tables use). */
export function readWord(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset]! << 24) |
    (bytes[offset + 1]! << 16) |
    (bytes[offset + 2]! << 8) |
    bytes[offset + 3]!
  )
}

export function writeWord(bytes: Uint8Array, offset: number, word: number): void {
  bytes[offset] = word >>> 24
  bytes[offset + 1] = word >>> 16
  bytes[offset + 2] = word >>> 8
  bytes[offset + 3] = word
}
