// SPDX-License-Identifier: MIT
// Why an operation failed, in a few words for the end of a line.

import { PutError } from '../../api/errors.ts'
import type { DhtErrorCode } from '../../core/errors.ts'
import type { CryptoErrorCode } from '../../crypto/errors.ts'

const REASONS: Partial<Record<DhtErrorCode | CryptoErrorCode, string>> = {
  ERR_DHT_NO_NODES: 'no node of the network answered',
  ERR_DHT_FAILED: 'too few nodes answered',
  ERR_DHT_REPLACED: 'another put of this value id took over',
  ERR_DHT_CLOSED: 'the node was stopped',
  ERR_DHT_LIMIT: 'a limit of this node is reached',
  ERR_CRYPTO_UNKNOWN_KEY: 'no certificate with this id was found',
}

function errorCode(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code
}

/** For puts: the node keeps its own values even when nobody else does. */
export function explainFailedPut(error: unknown): string {
  const reason = explainFailure(error)
  // Without a value, something that comes before the put has failed.
  const isKept = error instanceof PutError && error.code === 'ERR_DHT_NO_NODES'
  return isKept ? `stored locally only: ${reason}` : reason
}

export function explainFailure(error: unknown): string {
  const reason = REASONS[errorCode(error) as keyof typeof REASONS]
  return reason ?? (error instanceof Error ? error.message : String(error))
}
