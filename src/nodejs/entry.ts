// SPDX-License-Identifier: MIT
// Public face of the package, `opendht`: a node on Node.js and what its methods take and return.

export { DhtClient } from '../api/dht-client.ts'
export type {
  DhtInterface,
  DhtStatus,
  GetOptions,
  ListenOptions,
  OperationOptions,
  PutOptions,
  PutResult,
} from '../api/dht-interface.ts'
export { PutError } from '../api/errors.ts'
export type { Inspector } from '../api/inspector.ts'
export type { Key } from '../api/key.ts'
export type { WhereFields, WhereInput } from '../api/query-input.ts'
export type { ValueInput } from '../api/value-input.ts'
export type { ValueEvent } from '../api/value-queue.ts'
export type { DhtConfig } from '../core/config.ts'
export { DEFAULT_PORT, MAX_VALUE_BYTES } from '../core/constants.ts'
export { DhtError, type DhtErrorCode } from '../core/errors.ts'
export type { NodeExport, NodeStatus } from '../core/events.ts'
export { InfoHash } from '../core/id/info-hash.ts'
export { PkId } from '../core/id/pk-id.ts'
export { type Family, SocketAddress } from '../core/id/socket-address.ts'
export type { Log, LogLevel } from '../core/ports.ts'
export type { FamilyReadiness, Readiness, UnreadyReason } from '../core/readiness.ts'
export type {
  DhtStats,
  FamilyStats,
  KeySnapshot,
  NodeSnapshot,
  RoutingTableSnapshot,
  SearchSnapshot,
  SourceSnapshot,
} from '../core/snapshots.ts'
export type { ImportResult } from '../core/storage/value-transfer.ts'
export { FieldValueIndex } from '../core/value/field-value-index.ts'
export { type Condition, Field, Query, Select, Where } from '../core/value/query.ts'
export { parseQuery, parseSelect, parseWhere } from '../core/value/query-parser.ts'
export { MAX_VALUE_ID, Value, type ValueId, type ValueInit } from '../core/value/value.ts'
export type { EditPolicy, StorePolicy, ValueType } from '../core/value/value-type.ts'
export { Certificate } from '../crypto/certificate.ts'
export { CryptoError, type CryptoErrorCode } from '../crypto/errors.ts'
export { Identity } from '../crypto/identity.ts'
export { type GenerateKeyOptions, PrivateKey } from '../crypto/private-key.ts'
export { type KeyType, PublicKey } from '../crypto/public-key.ts'
export { RevocationList } from '../crypto/revocation-list.ts'
export { TrustList } from '../crypto/trust-list.ts'
export type { ProxyFetch } from '../proxy/client/ports.ts'
export { ProxyError } from '../proxy/client/proxy-error.ts'
export type { ProxyOptions } from '../proxy/client/proxy-options.ts'
export type { PushData, PushOptions, PushOutcome } from '../proxy/client/push.ts'
export type { CertificateStore, KeyId } from '../secure/certificate-finder.ts'
export { Register, type RegisterOptions } from '../secure/register.ts'
export type { RegisterState } from '../secure/register-state.ts'
export { SecureDht, type SecureOptions } from '../secure/secure-dht.ts'
export type { Recipient, SecureDhtInterface, SecureStats } from '../secure/secure-interface.ts'
export { DhtRunner } from './dht-runner.ts'
export type { DhtDiscoveryOptions } from './discovery/discovery-options.ts'
export type { PeerDiscovery } from './discovery/peer-discovery.ts'
export { createProxyFetch, type ProxyTlsOptions } from './proxy-fetch.ts'
export type { ProxySettings } from './proxy-switch.ts'
export type { Resolver } from './resolve.ts'
export type { RunnerOptions } from './runner-options.ts'
export type {
  BindOptions,
  OpenTransport,
  Transport,
  TransportHandler,
  TransportStats,
} from './transport.ts'
export type { TransportName } from './transport-choice.ts'
