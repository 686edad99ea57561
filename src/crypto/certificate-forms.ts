// SPDX-License-Identifier: MIT
// The forms in which certificates come: PEM, where text around the blocks is skipped, DER, and both
// as a MessagePack `bin`, which is how they are stored in the network.

import { readItem } from './der.ts'
import { CryptoError, certificateError } from './errors.ts'
import { pemText, readPem } from './pem.ts'

/** What is longer is not read. */
export const MAX_CHAIN_BYTES: number = 64 * 1024
/** Certificates of a chain. */
export const MAX_CHAIN_LENGTH = 16

const LABELS = ['CERTIFICATE', 'X509 CERTIFICATE']
const BEGIN = /-----BEGIN (?:X509 )?CERTIFICATE-----/g
const DER_SEQUENCE = 0x30
/** Bytes that the length takes in `bin 8`, `bin 16` and `bin 32`. */
const BIN_LENGTH_BYTES: Record<number, number> = { 196: 1, 197: 2, 198: 4 }

/**
 * The DER of each certificate in the order of the input, at least one; views into it, if it is DER
 * itself. Throws CryptoError.
 */
export function readCertificates(input: Uint8Array | string): Uint8Array[] {
  if (input.length > MAX_CHAIN_BYTES) {
    throw new CryptoError(
      'ERR_CRYPTO_CHAIN',
      `Cannot read certificates of ${input.length} bytes: ${MAX_CHAIN_BYTES} are allowed`,
    )
  }
  if (typeof input === 'string') return readPemCertificates(input)
  const bytes = withoutBinHeader(input)
  if (isDer(bytes)) return [bytes]
  return readPemCertificates(pemText(bytes) ?? '')
}

function readPemCertificates(text: string): Uint8Array[] {
  const blocks = readPem(text).filter(({ label }) => LABELS.includes(label))
  const announced = text.match(BEGIN)?.length ?? 0
  if (blocks.length < announced) throw certificateError('certificate: it is truncated')
  if (blocks.length === 0) throw certificateError('certificate: there is none, neither PEM nor DER')
  if (blocks.length > MAX_CHAIN_LENGTH) {
    throw new CryptoError(
      'ERR_CRYPTO_CHAIN',
      `Cannot read a chain of ${blocks.length} certificates: ${MAX_CHAIN_LENGTH} are allowed`,
    )
  }
  return blocks.map(({ der }) => {
    if (der === undefined) throw certificateError('certificate: it is no base64')
    return der
  })
}

function isDer(bytes: Uint8Array): boolean {
  if (bytes[0] !== DER_SEQUENCE) return false
  try {
    readItem(bytes)
    return true
  } catch {
    // Then it may be a text that starts with the same character.
    return false
  }
}

function withoutBinHeader(bytes: Uint8Array): Uint8Array {
  const count = BIN_LENGTH_BYTES[bytes[0] ?? 0]
  if (count === undefined || bytes.length < 1 + count) return bytes
  let length = 0
  for (let i = 1; i <= count; i++) length = length * 256 + bytes[i]!
  return length === bytes.length - 1 - count ? bytes.subarray(1 + count) : bytes
}
