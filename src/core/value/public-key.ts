// SPDX-License-Identifier: MIT
// Recognises public keys without understanding them: ids and signatures of values are made over the
// bytes of the DER SubjectPublicKeyInfo (spec crypto, section 2), so that is the one form we keep.
// Whether the key is of use is for the SignatureVerifier to say.

const PEM_BEGIN = '-----BEGIN PUBLIC KEY-----'
const PEM_END = '-----END PUBLIC KEY-----'
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** RSA of 15,000 bits and more: what nobody uses only makes checking signatures expensive. */
const MAX_DER_BYTES = 2048
const MAX_PEM_BYTES = 4096

const SEQUENCE = 0x30
const OBJECT_IDENTIFIER = 0x06
const BIT_STRING = 0x03

/**
 * The DER form of a public key that is given as PEM text or as DER; undefined when it is neither.
 * The result is never a view into `bytes`.
 */
export function readPublicKey(bytes: Uint8Array): Uint8Array | undefined {
  const isText = bytes[0] === PEM_BEGIN.charCodeAt(0)
  if (bytes.length > (isText ? MAX_PEM_BYTES : MAX_DER_BYTES)) return undefined
  // Not `slice`: of a host's own kind of byte array, it may be a view.
  const der = isText ? decodePem(bytes) : new Uint8Array(bytes)
  return der !== undefined && isSubjectPublicKeyInfo(der) ? der : undefined
}

/** SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, … }, BIT STRING }, with nothing behind it. */
function isSubjectPublicKeyInfo(der: Uint8Array): boolean {
  const outer = contentOf(der, 0, SEQUENCE)
  if (outer === undefined || outer.end !== der.length || der.length > MAX_DER_BYTES) return false
  const algorithm = contentOf(der, outer.start, SEQUENCE)
  if (algorithm === undefined) return false
  const oid = contentOf(der, algorithm.start, OBJECT_IDENTIFIER)
  if (oid === undefined || oid.end > algorithm.end || oid.start === oid.end) return false
  const key = contentOf(der, algorithm.end, BIT_STRING)
  // The first byte of a bit string counts the unused bits at its end: a key is whole bytes.
  return (
    key !== undefined && key.end === outer.end && key.end - key.start > 1 && der[key.start] === 0
  )
}

/** Extent of the content of an item with the given tag, in minimal length form as DER demands. */
function contentOf(
  der: Uint8Array,
  offset: number,
  tag: number,
): { start: number; end: number } | undefined {
  const first = der[offset + 1]
  if (der[offset] !== tag || first === undefined) return undefined
  let start = offset + 2
  let length = first
  if (first >= 0x80) {
    const digits = first & 0x7f
    if (digits < 1 || digits > 3) return undefined
    length = 0
    for (let i = 0; i < digits; i++) length = length * 256 + (der[start++] ?? 0)
    if (length < 0x80 || length < 256 ** (digits - 1)) return undefined
  }
  return start + length <= der.length ? { start, end: start + length } : undefined
}

function decodePem(bytes: Uint8Array): Uint8Array | undefined {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  const end = text.indexOf(PEM_END)
  if (!text.startsWith(PEM_BEGIN) || end < 0) return undefined
  return decodeBase64(text.slice(PEM_BEGIN.length, end).replace(/[\r\n \t]/g, ''))
}

function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/={0,2}$/, '')
  const bytes = new Uint8Array(Math.floor((digits.length * 6) / 8))
  let bits = 0
  let at = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = BASE64.indexOf(digits[i]!)
    if (digit < 0) return undefined
    bits = ((bits << 6) | digit) & 0xfff
    if (i % 4 !== 0) bytes[at++] = bits >> (6 - 2 * (i % 4))
  }
  return bytes
}
