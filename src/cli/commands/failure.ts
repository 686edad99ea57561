// SPDX-License-Identifier: MIT
// Why an operation failed, in a few words for the end of a line.

import type { DhtErrorCode } from '../../core/errors.ts'

const REASONS: Partial<Record<DhtErrorCode, string>> = {
  ERR_DHT_NO_NODES: 'no node of the network answered',
  ERR_DHT_FAILED: 'too few nodes answered',
  ERR_DHT_REPLACED: 'another put of this value id took over',
  ERR_DHT_CLOSED: 'the node was stopped',
  ERR_DHT_LIMIT: 'a limit of this node is reached',
}

export function errorCode(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code
}

export function explainFailure(error: unknown): string {
  const reason = REASONS[errorCode(error) as DhtErrorCode]
  return reason ?? (error instanceof Error ? error.message : String(error))
}
