// SPDX-License-Identifier: MIT
// Signatures under certificates, requests and revocation lists, and what their codecs share.

import { sign } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { AlgorithmIdentifier } from '@peculiar/asn1-x509'
import { readItem } from '../der.ts'
import { certificateError } from '../errors.ts'
import type { PrivateKey } from '../private-key.ts'
import { type Digest, signatureOid } from '../signature-algorithm.ts'

/** An extension of a certificate. */
export interface ExtensionContent {
  readonly oid: string
  readonly isCritical: boolean
  /** In DER. */
  readonly value: Uint8Array
}

export function signingAlgorithm(key: PrivateKey, digest: Digest): AlgorithmIdentifier {
  const { type } = key.publicKey
  const algorithm = signatureOid(type, digest)
  // RFC 4055 wants a NULL there, RFC 5758 wants nothing.
  return new AlgorithmIdentifier(type === 'rsa' ? { algorithm, parameters: null } : { algorithm })
}

/** Off the event loop. */
export function signBytes(
  key: PrivateKey,
  digest: Digest,
  data: Uint8Array | ArrayBuffer,
): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    sign(digest, new Uint8Array(data), key.keyObject, (error, signature) => {
      if (error) reject(error)
      else resolve(toBuffer(signature))
    })
  })
}

/**
 * Parses DER with a schema. `what` names it in the error. Throws CryptoError for anything else than
 * one structure of that kind.
 */
export function decode<T>(der: Uint8Array, schema: new () => T, what: string): T {
  let structure: T
  let again: Uint8Array
  try {
    readItem(der)
    structure = AsnConvert.parse(toBuffer(der), schema, { berOptions: { maxNodes: MAX_NODES } })
    again = encode(structure)
  } catch (cause) {
    throw certificateError(`${what}: it is damaged or something else`, cause)
  }
  // The library skips what does not fit. That is missing when the rest is written again.
  if (Buffer.compare(again, der) === 0) return structure
  throw certificateError(`${what}: it has parts that are not supported, or is no DER`)
}

export function encode(structure: unknown): Uint8Array {
  return new Uint8Array(AsnConvert.serialize(structure))
}

/** A text as DirectoryString, of the kind that GnuTLS chooses. */
export function directoryText(text: string): { printableString: string } | { utf8String: string } {
  return PRINTABLE.test(text) ? { printableString: text } : { utf8String: text }
}

export function toBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

/** What PrintableString may hold (X.680, section 41.4). */
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/
/** Enough for a revocation list of the greatest size, which takes four per certificate. */
const MAX_NODES = 50_000
