// SPDX-License-Identifier: MIT
// Public face of the engine, `opendht/core`: for drivers other than the UDP runner, such as
// simulators, other runtimes and tools that read the wire format.

export type { DhtConfig, ResolvedConfig } from './config.ts'
export { DEFAULT_PORT, MAX_VALUE_BYTES } from './constants.ts'
export { Dht, type PutOptions } from './dht.ts'
export { DhtError, type DhtErrorCode, WireError } from './errors.ts'
export type { DhtEvent, NodeExport, NodeStatus, OperationId, Outcome } from './events.ts'
export { InfoHash } from './id/info-hash.ts'
export { PkId } from './id/pk-id.ts'
export { type Family, SocketAddress } from './id/socket-address.ts'
export { Outbox } from './net/outbox.ts'
export type { DhtPorts, Log, LogLevel, Random, SignatureVerifier } from './ports.ts'
export type { FamilyReadiness, Readiness, UnreadyReason } from './readiness.ts'
export type {
  DhtStats,
  FamilyStats,
  KeySnapshot,
  NodeSnapshot,
  RoutingTableSnapshot,
  SearchSnapshot,
  SourceSnapshot,
} from './snapshots.ts'
export { type NodeState, packState, unpackState, type ValuesExport } from './storage/state.ts'
export type { ImportResult } from './storage/value-transfer.ts'
export { FieldValueIndex, type FieldValues } from './value/field-value-index.ts'
export { packedValue, packValue, toSignBytes } from './value/pack-value.ts'
export { type Condition, Field, QUERY_ALL, Query, Select, Where } from './value/query.ts'
export { packQuery, unpackQuery } from './value/query-codec.ts'
export { parseQuery, parseSelect, parseWhere } from './value/query-parser.ts'
export { unpackValue, unpackValueBytes } from './value/unpack-value.ts'
export { MAX_VALUE_ID, Value, type ValueId, type ValueInit } from './value/value.ts'
export type { EditPolicy, StorePolicy, ValueType } from './value/value-type.ts'
export { MsgpackReader } from './wire/msgpack-reader.ts'
export { MsgpackWriter } from './wire/msgpack-writer.ts'
