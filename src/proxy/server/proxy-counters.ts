// SPDX-License-Identifier: MIT
// What a proxy server counts: since its start, and what is open now.

/** What a proxy has counted since it began. */
export interface ProxyCounters {
  /** Requests that reached a route, by its method and path. */
  readonly requests: Record<string, number>
  /** Replies by status. */
  readonly replies: Record<number, number>
  /** Open now. */
  connections: number
  listens: number
  operations: number
  /** Lines of gets and listens that were sent. */
  lines: number
  /** Refused, or ended, by limit. */
  readonly refused: Record<RefusalReason, number>
  /** Handlers that failed for a reason of our own. */
  internalErrors: number
}

/** Why a request was refused. */
export type RefusalReason =
  | 'connections'
  | 'listens'
  | 'operations'
  | 'rate'
  | 'pipelined'
  | 'body'
  | 'malformed'
  | 'slow'
  | 'stalled'
  | 'closing'

export function newCounters(): ProxyCounters {
  return {
    requests: {},
    replies: {},
    connections: 0,
    listens: 0,
    operations: 0,
    lines: 0,
    refused: {
      connections: 0,
      listens: 0,
      operations: 0,
      rate: 0,
      pipelined: 0,
      body: 0,
      malformed: 0,
      slow: 0,
      stalled: 0,
      closing: 0,
    },
    internalErrors: 0,
  }
}
