// SPDX-License-Identifier: MIT
// What happens in a simulation, for those who watch it: checkers, and programs of their own. Every
// method is optional and is called in the middle of things: it must not use a node.

import type { DhtEvent, OperationId } from '../core/events.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { SocketAddress } from '../core/id/socket-address.ts'
import type { Query } from '../core/value/query.ts'
import type { Value, ValueId } from '../core/value/value.ts'
import type { SimNode } from './sim-node.ts'
import type { OperationKind } from './trace.ts'

/** What became of a node. */
export type NodeChange = 'added' | 'up' | 'down' | 'removed'

/** An operation that begins. */
export interface OperationStart {
  readonly operation: OperationId
  readonly kind: OperationKind
  /** Undefined for pings. */
  readonly key?: InfoHash
  /** Set for gets and listens. */
  readonly query?: Query
  /** Set for puts, with the id that it got. */
  readonly value?: Value
  readonly isPermanent?: boolean
  /** When the value came into being, if that was said: wall time in ms. */
  readonly createdMs?: number | undefined
}

/** Hears what happens in a network. */
export interface SimObserver {
  onNode?(node: SimNode, change: NodeChange): void
  /** `bytes` are valid during the call. */
  onSent?(from: SimNode, to: SocketAddress, bytes: Uint8Array): void
  onStart?(node: SimNode, start: OperationStart): void
  /** A get or listen was ended by its user: no more events come. */
  onCancel?(node: SimNode, operation: OperationId): void
  onCancelPut?(node: SimNode, key: InfoHash, valueId: ValueId): void
  /** In the order in which the application gets them. */
  onEvent?(node: SimNode, event: DhtEvent): void
}
