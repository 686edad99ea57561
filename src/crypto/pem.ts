// SPDX-License-Identifier: MIT
// PEM text (RFC 7468): base64 between BEGIN and END lines. Text around the blocks is skipped, as
// OpenDHT does.

/** Text that is longer is not searched: keys and chains of certificates are far smaller. */
export const MAX_PEM_CHARS = 1 << 20

export interface PemBlock {
  label: string
  /** Undefined when this is not plain base64, as in private keys encrypted in the old style. */
  der: Uint8Array | undefined
  /** From BEGIN to END. */
  text: string
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n([^-]*(?:-(?!----)[^-]*)*)-----END \1-----/g
const BASE64 = /^[A-Za-z0-9+/\s]*(?:=\s*){0,2}$/

/** The blocks of a text in their order; none when it is no PEM, or beyond `MAX_PEM_CHARS`. */
export function readPem(text: string): PemBlock[] {
  if (text.length > MAX_PEM_CHARS) return []
  return [...text.matchAll(BLOCK)].map(([block, label = '', body = '']) => {
    const der = BASE64.test(body) ? new Uint8Array(Buffer.from(body, 'base64')) : undefined
    return { label, der, text: `${block}\n` }
  })
}

/** The text of bytes or text that may hold PEM blocks; undefined when it cannot. */
export function pemText(input: Uint8Array | string): string | undefined {
  const text =
    typeof input === 'string'
      ? input
      : Buffer.from(input.buffer, input.byteOffset, input.length).toString('latin1')
  return text.includes('-----BEGIN ') ? text : undefined
}

/** Lines of 64 characters, and a newline at the end. */
export function writePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64')
  const lines = base64.match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
