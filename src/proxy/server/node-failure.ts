// SPDX-License-Identifier: MIT
// What went wrong in the node, as a status for whoever asked.

import { DhtError } from '../../core/errors.ts'
import { HttpError } from './http-error.ts'

/**
 * 400 and 413 for a value that no node takes, 503 when the node is closed or at a limit, 502 when
 * the network did not answer. What is none of these is returned as it is: a fault of ours.
 */
export function failureOf(action: string, error: unknown): unknown {
  if (error instanceof DhtError) {
    const isBusy = error.code === 'ERR_DHT_CLOSED' || error.code === 'ERR_DHT_LIMIT'
    return new HttpError(isBusy ? 503 : 502, `${action}: ${error.message}`)
  }
  const isTooLarge = error instanceof RangeError && /too large|bytes/.test(error.message)
  if (isTooLarge) return new HttpError(413, `${action}: ${error.message}`)
  const isWrong = error instanceof TypeError || error instanceof RangeError
  return isWrong ? new HttpError(400, `${action}: ${error.message}`) : error
}
