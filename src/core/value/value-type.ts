// SPDX-License-Identifier: MIT
// Value types: lifetime of a value on a storing node, and the policies by which the node accepts a
// new value or an edit (spec values, section 6). Local configuration: only the type id travels.

import type { InfoHash } from '../id/info-hash.ts'
import type { SocketAddress } from '../id/socket-address.ts'
import type { Value } from './value.ts'

/** Decides about a value whose id is new: the value to store (perhaps rewritten), or undefined. */
export type StorePolicy = (key: InfoHash, value: Value, from: SocketAddress) => Value | undefined

/** Decides whether `next` may replace the stored `current` of the same id and other content. */
export type EditPolicy = (
  key: InfoHash,
  current: Value,
  next: Value,
  from: SocketAddress,
) => boolean

export interface ValueType {
  readonly id: number
  readonly name: string
  /** How long a storing node keeps a value after its creation or last refresh, in milliseconds. */
  readonly lifetimeMs: number
  readonly storePolicy: StorePolicy
  readonly editPolicy: EditPolicy
}
