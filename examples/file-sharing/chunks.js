// SPDX-License-Identifier: MIT
// How a file is laid out: chunks under the SHA-256 of their content, and a manifest that lists them
// under its own. Who has the id of the manifest can check everything, whoever stored it.

import { createHash } from 'node:crypto'

/** Below what a value may hold, with space for what surrounds it. */
const CHUNK_BYTES = 48 * 1024
/** A network of strangers is no place for large files. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024
export const MAX_CHUNKS = Math.ceil(MAX_FILE_BYTES / CHUNK_BYTES)

/** @param {Uint8Array} data */
export const digestOf = (data) => createHash('sha256').update(data).digest('hex')

/** @param {string} digest */
export const keyOf = (digest) => `example-file ${digest}`

/** @param {Uint8Array} data */
export function chunksOf(data) {
  const count = Math.ceil(data.length / CHUNK_BYTES)
  return Array.from({ length: count }, (_, i) =>
    data.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  )
}

/**
 * Calls `work` for all items, four at a time: many large values at once would crowd each other out.
 * @template T, R
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>} in the order of the items
 */
export async function inTurns(items, work) {
  /** @type {R[]} */
  const results = []
  const queue = items.entries()
  const worker = async () => {
    for (const [i, item] of queue) results[i] = await work(item)
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return results
}
