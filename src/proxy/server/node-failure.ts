// SPDX-License-Identifier: MIT
// What went wrong in the node, as a status for whoever asked.

import { DhtError, type DhtErrorCode } from '../../core/errors.ts'
import { HttpError } from './http-error.ts'

const UNAVAILABLE: ReadonlySet<DhtErrorCode> = new Set(['ERR_DHT_CLOSED', 'ERR_DHT_LIMIT'])

/**
 * 400 and 413 for a value that no node takes, 503 when the node is closed or at a limit, or nothing
 * can be stored, 502 when the network did not answer. What is none of these is returned as it is: a
 * fault of ours.
 */
export function failureOf(action: string, error: unknown): unknown {
  if (error instanceof DhtError) {
    // Where and why is for the operator, whose log has it.
    if (error.code === 'ERR_DHT_STATE') {
      return new HttpError(503, `${action}: nothing can be stored now`, { 'Retry-After': '5' })
    }
    const message = `${action}: ${error.message}`
    if (!UNAVAILABLE.has(error.code)) return new HttpError(502, message)
    return new HttpError(503, message, { 'Retry-After': '5' })
  }
  const isTooLarge = error instanceof RangeError && /too large|bytes/.test(error.message)
  if (isTooLarge) return new HttpError(413, `${action}: ${error.message}`)
  const isWrong = error instanceof TypeError || error instanceof RangeError
  return isWrong ? new HttpError(400, `${action}: ${error.message}`) : error
}
