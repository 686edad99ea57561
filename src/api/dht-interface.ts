// SPDX-License-Identifier: MIT
// What an application can do with a DHT, whoever does the work behind it: a node with sockets, a
// simulated one, or a client of a node elsewhere.
//
// Rules for all methods. Wrong arguments are TypeError or RangeError and nothing has started then.
// Failures are DhtError with a stable `code`. An abort ends the operation with the reason of its
// signal. Iterables start nothing before iteration begins; every loop over one is an operation of
// its own, ended by break, abort or close.

import type { NodeExport, NodeStatus } from '../core/events.ts'
import type { DhtStats } from '../core/snapshots.ts'
import type { FieldValueIndex } from '../core/value/field-value-index.ts'
import type { Query } from '../core/value/query.ts'
import type { Value, ValueId } from '../core/value/value.ts'
import type { Key } from './key.ts'
import type { WhereInput } from './query-input.ts'
import type { ValueInput } from './value-input.ts'
import type { ValueEvent } from './value-queue.ts'

/** What every operation takes. */
export interface OperationOptions {
  signal?: AbortSignal | undefined
}

/** What `get` takes. */
export interface GetOptions extends OperationOptions {
  /** Conditions that peers apply. Default: all values under the key. */
  where?: WhereInput | undefined
  /** Further condition, applied here. When it throws, the operation ends with that error. */
  filter?: ((value: Value) => boolean) | undefined
  /**
   * Deliver encrypted values as they are, also those that could be decrypted: for who passes them
   * on to their readers. Default false.
   */
  forwardEncrypted?: boolean | undefined
}

/** A value that does not pass counts as not there: neither it nor its expiry is reported. */
export type ListenOptions = GetOptions

/** What `put` takes. */
export interface PutOptions extends OperationOptions {
  /** Renew the value on the network until it is cancelled or the node closes. Default false. */
  permanent?: boolean | undefined
  /**
   * When the value came into being: its lifetime counts from then. Default, and latest, now; always
   * now through a proxy.
   */
  created?: Date | undefined
}

/** What became of a put. */
export interface PutResult {
  /** What was stored; its id can be given to `cancelPut`. */
  readonly value: Value
  /** The nodes that took it; empty through a proxy, which does not tell. */
  readonly nodes: readonly NodeExport[]
}

/** How well a node is connected, by address family. */
export interface DhtStatus {
  readonly ipv4: NodeStatus
  readonly ipv6: NodeStatus
  /** The better of the two. */
  readonly overall: NodeStatus
}

export interface DhtInterface extends AsyncDisposable {
  /**
   * Values under `key`: first those stored here, then what peers answer, as it comes; every pair
   * of value id and content once, in no particular order. Finding nothing is not an error. Throws
   * ERR_DHT_NO_NODES, or ERR_DHT_FAILED when too few nodes answered, if nothing was found besides.
   */
  get(key: Key, options?: GetOptions): AsyncIterable<Value>

  /** All that `get` finds, once it ends. */
  getAll(key: Key, options?: GetOptions): Promise<Value[]>

  /** The first value that `get` finds; undefined when there is none. Ends the search early. */
  getFirst(key: Key, options?: GetOptions): Promise<Value | undefined>

  /**
   * Only some fields of the values under `key`, as in `SELECT id,seq WHERE value_type=3`: cheap
   * when values are large. The same result is not reported twice.
   */
  query(key: Key, query: string | Query, options?: OperationOptions): AsyncIterable<FieldValueIndex>

  /**
   * Changes of the values under `key`, beginning with those that exist. A new revision of a value
   * is reported as a further change of the same value id. Who reads slowly gets the last state of
   * a value instead of every step. Ends without an error when the node is closed.
   */
  listen(key: Key, options?: ListenOptions): AsyncIterable<ValueEvent>

  /**
   * Stores a value here and on the nodes closest to `key`. A put of a value id that is being put
   * already takes over when the content differs: the older one fails with ERR_DHT_REPLACED.
   *
   * When no peer could be reached, or too few answered, it rejects with a PutError, whose `value`
   * stays stored on this node. An abort before the end withdraws the value as `cancelPut` does.
   */
  put(key: Key, value: ValueInput, options?: PutOptions): Promise<PutResult>

  /**
   * Stops announcing a value and removes it from this node; copies on other nodes expire. A put of
   * it that is still pending rejects with an AbortError. Resolves to whether there was such a put.
   */
  cancelPut(key: Key, value: Value | ValueId): Promise<boolean>

  /** The values under `key` that this node stores itself. */
  getLocal(key: Key, options?: Pick<GetOptions, 'where' | 'filter'>): Value[]

  /** Counters and table sizes at this moment. */
  stats(): Promise<DhtStats>

  /** How well it is connected at this moment; `readiness` says whether operations can succeed. */
  status(): DhtStatus

  /**
   * Calls `listener` after every change of the status, never from within another call. Returns a
   * function that ends this.
   */
  onStatus(listener: (status: DhtStatus) => void): () => void

  /**
   * Ends all operations, pending ones with ERR_DHT_CLOSED, and frees everything. May be repeated.
   */
  close(): Promise<void>
}
