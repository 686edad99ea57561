// SPDX-License-Identifier: MIT
// Decrypts one block of RSAES-PKCS1-v1_5. The raw operation and a check of our own, because with
// OpenSSL's check Node.js 20 refuses to work and later ones return garbage for a damaged block.

import { constants, type KeyObject, privateDecrypt } from 'node:crypto'
import { WorkerTask } from './worker-task.ts'

/** Bytes that the padding takes at least: 00 02, 8 that are not zero, 00. */
export const PADDING_BYTES = 11
/** 4096 bits take some milliseconds each: what comes beyond would be late anyway. */
const MAX_PENDING = 1024

interface RawInput {
  key: KeyObject
  padding: number
  block: Uint8Array
}

/** Shared by all keys of the process. */
export const rsaTask: WorkerTask<RawInput, Uint8Array> = new WorkerTask(decryptRaw, {
  maxPending: MAX_PENDING,
})

/** A padded block. Node.js has no asynchronous form of this, so it is done in a thread. */
export function decryptBlock(key: KeyObject, block: Uint8Array): Promise<Uint8Array> {
  // A copy: of a view, the whole buffer would go to the thread.
  return rsaTask.run({ key, padding: constants.RSA_NO_PADDING, block: Uint8Array.from(block) })
}

/** As `decryptBlock`, on the event loop. */
export function decryptBlockSync(key: KeyObject, block: Uint8Array): Uint8Array {
  return new Uint8Array(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, block))
}

/**
 * Content of a padded block (RFC 8017, section 7.2.2), undefined when the padding is wrong. Where
 * it is wrong does not show in the time that this takes.
 */
export function unpad(block: Uint8Array): Uint8Array | undefined {
  let wrong = block[0]! | (block[1]! ^ 2)
  let separator = 0
  for (let i = 2; i < block.length; i++) {
    const isFirstZero = isZero(block[i]!) & isZero(separator)
    separator |= -isFirstZero & i
  }
  // Negative when there is none, or less than 8 bytes before it.
  wrong |= (separator - (PADDING_BYTES - 1)) >>> 31
  return wrong === 0 ? block.slice(separator + 1) : undefined
}

/** 1 for zero, 0 for any other number below 2^31. */
function isZero(value: number): number {
  return (value - 1) >>> 31
}

/** Runs in a thread, from its text. */
function decryptRaw({ key, padding, block }: RawInput): Uint8Array {
  const { privateDecrypt } = process.getBuiltinModule('node:crypto')
  return new Uint8Array(privateDecrypt({ key, padding }, block))
}
