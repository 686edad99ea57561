// SPDX-License-Identifier: MIT
// Errors as the Python package gets them: a code that it maps to an exception, and a text.

import { DhtError } from '../core/errors.ts'
import { CryptoError } from '../crypto/errors.ts'
import { FailureCode } from './protocol.ts'

export function describeFailure(error: unknown): [code: string, text: string] {
  if (error instanceof DhtError || error instanceof CryptoError) return [error.code, error.message]
  if (error instanceof RangeError) return [FailureCode.Range, error.message]
  if (error instanceof TypeError) return [FailureCode.Type, error.message]
  if (error instanceof Error && error.name === 'AbortError') {
    return [FailureCode.Aborted, error.message]
  }
  if (error instanceof Error && 'syscall' in error) return [FailureCode.System, error.message]
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [FailureCode.Internal, text]
}
