// SPDX-License-Identifier: MIT
// Base64 with padding (RFC 4648, section 4), the form of bytes in JSON. Every JavaScript runtime of
// interest has the two functions of the web for it.

/** Arguments of one call: engines limit them. */
const STEP = 8192

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += STEP) {
    const part = bytes.subarray(at, at + STEP) as unknown as number[]
    text += String.fromCharCode.apply(null, part)
  }
  return btoa(text)
}

/** Blanks, and missing padding, are forgiven; undefined for anything else that is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text)
    const bytes = new Uint8Array(binary.length)
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
    return bytes
  } catch {
    return undefined
  }
}
