// SPDX-License-Identifier: MIT
// What the engine tells its driver: a queue of plain objects, drained after every call. Never
// callbacks, so that user code cannot re-enter the engine.

import type { InfoHash } from './id/info-hash.ts'
import type { SocketAddress } from './id/socket-address.ts'
import type { FieldValueIndex } from './value/field-value-index.ts'
import type { Value } from './value/value.ts'

/** Names one get, query, listen or put for its lifetime. */
export type OperationId = number

/** A peer as it is exported: enough to contact it again. */
export interface NodeExport {
  readonly id: InfoHash
  readonly address: SocketAddress
}

/** `connected` with a good node, `connecting` while some are asked, else `disconnected`. */
export type NodeStatus = 'connected' | 'connecting' | 'disconnected'

/**
 * How an operation ended. `no-nodes`: nobody could be reached. `failed`: too few of the nodes that
 * are known to exist answered. `replaced`: another put of the same value id took over. `limit`: a
 * configured limit refused it. `closed`: the node shut down.
 */
export type Outcome = 'ok' | 'no-nodes' | 'failed' | 'replaced' | 'limit' | 'closed'

/** What an engine has to say: taken with `takeEvents`. */
export type DhtEvent =
  /** Results of a get, or changes that a listen saw; `expired` values are gone. */
  | {
      readonly kind: 'values'
      readonly operation: OperationId
      readonly values: readonly Value[]
      readonly expired: boolean
    }
  /** Results of a query that selects fields. */
  | {
      readonly kind: 'fields'
      readonly operation: OperationId
      readonly fields: readonly FieldValueIndex[]
    }
  /**
   * Exactly once per get, query and put; for a listen only when it ends by itself. A permanent put
   * is done when it is first announced and goes on being renewed. `nodes` answered it.
   */
  | {
      readonly kind: 'done'
      readonly operation: OperationId
      readonly outcome: Outcome
      readonly nodes: readonly NodeExport[]
    }
  | { readonly kind: 'status'; readonly ipv4: NodeStatus; readonly ipv6: NodeStatus }
  /** Our address as most peers see it changed. */
  | { readonly kind: 'public-address'; readonly addresses: readonly SocketAddress[] }
  /** A family has nobody to talk to: the driver resolves its bootstrap names and hands them in. */
  | { readonly kind: 'bootstrap-wanted' }
