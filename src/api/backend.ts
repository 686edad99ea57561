// SPDX-License-Identifier: MIT
// What does the work behind a DhtInterface: an engine of our own, or a proxy elsewhere. Everything
// above it (arguments, async iterators, signatures, decryption) is the same for all of them.

import type { NodeExport, NodeStatus, Outcome } from '../core/events.ts'
import type { InfoHash } from '../core/id/info-hash.ts'
import type { Readiness } from '../core/readiness.ts'
import type { DhtStats } from '../core/snapshots.ts'
import type { FieldValueIndex } from '../core/value/field-value-index.ts'
import type { Query } from '../core/value/query.ts'
import type { Value, ValueId } from '../core/value/value.ts'

export interface OperationEnd {
  readonly outcome: Outcome
  readonly nodes: readonly NodeExport[]
  /** Of a failure, when more is known than the outcome tells. */
  readonly cause?: Error
}

/** Who takes the results of one operation. Calls may come before the operation has returned. */
export interface OperationEvents {
  values?(values: readonly Value[], expired: boolean): void
  fields?(fields: readonly FieldValueIndex[]): void
  /** The last event of the operation. */
  done(end: OperationEnd): void
}

export interface PutEvents {
  /** First of all: the value with its id. After `forget`, nothing more is reported of the put. */
  started(value: Value, forget: () => void): void
  done(end: OperationEnd): void
}

export interface BackendPutOptions {
  permanent: boolean
  /** Wall clock; left out for now. */
  createdMs?: number
}

/** A listen that has not ended. */
export interface Listening {
  /** Nothing is reported after that. May be repeated. */
  stop(): void
  /** Values that were reported and have not expired, each with its last content. */
  known(): Iterable<Value>
}

export interface PermanentPut {
  readonly key: InfoHash
  readonly value: Value
}

export interface FamilyStatus {
  readonly ipv4: NodeStatus
  readonly ipv6: NodeStatus
}

export interface Backend {
  /** Called after every change of the status. */
  onStatus: ((status: FamilyStatus) => void) | undefined

  /** Values, or fields when the query selects some. Returns what ends it without an event. */
  startGet(key: InfoHash, query: Query, events: OperationEvents): () => void
  startListen(key: InfoHash, query: Query, events: OperationEvents): Listening
  startPut(key: InfoHash, value: Value, options: BackendPutOptions, events: PutEvents): void
  /** Whether there was such a put. Who still waits for it hears that it was replaced. */
  cancelPut(key: InfoHash, id: ValueId): boolean
  /** Own puts under `key` that are being announced or renewed. */
  pendingPuts(key: InfoHash): Value[]
  /** Under all keys, those that are renewed until they are cancelled. */
  permanentPuts(): PermanentPut[]
  localValues(key: InfoHash, query: Query): Value[]
  stats(): Promise<DhtStats>
  status(): FamilyStatus
  readiness(): Readiness
  /** Ends all that is pending with the outcome `closed`. */
  close(): void
}
